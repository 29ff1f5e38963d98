// `npm run bench`: what a record costs, beside the clock and beside others. docs/performance.md tells
// what the rows are and how they are measured.
//
//   npm run bench                               every row, seven rounds
//   npm run bench -- --only clock,disabled      some rows
//   npm run bench -- --rounds 11 --seed 3
//   npm run bench -- --quick --json FILE        one brief round, and the result as JSON
//
// Deno and Bun run this file as it is: `npm run bench:deno`, `npm run bench:bun`. For browsers there is
// bench/browser.mjs. The first use of each of them installs what the bench needs.

import { writeFileSync } from "node:fs";
import { readOptions } from "../scripts/lib/options.mjs";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { machine, runtime } from "./lib/machine.mjs";
import { measure } from "./lib/measure.mjs";
import { startProcess } from "./lib/processes.mjs";
import { familyOf } from "./lib/rows.mjs";
import { tableOf } from "./lib/table.mjs";
import { targetsOf } from "./lib/targets.mjs";

const { values: options } = readOptions({
  options: {
    json: { type: "string" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string", default: "7" },
    seed: { type: "string", default: "1" },
  },
});

const ids = options.only?.split(",") ?? Object.keys(familyOf);
const unknown = ids.filter((id) => !(id in familyOf));
const rounds = options.quick ? 1 : Number(options.rounds);
const seed = Number(options.seed);

if (unknown.length > 0) {
  console.error(
    `no such row: ${unknown.join(", ")}; there are ${Object.keys(familyOf).join(", ")}`,
  );
  process.exitCode = 2;
} else if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  console.error("--rounds takes a whole number from 1, --seed a whole number");
  process.exitCode = 2;
} else {
  ensureInstalled("bench");
  const before = machine();
  const how = { start: startProcess, rounds, seed, quick: options.quick };
  const { rows, skipped } = await measure(ids, how);
  const targets = targetsOf(rows);
  const result = { machine: { ...before, loadAfter: machine().load }, runtime, seed, rounds };
  console.log(tableOf({ ...result, rows, skipped, targets }));
  if (options.json !== undefined) {
    const text = JSON.stringify({ ...result, rows, skipped, targets }, undefined, 2);
    writeFileSync(options.json, `${text}\n`);
  }
}
