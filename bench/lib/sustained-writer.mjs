// A writer of the rows sustained-*: a thread that records without a pause for as long as it is told,
// and waits where the consumer cannot keep up.
//
// How it is held back. `taken` has a word for each writer: the records of this round that the consumer
// has written to the file. What the writer has recorded beyond that is at most what lies in its ring.
// Before each chunk it looks whether that and the chunk are within `limit`, and sleeps on its word
// until the consumer has come on. So the ring is never full: nothing is discarded, and no record call
// is slowed down, as there is one look in a chunk of thousands.

import { parentPort, workerData } from "node:worker_threads";
import { facility, field, join, u32 } from "tbuf";
import { attachThread } from "tbuf/node";
import { VALUES_MASK, values } from "./values.mjs";

const CHUNK = 4096;
/** A wait also ends by itself, in case the consumer dies. */
const WAIT_MS = 1000;

const { handle, taken, index, limit } = workerData;
const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });
const cpu = attachThread(join(handle));

function chunk() {
  for (let i = 0; i < CHUNK; i++) pair(i, values[i & VALUES_MASK]);
}

/** Sleeps until a chunk more is within the limit; returns the milliseconds that took. */
function waitForRoom(done) {
  let seen = Atomics.load(taken, index);
  if (done + CHUNK - seen <= limit) return 0;
  const begin = performance.now();
  while (done + CHUNK - seen > limit) {
    Atomics.wait(taken, index, seen, WAIT_MS);
    seen = Atomics.load(taken, index);
  }
  return performance.now() - begin;
}

parentPort.on("message", ({ ms }) => {
  const until = performance.now() + ms;
  let done = 0;
  let waitedMs = 0;
  while (performance.now() < until) {
    waitedMs += waitForRoom(done);
    chunk();
    done += CHUNK;
  }
  parentPort.postMessage({ done, waitedMs });
});
parentPort.postMessage({ cpu: cpu.index });
