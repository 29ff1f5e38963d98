// The record functions of 0 to 7 words, one function an arity as in assembly/record.ts.

import type { WordRecords } from "../memory/core.js";

/** Begins a record: where its header is, as an index in the memory's words. */
type Open = (event: number, now: number, size: number) => number;
/** Publishes it. */
type Close = (at: number, size: number) => void;

/** `words`: the memory, which turns what is stored into 32 bits as a call of a Wasm export does. */
export function wordRecords(words: Int32Array, open: Open, close: Close): WordRecords {
  return {
    // One for each number of words: written by scripts/arities.mjs.
    record0(event, now) {
      const at = open(event, now, 8);
      close(at, 8);
    },
    record1(event, now, a) {
      const at = open(event, now, 12);
      words[at + 2] = a;
      close(at, 12);
    },
    record2(event, now, a, b) {
      const at = open(event, now, 16);
      words[at + 2] = a;
      words[at + 3] = b;
      close(at, 16);
    },
    record3(event, now, a, b, c) {
      const at = open(event, now, 20);
      words[at + 2] = a;
      words[at + 3] = b;
      words[at + 4] = c;
      close(at, 20);
    },
    record4(event, now, a, b, c, d) {
      const at = open(event, now, 24);
      words[at + 2] = a;
      words[at + 3] = b;
      words[at + 4] = c;
      words[at + 5] = d;
      close(at, 24);
    },
    record5(event, now, a, b, c, d, e) {
      const at = open(event, now, 28);
      words[at + 2] = a;
      words[at + 3] = b;
      words[at + 4] = c;
      words[at + 5] = d;
      words[at + 6] = e;
      close(at, 28);
    },
    record6(event, now, a, b, c, d, e, f) {
      const at = open(event, now, 32);
      words[at + 2] = a;
      words[at + 3] = b;
      words[at + 4] = c;
      words[at + 5] = d;
      words[at + 6] = e;
      words[at + 7] = f;
      close(at, 32);
    },
    record7(event, now, a, b, c, d, e, f, g) {
      const at = open(event, now, 36);
      words[at + 2] = a;
      words[at + 3] = b;
      words[at + 4] = c;
      words[at + 5] = d;
      words[at + 6] = e;
      words[at + 7] = f;
      words[at + 8] = g;
      close(at, 36);
    },
    // The end of what scripts/arities.mjs writes.
  };
}
