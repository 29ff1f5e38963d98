// What the rows record as their second number. 31 bits: V8 keeps those unboxed, so that no row pays
// for a heap number that the others do not need. The seed comes with the row's process, in a browser
// with its Worker's address.

import { randomNumbers } from "./random.mjs";

export const VALUES_MASK = 1023;

const seed =
  globalThis.process?.env.TBUF_BENCH_SEED ??
  new URLSearchParams(globalThis.location?.search).get("seed") ??
  1;
const next = randomNumbers(Number(seed));

export const values = Int32Array.from({ length: VALUES_MASK + 1 }, () => next() >>> 1);

/**
 * The same text in one piece, as texts are that a program has parsed or read. `padEnd` makes V8 join pieces, and
 * each reading of a unit then goes by way of the joint.
 */
export function flat(joined) {
  return new TextDecoder().decode(new TextEncoder().encode(joined));
}
