// The descriptions of facilities: where they are, and what they say. What they say is not checked here.

import {
  CTL_FACILITIES_AT,
  FACILITY_BYTES_AT,
  FACILITY_EVENTS_AT,
  FACILITY_FIRST_AT,
  FACILITY_NAME_BYTES_AT,
  FACILITY_TEXT_AT,
  FRAME_BYTES,
  SCRATCH_BYTES,
} from "../../assembly/public/layout.js";
import { controlWord } from "./control-page.js";
import type { MemoryViews } from "./views.js";

/** What a description says. */
export interface Description {
  readonly firstEvent: number;
  readonly events: number;
  /** A copy of the definition as JSON, in UTF-8. */
  readonly json: Uint8Array;
}

/** Where a description lies. */
export interface DescriptionFrames {
  readonly mfn: number;
  /** Frames that it takes; 0: it cannot be a description. */
  readonly count: number;
}

/** Where the description in a slot lies; undefined: the slot is free. */
export function descriptionAt(
  { words, data }: MemoryViews,
  slot: number,
): DescriptionFrames | undefined {
  // Pairs with the CAS in assembly/facility.ts: the description is complete.
  const at = Atomics.load(words, controlWord(CTL_FACILITIES_AT) + slot) >>> 0;
  if (at === 0) return undefined;
  const mfn = Math.floor(at / FRAME_BYTES);
  if (at % FRAME_BYTES !== 0 || at + FRAME_BYTES > data.byteLength) return { mfn, count: 0 };
  const bytes = data.getUint32(at + FACILITY_BYTES_AT, true);
  const fits = bytes <= SCRATCH_BYTES;
  return { mfn, count: fits ? Math.ceil((FACILITY_TEXT_AT + bytes) / FRAME_BYTES) : 0 };
}

/** Reads a description. @param frames the bytes of its frames */
export function readDescription(frames: Uint8Array): Description {
  const header = new DataView(frames.buffer, frames.byteOffset, FACILITY_TEXT_AT);
  const word = (at: number) => header.getUint32(at, true);
  const begin = FACILITY_TEXT_AT + word(FACILITY_NAME_BYTES_AT);
  return {
    firstEvent: word(FACILITY_FIRST_AT),
    events: word(FACILITY_EVENTS_AT),
    json: frames.slice(begin, FACILITY_TEXT_AT + word(FACILITY_BYTES_AT)),
  };
}
