// dom0's side of a ring: what it holds (get_info), and giving back what was read (consume).
// Nothing here trusts what dom0 says: positions are checked before anything moves.

import { cas64, load64 } from "./atomic";
import {
  FRAME_SHIFT,
  HYPERCALL_AT,
  MODE_OVERWRITE,
  RING_CONSUMED_AT,
  RING_DATA_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_MODE_AT,
  RING_OFFSET_AT,
  RING_OVERWRITTEN_AT,
  RING_SUBBUF_MASK_AT,
  RING_TAKEN_AT,
  SUBBUF_BEGIN_AT,
  SUBBUF_RECORDS_AT,
} from "./public/layout";
import {
  REASON_NOT_CONSUMED,
  REASON_PUSHED,
  REASON_UNTIL,
  TBC_CONSUMED_AT,
  TBC_DATA_MFN_AT,
  TBC_DISCARDED_BIG_AT,
  TBC_DISCARDED_FULL_AT,
  TBC_OFFSET_AT,
  TBC_OVERWRITTEN_AT,
  TBC_RING_MFN_AT,
  TBC_RING_RECORDS_AT,
  TBC_TAKEN_AT,
} from "./public/ops";
import { fail } from "./reason";
import { publishedRecords, subbufEnd, subbufEntry } from "./switch";

/** Reads of a pair of words before a writer's movement is taken as it is. */
const SAMPLE_TRIES: u32 = 16;

/**
 * Records that were pushed over before dom0 read them, up to position `consumed`.
 *
 * At the start of a sub-buffer, all records before it were either taken or overwritten, and the
 * sub-buffer's entry says how many there were. Within a sub-buffer only consume can have put the
 * reader there, and it noted the figure when it entered. So the writer need not count (I7), and a
 * writer that dies while it pushes leaves no count half-done.
 */
function overwrittenBefore(ring: usize, consumed: u64): u64 {
  if (load<u32>(ring, RING_MODE_AT) != MODE_OVERWRITE) return 0;
  if (consumed & load<u32>(ring, RING_SUBBUF_MASK_AT)) return load<u64>(ring, RING_OVERWRITTEN_AT);
  // Pairs with openSubbuf in switch.ts, by way of the delivery that publishes the entry.
  return load64(subbufEntry(ring, consumed) + SUBBUF_RECORDS_AT) - load<u64>(ring, RING_TAKEN_AT);
}

/** True when the entry of the sub-buffer that begins at `consumed` is of this turn. */
function entryIsOf(ring: usize, consumed: u64): bool {
  if (consumed & load<u32>(ring, RING_SUBBUF_MASK_AT)) return true;
  // Pairs with openSubbuf, as the load in overwrittenBefore does.
  return load64(subbufEntry(ring, consumed) + SUBBUF_BEGIN_AT) == consumed;
}

/** Writes a fresh copy of a ring's control information to the hypercall page. */
export function ringInfo(ring: usize): void {
  let consumed: u64 = 0;
  let offset: u64 = 0;
  let overwritten: u64 = 0;
  for (let tries: u32 = 0; tries < SAMPLE_TRIES; tries++) {
    // Pairs with the CAS of push in switch.ts.
    consumed = load64(ring + RING_CONSUMED_AT);
    // Pairs with publish in ring.ts and the delivery in switch.ts.
    offset = load64(ring + RING_OFFSET_AT);
    overwritten = overwrittenBefore(ring, consumed);
    if (entryIsOf(ring, consumed) && load64(ring + RING_CONSUMED_AT) == consumed) break;
  }
  const page = HYPERCALL_AT;
  store<u32>(page, <u32>ring >> FRAME_SHIFT, TBC_RING_MFN_AT);
  store<u32>(page, load<u32>(ring, RING_DATA_AT) >> FRAME_SHIFT, TBC_DATA_MFN_AT);
  store<u64>(page, offset, TBC_OFFSET_AT);
  store<u64>(page, consumed, TBC_CONSUMED_AT);
  store<u64>(page, publishedRecords(ring), TBC_RING_RECORDS_AT);
  // Pairs with countDiscarded in switch.ts, as the next one does.
  store<u64>(page, load64(ring + RING_DISCARDED_FULL_AT), TBC_DISCARDED_FULL_AT);
  store<u64>(page, load64(ring + RING_DISCARDED_BIG_AT), TBC_DISCARDED_BIG_AT);
  store<u64>(page, overwritten, TBC_OVERWRITTEN_AT);
  store<u64>(page, load<u64>(ring, RING_TAKEN_AT), TBC_TAKEN_AT);
}

/**
 * Gives [old, until) back to the writer: dom0 has read it, and it held `records` records. `until`
 * lies in the sub-buffer of `old` or at its end; 0 means its end, and that the records are counted
 * here. One compare-and-swap decides.
 * @returns 0, or 1 with REASON_PUSHED (the writer moved `consumed` first: what was copied must be
 * thrown away), REASON_NOT_CONSUMED, or REASON_UNTIL
 */
export function consumeRing(ring: usize, old: u64, until: u64, records: u32): u32 {
  const overwrite = load<u32>(ring, RING_MODE_AT) == MODE_OVERWRITE;
  // Pairs with the CAS of push in switch.ts.
  const consumed = load64(ring + RING_CONSUMED_AT);
  if (consumed != old) {
    return fail(overwrite && consumed > old ? REASON_PUSHED : REASON_NOT_CONSUMED);
  }
  const end = subbufEnd(ring, old);
  const whole = !until;
  if (whole) until = end;
  // Pairs with publish in ring.ts and the delivery in switch.ts.
  if (until <= old || until > end || (until & 3) != 0 || until > load64(ring + RING_OFFSET_AT)) {
    return fail(REASON_UNTIL);
  }
  const overwritten = overwrittenBefore(ring, old);
  const taken = load<u64>(ring, RING_TAKEN_AT);
  // All records before `old` were taken or overwritten, and those before `end` are known. Pairs with
  // openSubbuf, as the load in overwrittenBefore does.
  const before = load64(subbufEntry(ring, end) + SUBBUF_RECORDS_AT);
  const read: u64 = whole ? before - overwritten - taken : records;
  // Pairs with the CAS of push and the load in enterSubbuf, both in switch.ts (I5, I6).
  if (!cas64(ring + RING_CONSUMED_AT, old, until)) return fail(REASON_PUSHED);
  store<u64>(ring, overwritten, RING_OVERWRITTEN_AT);
  store<u64>(ring, taken + read, RING_TAKEN_AT);
  return 0;
}
