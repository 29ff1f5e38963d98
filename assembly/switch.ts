// SLOW PATH of the writer: leave a sub-buffer, enter the next one, push the reader, count what is
// discarded, raise VIRQ_TBUF. Also what is known about a ring whose writer died half-way.

import { cas64, fence, load32, load64, store64 } from "./atomic";
import { raise } from "./evtchn";
import {
  MODE_OVERWRITE,
  RING_BATCH_AT,
  RING_BUFFER_MASK_AT,
  RING_CONSUMED_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_MODE_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_BYTES_AT,
  RING_SUBBUF_COUNT_AT,
  RING_SUBBUF_MASK_AT,
  RING_SUBBUFS_AT,
  RING_TALLY_AT,
  SUBBUF_BEGIN_AT,
  SUBBUF_CONTENT_END_AT,
  SUBBUF_COUNT_MAX,
  SUBBUF_DISCARDED_AT,
  SUBBUF_ENTRY_BYTES,
  SUBBUF_RECORDS_AT,
  SUBBUF_TS_LAST_AT,
} from "./public/layout";
import { VIRQ_TBUF } from "./public/ops";

/** A push that loses its CAS lost it to dom0's consume, which moved the reader itself. */
const PUSH_TRIES: u32 = 8;

/**
 * The entry of the sub-buffer in which `position` lies: within the ring's frame, whatever its words
 * say. With 4 of 64 bytes: 0 -> 0, 64 -> 1, 300 -> 0
 */
export function subbufEntry(ring: usize, position: u64): usize {
  const index =
    <u32>(position >> ctz<u32>(load<u32>(ring, RING_SUBBUF_BYTES_AT))) &
    (load<u32>(ring, RING_SUBBUF_COUNT_AT) - 1) &
    (SUBBUF_COUNT_MAX - 1);
  return ring + RING_SUBBUFS_AT + index * SUBBUF_ENTRY_BYTES;
}

/** Position of the first byte after the sub-buffer of `position`. 0 -> 64, 63 -> 64, 64 -> 128 */
export function subbufEnd(ring: usize, position: u64): u64 {
  return (position | load<u32>(ring, RING_SUBBUF_MASK_AT)) + 1;
}

/** Writes the entry of a sub-buffer that begins at `begin` and holds nothing yet. */
export function openSubbuf(ring: usize, begin: u64, records: u64): void {
  const entry = subbufEntry(ring, begin);
  store<u64>(entry, begin, SUBBUF_BEGIN_AT);
  store<u64>(entry, records, SUBBUF_RECORDS_AT);
  store<u32>(entry, load<u32>(ring, RING_SUBBUF_BYTES_AT), SUBBUF_CONTENT_END_AT);
}

/** Records discarded in this ring so far, for whatever cause. */
export function discardedRecords(ring: usize): u64 {
  // Pairs with countDiscarded.
  return load64(ring + RING_DISCARDED_FULL_AT) + load64(ring + RING_DISCARDED_BIG_AT);
}

function countDiscarded(ring: usize, counterAt: u32, records: u32): void {
  // Atomic because dom0 reads the counter at any time, and a u64 may tear otherwise. Pairs with the
  // loads in discardedRecords, in ringInfo of consume.ts, and in src/memory/ring.ts.
  store64(ring + counterAt, load<u64>(ring + counterAt) + records);
}

/** Counts `records` that no sub-buffer can hold. */
export function discardBig(ring: usize, records: u32): void {
  countDiscarded(ring, RING_DISCARDED_BIG_AT, records);
}

/** Looks at a ring whose writer keeps moving before the figure is taken as it is. */
const COUNT_TRIES: u32 = 16;

/**
 * Records published in this ring. Exact when the writer is at rest or dead, and for the moment of
 * the call when `offset` stands still during one of the looks.
 */
export function publishedRecords(ring: usize): u64 {
  let records: u64 = 0;
  for (let tries: u32 = 0; tries < COUNT_TRIES; tries++) {
    // Pairs with publish in ring.ts and the delivery in enterSubbuf, as the look again does.
    const offset = load64(ring + RING_OFFSET_AT);
    records = recordsBefore(ring, offset);
    if (load64(ring + RING_OFFSET_AT) == offset) break;
  }
  return records;
}

