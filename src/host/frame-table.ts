// What dom0 reads of the hypervisor's tables itself: whose frames are whose, and who has a ring.

import {
  CPUS_MAX,
  CTL_FRAME_TABLE_AT,
  CTL_FRAMES_AT,
  FRAME_BYTES,
  FRAME_ENTRY_BYTES,
  FRAME_OWNER_AT,
  FRAME_RUN_AT,
  TRACE_DIRECTORY_AT,
} from "../../assembly/public/layout.js";
import { controlWord, type MemoryViews } from "../memory/views.js";

export interface FrameInfo {
  /** 0: free. */
  readonly owner: number;
  /** Frames in the run that it begins; 0: it begins none. */
  readonly run: number;
}

/** What the table says about a frame; one that does not exist is free. */
export function readFrame({ words }: MemoryViews, mfn: number): FrameInfo {
  const frames = Atomics.load(words, controlWord(CTL_FRAMES_AT));
  const table = Atomics.load(words, controlWord(CTL_FRAME_TABLE_AT));
  const at = table + mfn * FRAME_ENTRY_BYTES;
  if (mfn >= frames || at % 4 !== 0 || at < 0 || (at + FRAME_ENTRY_BYTES) / 4 > words.length) {
    return { owner: 0, run: 0 };
  }
  const order = Atomics.load(words, (at + FRAME_RUN_AT) / 4) - 1;
  const owner = Atomics.load(words, (at + FRAME_OWNER_AT) / 4);
  return { owner, run: order >= 0 && order < 31 ? 2 ** order : 0 };
}

/**
 * The directory of the trace whose frame is `mfn`, live: word i is not 0 if CPU i may have a ring.
 * Which one, only the hypervisor says. Shorter where the memory ends.
 */
export function directoryOf({ words }: MemoryViews, mfn: number): Int32Array {
  const begin = (mfn * FRAME_BYTES + TRACE_DIRECTORY_AT) / 4;
  return words.subarray(begin, begin + CPUS_MAX);
}
