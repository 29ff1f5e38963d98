// Walking records whose events dom0 knows: how many there are, and when the last one was. Needed
// only for sub-buffers that are not closed yet: for the others, the writer has noted both.

import { RECORD_EVENT_MASK, RECORD_HEADER_BYTES } from "../../assembly/public/layout.js";
import { lowTimeAt, timeFrom, timeUntil } from "../clock/record-time.js";
import type { Sizer } from "../event/payload.js";

/** By an event's id, what tells its payloads' sizes; undefined when no facility has that id. */
export type FindSizer = (event: number) => Sizer | undefined;

export interface Walked {
  readonly records: number;
  /** Nanoseconds since boot. */
  readonly last: bigint;
}

/**
 * Counts the records that tile `[at, end)`. undefined when they do not: an event that nobody
 * registered, a record beyond `end`, time that goes backwards. Bounded by `end - at`.
 * @param until a time that no record is after, in nanoseconds since boot
 */
export function walkRecords(
  view: DataView,
  at: number,
  end: number,
  findSizer: FindSizer,
  until: bigint,
): Walked | undefined {
  let records = 0;
  let last: bigint | undefined;
  for (let position = at; position < end; records++) {
    if (end - position < RECORD_HEADER_BYTES) return undefined;
    const low = lowTimeAt(view, position);
    last = last === undefined ? timeUntil(low, until) : timeFrom(low, last);
    if (last > until) return undefined;
    const sizer = findSizer(view.getUint32(position, true) & RECORD_EVENT_MASK);
    const size = sizer?.(view, position + RECORD_HEADER_BYTES, end) ?? -1;
    if (size < 0) return undefined;
    position += RECORD_HEADER_BYTES + size;
  }
  return last === undefined ? undefined : { records, last };
}
