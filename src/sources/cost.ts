// What an event costs here, measured when the first source asks. Most of it is reading the clock, so that is what is
// measured; the rest is a multiple of that, which differs little between machines and engines (`npm run bench`).

import { performanceClock } from "../clock/clock.js";

/** Milliseconds for which the clock is read. */
const MEASURE_MS = 0.2;
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

/** Nanoseconds of one reading of the clock. */
function measureClock(): number {
  const begin = performanceClock.now();
  let now = begin;
  let readings = 0;
  for (; now - begin < MEASURE_MS; readings++) now = performanceClock.now();
  return ((now - begin) * NS_PER_MS) / readings;
}
