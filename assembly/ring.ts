// FAST PATH: reserve and publish in one ring. One writer, the owner of the CPU (I2); the only
// atomic is the store of `offset`. Everything rare is in switch.ts. docs/design.md, "The ring".

import { store64 } from "./atomic";
import {
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  RING_TALLY_AT,
} from "./public/layout";
import { enterSubbuf } from "./switch";

/**
 * Address at which a record of `size` bytes may be written, 0 when it is discarded.
 *
 * A record never ends exactly where its sub-buffer ends: so `offset` rests on a boundary only
 * after the switch has noted all about the sub-buffer before it, and a reader that sees it there
 * may rely on that. With sub-buffers of 64 bytes:
 *   offset 0,  size 16 -> written at 0        offset 40, size 16 -> written at 40
 *   offset 48, size 16 -> switch (would end at 64)
 */
export function reserve(ring: usize, size: u32, timestamp: u64): usize {
  const mask = load<u32>(ring, RING_SUBBUF_MASK_AT);
  const used = load<u32>(ring, RING_OFFSET_AT) & mask;
  if (used + size > mask && !enterSubbuf(ring, size, timestamp)) return 0;
  const position = load<u32>(ring, RING_OFFSET_AT) & load<u32>(ring, RING_BUFFER_MASK_AT);
  return load<u32>(ring, RING_DATA_AT) + position;
}

/** Makes the record that was written at the reserved address visible: one atomic store (I3). */
export function publish(ring: usize, size: u32): void {
  const end = load<u64>(ring, RING_OFFSET_AT) + size;
  const records: u64 = load<u32>(ring, RING_TALLY_AT + 4) + 1;
  // Before the publication, and naming it: after a death between the two stores the tally names a
  // position that `offset` never reached, and switch.ts, publishedRecords, takes the one back.
  store<u64>(ring, (records << 32) | (end & 0xffffffff), RING_TALLY_AT);
  // Pairs with the loads of offset in consume.ts and src/host/ring-reader.ts.
  store64(ring + RING_OFFSET_AT, end);
}
