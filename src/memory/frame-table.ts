// How many frames are free: the frame table, counted.

import {
  CTL_FIRST_FRAME_AT,
  CTL_FRAME_TABLE_AT,
  CTL_FRAMES_AT,
  FRAME_BYTES,
  FRAME_ENTRY_BYTES,
  FRAME_OWNER_AT,
} from "../../assembly/public/layout.js";
import { controlWord, type MemoryViews } from "./views.js";

/** Frames of the hypervisor, in frames of 4096 bytes. */
export interface Frames {
  readonly free: number;
  readonly total: number;
}

/** Counts the frames without an owner: a figure that may be stale at once. */
export function countFrames({ buffer, words }: MemoryViews): Frames {
  const control = (at: number) => Atomics.load(words, controlWord(at)) >>> 0;
  // The words may have been overwritten: no more frames are counted than memory has.
  const total = Math.min(control(CTL_FRAMES_AT), buffer.byteLength / FRAME_BYTES);
  const entry = (mfn: number) =>
    (control(CTL_FRAME_TABLE_AT) + mfn * FRAME_ENTRY_BYTES + FRAME_OWNER_AT) / 4;
  let free = 0;
  for (let mfn = control(CTL_FIRST_FRAME_AT); mfn < total; mfn++) {
    // Past the memory it is undefined.
    if (words[entry(mfn)] === 0) free++;
  }
  return { free, total };
}
