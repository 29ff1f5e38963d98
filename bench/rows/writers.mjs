// What one thread records a second, and what two do at the same time: a program's threads share the
// memory and nothing else, so two should do twice as much. Overwrite mode, as a consumer would need a
// CPU of its own; this thread sleeps meanwhile.
//
// Each round takes turns: one thread that only reads the clock, then the row's threads. The ratio is to
// that clock. Two threads with the clock alone show what the machine has to give, and two hypervisors
// (writers-2-apart) what sharing one costs.
//
// Others may want the CPUs too, and what they take is no cost of ours: the rate is by the CPU time that
// the threads had. But two that run by turns do not disturb one another, so of a round's slices only
// those count in which the threads had their CPUs for the greatest share of the time.

import { Worker } from "node:worker_threads";
import { Hypervisor } from "tbuf";
import { median } from "../lib/statistics.mjs";
import {
  ANSWERS,
  CLOCK,
  CPU_US,
  cpuUs,
  DONE,
  END,
  MS,
  ORDER,
  packOrder,
  READY,
  RECORD,
  WORDS,
} from "../lib/writers-words.mjs";

const SLICE_MS = 20;
const SLICES = 15;
const SLICES_QUICK = 1;
const BEST_SLICES = 5;
const PERCENT = 100;
const WARM_MS = 300;
const WARM_MS_QUICK = 50;
const SIZES = { subbufBytes: 65536, subbufCount: 4 };

/** A hypervisor with a trace, for threads that this one starts. */
function bootTraced() {
  const hypervisor = Hypervisor.boot();
  const trace = hypervisor.dom0().createTrace("bench", {
    events: "bench",
    mode: "overwrite",
    ...SIZES,
  });
  trace.start();
  return { handle: hypervisor.handle(), trace };
}

function writers(threads, { clock = "precise", apart = false, order = RECORD } = {}) {
  const memories = Array.from({ length: apart ? threads : 1 }, bootTraced);
  const words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  const figures = new Float64Array(new SharedArrayBuffer(8 * (ANSWERS + 2 * threads)));
  for (let index = 0; index < threads; index++) {
    const { handle } = memories[index % memories.length];
    const workerData = { handle, clock, index, words, figures };
    new Worker(new URL("../lib/writers-worker.mjs", import.meta.url), { workerData });
  }

  let serial = 0;
  /**
   * Has the first `wanted` threads do something together.
   * @returns their operations, millions of them in a second in which each has a CPU, and the share of
   *   the time that they had one
   */
  function run(what, wanted, ms) {
    figures[MS] = ms;
    Atomics.store(words, READY, 0);
    Atomics.store(words, DONE, 0);
    Atomics.store(words, ORDER, packOrder(++serial, what, wanted));
    Atomics.notify(words, ORDER);
    for (let done = 0; done < wanted; done = Atomics.load(words, DONE)) {
      Atomics.wait(words, DONE, done);
    }
    const cpu = cpuUs() - figures[CPU_US];
    let operations = 0;
    let wall = 0;
    for (let at = ANSWERS; at < ANSWERS + 2 * wanted; at += 2) {
      operations += figures[at];
      wall = Math.max(wall, figures[at + 1] * 1000);
    }
    return { operations, rate: (operations / cpu) * wanted, share: cpu / wall / wanted };
  }

  const records = () =>
    memories.flatMap(({ trace }) => trace.info().cpus).reduce((sum, info) => sum + info.records, 0);

  let warm = false;
  let done = 0;
  return {
    close: () => run(END, 0, 0),
    round({ quick }) {
      const turn = (what, wanted, ms) => {
        const turned = run(what, wanted, ms);
        if (what === order) done += turned.operations;
        return turned;
      };
      if (!warm) {
        const ms = quick ? WARM_MS_QUICK : WARM_MS;
        turn(CLOCK, threads, ms);
        turn(order, threads, ms);
        warm = true;
      }
      const slices = Array.from({ length: quick ? SLICES_QUICK : SLICES }, () => {
        const base = turn(CLOCK, 1, SLICE_MS);
        const { rate, share } = turn(order, threads, SLICE_MS);
        return { rate, share, ratio: rate / base.rate };
      });
      const best = slices.sort((a, b) => b.share - a.share).slice(0, quick ? 1 : BEST_SLICES);
      const share = median(best.map((slice) => slice.share)) * PERCENT;
      // Threads that only read the clock record nothing: what they are asked for is that they ran.
      const counted = order === RECORD ? records() : done;
      return {
        value: median(best.map(({ rate }) => rate)),
        ratio: median(best.map(({ ratio }) => ratio)),
        note: `had its CPUs ${share.toFixed(0)} % of the time`,
        done,
        recorded: [counted],
        discarded: 0,
        recordsPerOp: 1,
      };
    },
  };
}

const caller = { clock: "caller" };

export const rows = {
  "writers-1": () => writers(1),
  "writers-2": () => writers(2),
  "writers-2-apart": () => writers(2, { apart: true }),
  "writers-1-caller": () => writers(1, caller),
  "writers-2-caller": () => writers(2, caller),
  "writers-2-apart-caller": () => writers(2, { ...caller, apart: true }),
  "threads-2-clock": () => writers(2, { order: CLOCK }),
};