/**
 * Records published before `offset`, where the writer is.
 *
 * The tally names the offset it was counted for. If that is not `offset`, the writer stopped (or
 * is) between the two stores: in publish, one record (of a batch, all of its records) was counted
 * that is not published; in enterSubbuf, the tally was already reset (0 records) for the sub-buffer
 * after this one.
 */
function recordsBefore(ring: usize, offset: u64): u64 {
  // The tally and `batch` are stored plainly: of a running writer this is a sample. The entry pairs
  // with openSubbuf, by way of the delivery.
  const tally = load64(ring + RING_TALLY_AT);
  const records = tally >> 32;
  const before = load64(subbufEntry(ring, offset) + SUBBUF_RECORDS_AT);
  if (<u32>tally == <u32>offset) return before + records;
  if (records == 0) return load64(subbufEntry(ring, subbufEnd(ring, offset)) + SUBBUF_RECORDS_AT);
  return before + records - 1 - load32(ring + RING_BATCH_AT);
}

/** Makes a ring whose last writer may have died ready for a new one. Nobody else writes to it. */
export function recoverRing(ring: usize): void {
  // Pairs with publish in ring.ts, of the writer before: it is dead or gone.
  const offset = load64(ring + RING_OFFSET_AT);
  const before = load<u64>(subbufEntry(ring, offset), SUBBUF_RECORDS_AT);
  const records = publishedRecords(ring) - before;
  store<u64>(ring, (records << 32) | <u64>(<u32>offset), RING_TALLY_AT);
  store<u32>(ring, 0, RING_BATCH_AT);
}

/** Overwrite mode: moves the reader past what is about to be overwritten (I5). */
function push(ring: usize, target: u64): bool {
  for (let tries: u32 = 0; tries < PUSH_TRIES; tries++) {
    // Pairs with the CAS in consume.ts, as the next one does.
    const consumed = load64(ring + RING_CONSUMED_AT);
    if (consumed >= target) return true;
    // Pairs with the CAS in consume.ts: of the two, the loser sees that it lost (I6).
    if (cas64(ring + RING_CONSUMED_AT, consumed, target)) return true;
  }
  return false;
}

/**
 * Leaves the current sub-buffer and enters the next one, so that a record of `size` bytes fits.
 * @returns false when the record is discarded: it can never fit, or the next sub-buffer still
 * holds what dom0 has not consumed (discard mode).
 */
export function enterSubbuf(ring: usize, size: u32, timestamp: u64): bool {
  const mask = load<u32>(ring, RING_SUBBUF_MASK_AT);
  if (size > mask) {
    discardBig(ring, 1);
    return false;
  }

  const offset = load<u64>(ring, RING_OFFSET_AT);
  const begin = (offset | mask) + 1;
  // The new sub-buffer's bytes belonged to [begin - N*S, begin - N*S + S) one turn ago.
  const target = begin + mask - load<u32>(ring, RING_BUFFER_MASK_AT);
  // Pairs with the CAS in consume.ts: what dom0 gave back, it has read.
  if (<i64>(load64(ring + RING_CONSUMED_AT) - target) < 0) {
    const overwrite = load<u32>(ring, RING_MODE_AT) == MODE_OVERWRITE;
    if (!overwrite || !push(ring, target)) {
      countDiscarded(ring, RING_DISCARDED_FULL_AT, 1);
      return false;
    }
  }
  // No store below may be seen before the push: a reader that copies old bytes must then fail.
  // Pairs with the fence in #movedFrom of src/host/ring-look.ts.
  fence();

  const records: u64 = load<u32>(ring, RING_TALLY_AT + 4);
  const left = subbufEntry(ring, offset);
  store<u64>(left, timestamp, SUBBUF_TS_LAST_AT);
  store<u64>(left, discardedRecords(ring), SUBBUF_DISCARDED_AT);
  store<u32>(left, <u32>offset & mask, SUBBUF_CONTENT_END_AT);
  openSubbuf(ring, begin, load<u64>(left, SUBBUF_RECORDS_AT) + records);
  store<u64>(ring, <u64>(<u32>begin), RING_TALLY_AT);
  // Delivery: pairs with the loads of offset in consume.ts and src/memory/ring.ts (I3).
  store64(ring + RING_OFFSET_AT, begin);
  raise(VIRQ_TBUF);
  return true;
}
