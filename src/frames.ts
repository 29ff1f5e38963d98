// How many frames are free: the frame table, counted.

import {
  CTL_FIRST_FRAME_AT,
  CTL_FRAME_TABLE_AT,
  CTL_FRAMES_AT,
  FRAME_ENTRY_BYTES,
  FRAME_OWNER_AT,
} from "../assembly/public/layout.js";
import { controlWord, type MemoryViews } from "./memory.js";

/** Frames of the hypervisor, in frames of 4096 bytes. */
export interface Frames {
  readonly free: number;
  readonly total: number;
}

/** Counts the frames without an owner: a figure that may be stale at once. */
export function countFrames({ words }: MemoryViews): Frames {
  const control = (at: number) => Atomics.load(words, controlWord(at)) >>> 0;
  const total = control(CTL_FRAMES_AT);
  const entry = (mfn: number) =>
    (control(CTL_FRAME_TABLE_AT) + mfn * FRAME_ENTRY_BYTES + FRAME_OWNER_AT) / 4;
  // The words may have been overwritten: nothing is read past the memory.
  const first = entry(control(CTL_FIRST_FRAME_AT));
  const end = Math.min(entry(total), words.length);
  let free = 0;
  for (let at = first; at < end; at += FRAME_ENTRY_BYTES / 4) {
    if (words[at] === 0) free++;
  }
  return { free, total };
}
