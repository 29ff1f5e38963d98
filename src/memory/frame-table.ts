// The frame table: whose frames are whose, which begin a run, and how many are free. It may have been
// overwritten, as may the word that says where it is: nothing outside the memory is read.

import {
  CTL_FIRST_FRAME_AT,
  CTL_FRAME_TABLE_AT,
  CTL_FRAMES_AT,
  FRAME_BYTES,
  FRAME_ENTRY_BYTES,
  FRAME_OWNER_AT,
  FRAME_RUN_AT,
  FRAME_SHARE_AT,
} from "../../assembly/public/layout.js";
import { controlWord } from "./control-page.js";
import type { MemoryViews } from "./views.js";

/** Frames of the hypervisor, in frames of 4096 bytes. */
export interface Frames {
  readonly free: number;
  readonly total: number;
}

export interface FrameInfo {
  /** 0: free. */
  readonly owner: number;
  /** Frames in the run that it begins; 0: it begins none. */
  readonly run: number;
}

function control({ words }: MemoryViews, at: number): number {
  return Atomics.load(words, controlWord(at)) >>> 0;
}

/** Index in `words` of a frame's entry; undefined where that is not in the memory. */
function entryWord(views: MemoryViews, mfn: number): number | undefined {
  const at = control(views, CTL_FRAME_TABLE_AT) + mfn * FRAME_ENTRY_BYTES;
  const inside = at % 4 === 0 && at + FRAME_ENTRY_BYTES <= views.buffer.byteLength;
  return inside ? at / 4 : undefined;
}

/** Counts the frames without an owner: a figure that may be stale at once. */
export function countFrames(views: MemoryViews): Frames {
  const { buffer, words } = views;
  // The words may have been overwritten: no more frames are counted than memory has.
  const total = Math.min(control(views, CTL_FRAMES_AT), buffer.byteLength / FRAME_BYTES);
  let free = 0;
  for (let mfn = control(views, CTL_FIRST_FRAME_AT); mfn < total; mfn++) {
    const entry = entryWord(views, mfn);
    if (entry !== undefined && words[entry + FRAME_OWNER_AT / 4] === 0) free++;
  }
  return { free, total };
}

/** What the table says about a frame; one that does not exist is free. */
export function readFrame(views: MemoryViews, mfn: number): FrameInfo {
  const entry = mfn < control(views, CTL_FRAMES_AT) ? entryWord(views, mfn) : undefined;
  if (entry === undefined) return { owner: 0, run: 0 };
  const order = Atomics.load(views.words, entry + FRAME_RUN_AT / 4) - 1;
  const owner = Atomics.load(views.words, entry + FRAME_OWNER_AT / 4);
  return { owner, run: order >= 0 && order < 31 ? 2 ** order : 0 };
}

/**
 * Index in `words` of the word that changes when a frame is unshared or freed; undefined where the table
 * has no such frame.
 */
export function shareWord(views: MemoryViews, mfn: number): number | undefined {
  const entry = entryWord(views, mfn);
  return entry === undefined ? undefined : entry + FRAME_SHARE_AT / 4;
}

/** The bytes of frames, live; undefined where they are not in the memory. */
export function framesAt(
  { buffer }: MemoryViews,
  mfn: number,
  count: number,
): Uint8Array | undefined {
  const inside = (mfn + count) * FRAME_BYTES <= buffer.byteLength;
  return inside ? new Uint8Array(buffer, mfn * FRAME_BYTES, count * FRAME_BYTES) : undefined;
}
