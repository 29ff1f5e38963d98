// Runs the rows: starts a place for each (a process, or a Worker of a page), then goes over all of them
// once a round, in an order that the seed decides. A slow minute of the machine so falls on all rows,
// not on one.

import { randomNumbers, shuffled } from "./random.mjs";
import { median, spreadOf } from "./statistics.mjs";

const ROUND_MS = 150;
const ROUND_MS_QUICK = 20;

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

/**
 * @param start `start(id, seed)` sets a row up where nothing else runs; resolves to `ask(options)`,
 *   which measures a round, and `end()`
 * @returns the rows that ran, in the order of `ids`, and why the others did not
 */
export async function measure(ids, { start, rounds, seed, quick }) {
  const next = randomNumbers(seed);
  const results = new Map(ids.map((id) => [id, []]));
  const places = new Map();
  try {
    // One after the other: places that start at the same time disturb nobody's measurement yet, but
    // there may be more of them than CPUs.
    for (const id of ids) places.set(id, await start(id, seed));
    for (let round = 0; round < rounds; round++) {
      for (const id of shuffled(ids, next)) {
        const options = { ms: quick ? ROUND_MS_QUICK : ROUND_MS, quick };
        const { result, error } = await places.get(id).ask(options);
        if (error) throw new Error(`${id}: ${error}`);
        if (!result.skipped) check(id, result);
        results.get(id).push(result);
      }
    }
  } finally {
    await Promise.all([...places.values()].map((place) => place.end()));
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
