// What an event costs here, measured when the first source asks. Most of it is reading the clock, so that is what is
// measured; the rest is a multiple of that, which differs little between machines and engines (`npm run bench`).

import { performanceClock } from "../clock/clock.js";

/** How often the clock is measured, and the milliseconds for which it is read each time. */
const TRIES = 10;
const MEASURE_MS = 0.02;
const NS_PER_MS = 1_000_000;
/** Readings of the clock that a record costs, the one in it included, and what each text adds. */
const RECORD = 1.5;
const TEXT = 1.5;

let clockNs: number | undefined;

/** Nanoseconds that an event costs which writes so many records, with so many texts in them. */
export function recordCost(records: number, texts: number): number {
  clockNs ??= measureClock();
  return clockNs * (records * RECORD + texts * TEXT);
}

/** Nanoseconds of one reading of the clock: the least of several tries, as a thread may be held up in any of them. */
function measureClock(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const begin = performanceClock.now();
    let now = begin;
    let readings = 0;
    for (; now - begin < MEASURE_MS; readings++) now = performanceClock.now();
    least = Math.min(least, ((now - begin) * NS_PER_MS) / readings);
  }
  return least;
}
