// Runs the rows: starts a process for each, then goes over all of them once a round, in an order that
// the seed decides. A slow minute of the machine so falls on all rows, not on one.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { randomNumbers, shuffled } from "./random.mjs";
import { median, spreadOf } from "./statistics.mjs";

const ROUND_MS = 150;
const ROUND_MS_QUICK = 20;
const child = fileURLToPath(new URL("child.mjs", import.meta.url));

const ONE_CLOCK = { of: "one thread's clock", unit: "M records/s" };
const kinds = (ids, kind) => Object.fromEntries(ids.map((id) => [id, kind]));

/** What a row is compared with, where it is not the clock, and the unit of its `value`. */
const KINDS = {
  "drain-file": { of: "fs.writeSync", unit: "MB/s" },
  boot: { of: null, unit: "ms" },
  heap: { of: null, unit: "bytes/record" },
  memory: { of: null, unit: "KiB" },
  ...kinds(["sustained-1", "sustained-2", "sustained-1-lttng", "sustained-2-lttng"], {
    of: null,
    unit: "M records/s",
  }),
  ...kinds(["writers-1", "writers-2", "writers-2-apart"], ONE_CLOCK),
  ...kinds(["writers-1-caller", "writers-2-caller", "writers-2-apart-caller"], ONE_CLOCK),
  "threads-2-clock": { of: "one thread's clock", unit: "M readings/s" },
};
const KIND = { of: "clock", unit: "ns/op" };

/** @returns the rows that ran, in the order of `ids`, and why the others did not */
export async function measure(ids, { rounds, seed, quick }) {
  const next = randomNumbers(seed);
  const results = new Map(ids.map((id) => [id, []]));
  const children = new Map();
  try {
    // One after the other: processes that start at the same time disturb nobody's measurement yet,
    // but there may be more of them than CPUs.
    for (const id of ids) children.set(id, await start(id, seed));
    for (let round = 0; round < rounds; round++) {
      for (const id of shuffled(ids, next)) {
        const options = { ms: quick ? ROUND_MS_QUICK : ROUND_MS, quick };
        const result = await ask(id, children.get(id), options);
        if (!result.skipped) check(id, result);
        results.get(id).push(result);
      }
    }
  } finally {
    await Promise.all([...children.values()].map(end));
  }
  const rows = [];
  const skipped = [];
  for (const [id, found] of results) {
    const without = found.find((result) => result.skipped);
    if (without) skipped.push({ id, why: without.skipped });
    else rows.push(rowOf(id, found));
  }
  return { rows, skipped };
}

async function start(id, seed) {
  const env = { ...process.env, TBUF_BENCH_SEED: String(seed) };
  const process_ = fork(child, [id], { env });
  await answerOf(id, process_);
  return process_;
}

async function ask(id, process_, options) {
  const answer = answerOf(id, process_);
  process_.send(options);
  const { result, error } = await answer;
  if (error) throw new Error(`${id}: ${error}`);
  return result;
}

/** The next message; throws when the process ends instead. */
async function answerOf(id, process_) {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const ended = once(process_, "exit", { signal }).then(([code, why]) => {
      throw new Error(`${id}: its process ended: code=${code}, signal=${why}`);
    });
    const [message] = await Promise.race([once(process_, "message", { signal }), ended]);
    ended.catch(() => {});
    return message;
  } finally {
    stop.abort();
  }
}

async function end(process_) {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const ended = once(process_, "exit");
  if (process_.connected) process_.disconnect();
  await ended;
}

/** A figure counts only if the row did what it says. */
function check(id, { done, recorded, discarded, recordsPerOp }) {
  const wanted = done * recordsPerOp;
  if (discarded !== 0 || done === 0 || recorded.some((count) => count !== wanted)) {
    throw new Error(
      `${id}: ${done} calls recorded ${recorded}, ${wanted} expected; ${discarded} discarded`,
    );
  }
}

function rowOf(id, found) {
  const { of, unit } = KINDS[id] ?? KIND;
  const perRound = found.map(({ ns, meanNs, ratio, value, garbage, note }) => {
    return { ns, meanNs, ratio, value: value ?? ns, garbage, note };
  });
  const column = (name) => perRound.map((each) => each[name]);
  const has = (name) => perRound[0][name] !== undefined;
  const last = found.at(-1);
  return {
    id,
    nsPerOp: has("ns") ? median(column("ns")) : null,
    ratio: has("ratio") ? median(column("ratio")) : null,
    of,
    spread: spreadOf(column("value")),
    rounds: perRound,
    value: median(column("value")),
    unit,
    ...(has("garbage") && { garbage: median(column("garbage")) }),
    ...(last.note && { note: last.note }),
    done: last.done,
    recorded: last.recorded,
    recordsPerOp: last.recordsPerOp,
    discarded: last.discarded,
  };
}
