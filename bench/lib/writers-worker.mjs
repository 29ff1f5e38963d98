// A thread of the rows writers-*: waits for an order, does it for as long as it is told, at the same
// moment as the other threads, and says how much it has done.

import { workerData } from "node:worker_threads";
import { facility, field, join, u32 } from "tbuf";
import { attachThread } from "tbuf/node";
import { VALUES_MASK, values } from "./values.mjs";
import {
  ANSWERS,
  CPU_US,
  cpuUs,
  DONE,
  END,
  MS,
  ORDER,
  READY,
  RECORD,
  unpackOrder,
} from "./writers-words.mjs";

const CHUNK = 4096;

const { handle, clock, index, words, figures } = workerData;
const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });
const cpu = attachThread(join(handle), { clock });

const record =
  clock === "caller"
    ? () => {
        cpu.setTime(performance.now());
        for (let i = 0; i < CHUNK; i++) pair(i, values[i & VALUES_MASK]);
      }
    : () => {
        for (let i = 0; i < CHUNK; i++) pair(i, values[i & VALUES_MASK]);
      };

function readClock() {
  let sum = 0;
  for (let i = 0; i < CHUNK; i++) sum += performance.now();
  return sum;
}

/** Begins when all that were ordered are there: spinning, as a sleeper would wake up too late. */
function together(wanted) {
  Atomics.add(words, READY, 1);
  while (Atomics.load(words, READY) < wanted);
}

// One loop an operation: a loop shared by both would call them through a polymorphic call.
function recordFor(ms) {
  let done = 0;
  const begin = performance.now();
  let now = begin;
  for (; now - begin < ms; now = performance.now()) {
    record();
    done += CHUNK;
  }
  return [done, now - begin];
}

function readClockFor(ms) {
  let done = 0;
  const begin = performance.now();
  let now = begin;
  for (; now - begin < ms; now = performance.now()) {
    readClock();
    done += CHUNK;
  }
  return [done, now - begin];
}

let last = 0;
for (;;) {
  Atomics.wait(words, ORDER, last);
  last = Atomics.load(words, ORDER);
  const { what, wanted } = unpackOrder(last);
  if (what === END) break;
  if (index >= wanted) continue;
  together(wanted);
  if (index === 0) figures[CPU_US] = cpuUs();
  const [done, took] = what === RECORD ? recordFor(figures[MS]) : readClockFor(figures[MS]);
  figures[ANSWERS + 2 * index] = done;
  figures[ANSWERS + 2 * index + 1] = took;
  Atomics.add(words, DONE, 1);
  Atomics.notify(words, DONE);
}
