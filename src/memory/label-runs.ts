// Texts of labels in shared memory, as layout.ts draws them. Nothing there is believed: what is no entry
// of such a run is none.

import {
  CPU_LABELS_FULL_AT,
  FRAME_BYTES,
  LABEL_BYTES_MAX,
  OWNER_LABELS,
} from "../../assembly/public/layout.js";
import { cpuSlots } from "./control-page.js";
import { cpuBlockAt } from "./cpu-table.js";
import { readFrame } from "./frame-table.js";
import type { MemoryViews } from "./views.js";

/** Where entries lie: addresses, `end` behind the last one. */
export interface LabelRun {
  readonly at: number;
  readonly end: number;
}

/** The run that begins at an address; undefined where there is none. */
export function labelRunAt(views: MemoryViews, at: number): LabelRun | undefined {
  const { owner, run } = readFrame(views, at / FRAME_BYTES);
  const end = at + run * FRAME_BYTES;
  const isRun = at > 0 && at % FRAME_BYTES === 0 && run > 0 && end <= views.buffer.byteLength;
  return isRun && owner === OWNER_LABELS ? { at, end } : undefined;
}

/** Bytes of the text of the entry at `at`, with its NUL and padding; 0: there is no entry before `end`. */
export function labelBytes({ data }: MemoryViews, at: number, end: number): number {
  if (at + 4 > end) return 0;
  const bytes = data.getUint32(at, true);
  const sane = bytes % 4 === 0 && bytes <= LABEL_BYTES_MAX && at + 4 + bytes <= end;
  return sane ? bytes : 0;
}

/** Whether a frame holds texts of labels. */
export function isLabelFrame(views: MemoryViews, mfn: number): boolean {
  return readFrame(views, mfn).owner === OWNER_LABELS;
}

/** Notes that a label of a CPU was recorded without its text. */
export function countLabelFull({ words }: MemoryViews, cpu: number): void {
  const at = (cpuBlockAt(cpu) + CPU_LABELS_FULL_AT) / 4;
  words[at] = ((words[at] ?? 0) + 1) | 0;
}

/**
 * Labels that threads have recorded without their texts, of all CPU slots and traces since boot. Counted up to
 * 2^32 for each slot, then from 0.
 */
export function labelsFull(views: MemoryViews): number {
  let full = 0;
  for (let cpu = 0; cpu < cpuSlots(views); cpu++) {
    full += (views.words[(cpuBlockAt(cpu) + CPU_LABELS_FULL_AT) / 4] ?? 0) >>> 0;
  }
  return full;
}
