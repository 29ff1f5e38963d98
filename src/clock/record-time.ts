// Time of a record. Its header has the low 52 bits of the nanoseconds since boot, which come round
// after 52 days; whoever reads it knows a bound, and so the rest.

import { RECORD_EVENT_BITS } from "../../assembly/public/layout.js";

const BITS = 64 - RECORD_EVENT_BITS;
const TURN = 1n << BigInt(BITS);

/** The low 52 bits of the time of the record whose header is at `at`. */
export function lowTimeAt(view: DataView, at: number): bigint {
  return view.getBigUint64(at, true) >> BigInt(RECORD_EVENT_BITS);
}

/**
 * The latest time with these low bits that is not after `bound`, in nanoseconds since boot. With 4
 * bits: 2 until 19 -> 18, 2 until 17 -> 2. Where there is none, the bits themselves: after the bound.
 */
export function timeUntil(low: bigint, bound: bigint): bigint {
  const time = bound - BigInt.asUintN(BITS, bound) + low;
  return time > bound && time >= TURN ? time - TURN : time;
}

/** The earliest time with these low bits that is not before `bound`. With 4 bits: 2 from 3 -> 18 */
export function timeFrom(low: bigint, bound: bigint): bigint {
  const time = bound - BigInt.asUintN(BITS, bound) + low;
  return time < bound ? time + TURN : time;
}
