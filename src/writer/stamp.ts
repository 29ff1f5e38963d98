// What assembly/cpu.ts, stamp, does, in JavaScript: the time of a record, bit for bit the same.

import { CPU_TS_AT } from "../../assembly/public/layout.js";
import { COARSE_LONG } from "../memory/control-page.js";
import type { MemoryViews } from "../memory/views.js";

/** High word of 2^62 nanoseconds, 146 years: no clock has got there since boot. */
const HIGH_MAX = 2 ** 30;
const WORD = 2 ** 32;

/** A u64 as its two words, which is how a record's path can do without BigInts. */
export interface Time {
  /** Int32: the low word, its sign without meaning. */
  low: number;
  high: number;
}

/**
 * Makes the function that turns readings of a clock, in milliseconds, into nanoseconds since boot
 * that never go back within the CPU whose block is at `cpu` (I8). It leaves them in `time`. NaN asks
 * for the coarse time.
 */
export function stamper({ words, longs }: MemoryViews, originMs: number, time: Time) {
  const pairWords = new Int32Array(2);
  const pairLong = new BigUint64Array(pairWords.buffer);

  return function stamp(now: number, cpu: number): void {
    let low: number;
    let high: number;
    if (Number.isNaN(now)) {
      // Pairs with the store in src/clock/ticker.ts.
      pairLong[0] = Atomics.load(longs, COARSE_LONG);
      low = (pairWords[0] as number) >>> 0;
      high = pairWords[1] as number;
    } else {
      // As i64.trunc_sat has it: what is out of range is out of the range asked for below. A double
      // is taken apart into words without loss: a division by a power of two and a floor are exact,
      // and `>>>` is the remainder of as many bits, of a negative one as well.
      const nanos = Math.trunc((now - originMs) * 1_000_000);
      low = nanos >>> 0;
      high = Math.floor(nanos / WORD);
    }
    // The CPU's owner alone writes it: this thread, or one that was here before it joined.
    const at = (cpu + CPU_TS_AT) / 4;
    const lastLow = (words[at] as number) >>> 0;
    const lastHigh = words[at + 1] as number;
    // A clock that is out of its mind must not take the CPU's time along for ever.
    const later = high < HIGH_MAX && (high > lastHigh || (high === lastHigh && low > lastLow));
    time.low = (later ? low : lastLow) | 0;
    time.high = (later ? high : lastHigh) | 0;
    // By way of a private pair, so that it is one store: a thread that died between two of 32 bits
    // would leave the slot's next owner a time that never was.
    pairWords[0] = time.low;
    pairWords[1] = time.high;
    longs[at / 2] = pairLong[0] as bigint;
  };
}
