// What the rows record as their second number. 31 bits: V8 keeps those unboxed, so that no row pays
// for a heap number that the others do not need.

import { randomNumbers } from "./random.mjs";

export const VALUES_MASK = 1023;

const next = randomNumbers(Number(process.env.TBUF_BENCH_SEED ?? 1));

export const values = Int32Array.from({ length: VALUES_MASK + 1 }, () => next() >>> 1);
