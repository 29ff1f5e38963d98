// `npm run bench:paired -- --base DIR`: this checkout beside another one, both built, in one run. Each round
// measures every row in both, one right after the other, in an order that changes: what disturbs the machine
// disturbs both. A row is slower when even its best pair is, or when its median is worse than the worst round
// of the other checkout.
//
//   git worktree add ../before HEAD~1 && (cd ../before && npm ci)
//   npm run bench:paired -- --base ../before
//   npm run bench:paired -- --base ../before --only record2-precise,disabled --rounds 15
//
// Ends with exit code 1 when a row is slower.

import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readOptions, refuse } from "../scripts/lib/options.mjs";
import { machine } from "./lib/machine.mjs";
import { startProcess } from "./lib/processes.mjs";
import { randomNumbers, shuffled } from "./lib/random.mjs";
import { familyOf } from "./lib/rows.mjs";
import { median, spreadOf } from "./lib/statistics.mjs";
import { columns } from "./lib/table.mjs";

/** Rows whose figure is a rate: more is better. */
const RATES = /^(drain-file|sustained-|writers-|threads-)/;
/** Rows of other programs, which are the same in both checkouts. */
const PEERS = new Set([
  ...[
    "clock",
    "clock-held",
    "ringbuf.js",
    "object-array",
    "performance.mark",
    "diagnostics_channel",
  ],
  ...[
    "pino",
    "otel-span",
    "lttng-ust",
    "sustained-1-lttng",
    "sustained-2-lttng",
    "threads-2-clock",
  ],
  ...["charcodes-32", "encodeinto-32", "heap", "memory"],
]);
const ROUND_MS = 150;

const { values: options } = readOptions({
  options: {
    base: { type: "string" },
    json: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string", default: "9" },
    seed: { type: "string", default: "1" },
  },
});
const rounds = Number(options.rounds);
const seed = Number(options.seed);
const baseChild = options.base && resolve(options.base, "bench/lib/child.mjs");
const baseRows = baseChild && existsSync(baseChild) ? await rowsOf(options.base) : {};
const wanted = options.only?.split(",") ?? Object.keys(familyOf).filter((id) => !PEERS.has(id));
const ids = wanted.filter((id) => id in familyOf && id in baseRows);
const missing = wanted.filter((id) => !ids.includes(id));

if (!baseChild || !existsSync(baseChild) || !existsSync(join(options.base, "build/core.wasm"))) {
  refuse(
    `--base ${options.base ?? ""} must be another checkout of tbuf that is built (--help shows how)`,
  );
} else if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  refuse("--rounds takes a whole number from 1, --seed a whole number");
} else {
  await compare();
}

async function rowsOf(dir) {
  const module = await import(pathToFileURL(resolve(dir, "bench/lib/rows.mjs")).href);
  return module.familyOf;
}

async function compare() {
  const before = machine();
  const next = randomNumbers(seed);
  const results = new Map(ids.map((id) => [id, []]));
  const places = new Map();
  try {
    for (const id of ids) {
      places.set(id, {
        base: await startProcess(id, seed, baseChild),
        here: await startProcess(id, seed),
      });
    }
    for (let round = 0; round < rounds; round++) {
      for (const id of shuffled(ids, next)) {
        const pair = {};
        for (const side of shuffled(["base", "here"], next)) {
          const { result, error } = await places.get(id)[side].ask({ ms: ROUND_MS, quick: false });
          if (error) throw new Error(`${id}, ${side}: ${error}`);
          pair[side] = result.skipped ? undefined : (result.value ?? result.ns);
        }
        results.get(id).push(pair);
      }
    }
  } finally {
    const all = [...places.values()].flatMap(({ base, here }) => [base, here]);
    await Promise.all(all.map((place) => place.end()));
  }
  report(
    [...results].map(([id, pairs]) => rowOf(id, pairs)),
    before,
  );
}

/** How much slower this checkout is: 1.05 is 5 %. */
function rowOf(id, pairs) {
  const both = pairs.filter(({ base, here }) => base !== undefined && here !== undefined);
  if (both.length === 0) return { id, skipped: true };
  const isRate = RATES.test(id);
  const slow = (value) => (isRate ? 1 / value : value);
  const ratios = both.map(({ base, here }) => slow(here) / slow(base));
  const base = both.map((pair) => slow(pair.base));
  const here = both.map((pair) => slow(pair.here));
  const slower = Math.min(...ratios) > 1 || median(here) > Math.max(...base);
  return { id, ratio: median(ratios), spread: spreadOf(ratios), slower, pairs: both };
}

function report(rows, before) {
  const measured = rows.filter((row) => !row.skipped);
  const lines = measured.map(({ id, ratio, spread, slower }) => [
    id,
    ratio.toFixed(3),
    `${spread.min.toFixed(3)} .. ${spread.max.toFixed(3)}`,
    slower ? "SLOWER" : "",
  ]);
  const load = `load ${before.load.toFixed(1)} to ${machine().load.toFixed(1)}`;
  console.log(`${before.cpu}, ${before.cpus} CPUs, ${load}; rounds ${rounds}, seed ${seed}\n`);
  console.log(columns([["row", "here / base", "min .. max", ""], ...lines]));
  if (missing.length > 0) console.log(`not in both checkouts: ${missing.join(", ")}`);
  const slower = measured.filter((row) => row.slower);
  console.log(
    slower.length === 0
      ? `\nNone of ${measured.length} rows is slower beyond the spread of its rounds.`
      : `\nslower beyond the spread of their rounds: ${slower.map(({ id }) => id).join(", ")}`,
  );
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ rounds, seed, rows }, undefined, 2)}\n`);
  }
  if (slower.length > 0) process.exitCode = 1;
}
