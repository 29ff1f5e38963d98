// A Wasm guest in AssemblyScript that records events itself. run.mjs compiles, runs and reads it.
// Copied into a project of your own it imports "tbuf/guest".

import { event, now, record2, record3 } from "../../guest/index";

/** Numbers of the events: the host may have registered any before them. */
let stepEvent: i32 = -1;
let doneEvent: i32 = -1;

/** The host calls it once, when facilities are known. */
export function start(): void {
  stepEvent = event(0, 0);
  doneEvent = event(0, 1);
}

/** Follows the Collatz sequence of `n` down to 1, one event a step. @returns the steps */
export function collatz(n: u32): u32 {
  let steps: u32 = 0;
  let highest = n;
  for (let at = n; at != 1; steps++) {
    at = at & 1 ? 3 * at + 1 : at >> 1;
    if (at > highest) highest = at;
    record2(stepEvent, now(), steps, at);
  }
  record3(doneEvent, now(), n, steps, highest);
  return steps;
}
