// A row that repeats one operation. tinybench calls a task and looks at its clock before and after;
// that costs about two operations of ours. So a task is a batch of thousands of operations, written
// as a loop of its own (a loop shared by rows would call each operation through a polymorphic call,
// which no program has), and the clock's share is below 0.1 % of it.
//
// What was recorded is taken out of the buffers between two batches, in tinybench's `beforeEach`,
// which is not timed: the buffers never fill, so in discard mode not one record may be lost, and
// `account` proves it. Overwrite mode would need no draining, but pays for its pushes instead.
//
// Each round measures the bare clock in the same process, right before the row: a machine that is
// slowed down by others at this moment slows down both.

import { Bench } from "tinybench";
import { middleMean } from "./statistics.mjs";

/** The first warm-up takes this long: V8 has compiled everything with its last tier by then. */
const WARM_MS = 300;
const WARM_AGAIN_MS = 40;
const CLOCK_OPS = 8192;
const NS_PER_MS = 1e6;

/** The sum is returned, so that no compiler finds the readings useless. */
export function clockBatch() {
  let sum = 0;
  for (let i = 0; i < CLOCK_OPS; i++) sum += performance.now();
  return sum;
}

/** Nanoseconds of one reading, by a task that ran `clockBatch`. */
export function clockNsOf(task) {
  return (middleMean(task.result.latency.samples) * NS_PER_MS) / CLOCK_OPS;
}

/**
 * @param row.ops operations in a batch
 * @param row.batch does them
 * @param row.drain empties the buffers; not timed
 * @param row.account what all batches so far have recorded: `recorded` is a list of counts, one a
 *   trace (or one, for a peer), `discarded` a count
 * @param row.recordsPerOp what one operation adds to each of those counts
 */
export function batchRow({ ops, batch, drain = () => {}, account, recordsPerOp = 1 }) {
  let batches = 0;
  let warmMs = WARM_MS;
  const beforeEach = () => {
    drain();
    batches++;
  };

  return {
    round({ ms, quick }) {
      const bench = new Bench({
        time: ms,
        iterations: 8,
        warmupTime: quick ? WARM_AGAIN_MS : warmMs,
        warmupIterations: 8,
        retainSamples: true,
        throws: true,
      });
      warmMs = WARM_AGAIN_MS;
      bench.add("clock", clockBatch, { async: false });
      bench.add("row", batch, { async: false, beforeEach });
      bench.runSync();
      drain();
      const [clock, row] = bench.tasks;
      // The middle half of the batches: one that another process has interrupted says nothing about
      // the row. It also leaves out most garbage collections, which favours the rows that make garbage.
      const ns = (middleMean(row.result.latency.samples) * NS_PER_MS) / ops;
      const meanNs = (row.result.latency.mean * NS_PER_MS) / ops;
      const { recorded, discarded } = account();
      const done = batches * ops;
      return { ns, meanNs, ratio: ns / clockNsOf(clock), done, recorded, discarded, recordsPerOp };
    },
  };
}
