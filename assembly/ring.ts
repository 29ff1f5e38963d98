// FAST PATH: find room and publish, in one ring. One writer, the owner of the CPU (I2); the only
// atomic is the store of `offset`. Everything rare is in switch.ts. docs/design.md, "The ring".

import {
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  RING_TALLY_AT,
} from "./public/layout";

/**
 * Address at which a record of `size` bytes may be written, 0 when the sub-buffer has no room for it.
 *
 * A record never ends exactly where its sub-buffer ends: so `offset` rests on a boundary only
 * after the switch has noted all about the sub-buffer before it, and a reader that sees it there
 * may rely on that. With sub-buffers of 64 bytes:
 *   offset 0,  size 16 -> room at 0           offset 40, size 16 -> room at 40
 *   offset 48, size 16 -> no room (would end at 64)
 */
export function room(ring: usize, size: u32): usize {
  const mask = load<u32>(ring, RING_SUBBUF_MASK_AT);
  const offset = load<u32>(ring, RING_OFFSET_AT);
  if ((offset & mask) + size > mask) return 0;
  return load<u32>(ring, RING_DATA_AT) + (offset & load<u32>(ring, RING_BUFFER_MASK_AT));
}

/** Makes `records` records of together `bytes` visible: one atomic store (I3). */
export function publish(ring: usize, bytes: u32, records: u32): void {
  const end = load<u64>(ring, RING_OFFSET_AT) + bytes;
  const counted: u64 = load<u32>(ring, RING_TALLY_AT + 4) + records;
  // Before the publication, and naming it: after a death between the two stores the tally names a
  // position that `offset` never reached, and switch.ts, publishedRecords, finds out how many of
  // its records were published.
  store<u64>(ring, (counted << 32) | <u64>(<u32>end), RING_TALLY_AT);
  // Pairs with the loads of offset in consume.ts and src/memory/ring.ts. Not by atomic.ts: a
  // call for the one atomic of the fast path would be a tenth of its cost.
  atomic.store<u64>(ring, end, RING_OFFSET_AT);
}
