// Time of a record. Its header has the low 52 bits of the nanoseconds since boot, which come round
// after 52 days; whoever reads it knows about when it was, and so the rest.

import { RECORD_EVENT_BITS } from "../assembly/public/layout.js";

const BITS = 64n - BigInt(RECORD_EVENT_BITS);
const TURN = 1n << BITS;
const HALF = TURN / 2n;

/**
 * Time of the record whose header is at `at`, in nanoseconds since boot: of all times that have its
 * 52 bits, the one nearest to `near`. With 4 bits: low 2 near 15 -> 18, low 14 near 17 -> 14
 */
export function timeAt(view: DataView, at: number, near: bigint): bigint {
  return extendTime(view.getBigUint64(at, true) >> BigInt(RECORD_EVENT_BITS), near);
}

/** As `timeAt`, for the 52 bits. */
export function extendTime(low: bigint, near: bigint): bigint {
  const time = near - BigInt.asUintN(Number(BITS), near) + low;
  if (time > near + HALF && time >= TURN) return time - TURN;
  return time < near - HALF ? time + TURN : time;
}
