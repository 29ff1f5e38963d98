// The trace table and what it leads to: traces' frames. A frame's image on the hypercall page is laid out
// as the frame itself is.

import {
  CPUS_MAX,
  CTL_TRACES_AT,
  FRAME_BYTES,
  MODE_DISCARD,
  MODE_OVERWRITE,
  TRACE_BYTES,
  TRACE_CPU_SET_AT,
  TRACE_CPU_SET_BYTES,
  TRACE_DIRECTORY_AT,
  TRACE_DYING,
  TRACE_EVENT_SET_AT,
  TRACE_EVENT_SET_BYTES,
  TRACE_MODE_AT,
  TRACE_NAME_AT,
  TRACE_NAME_BYTES_AT,
  TRACE_NAME_MAX,
  TRACE_PATTERN_AT,
  TRACE_PATTERN_BYTES_AT,
  TRACE_PATTERN_MAX,
  TRACE_STATE_AT,
  TRACE_SUBBUF_BYTES_AT,
  TRACE_SUBBUF_COUNT_AT,
  TRACES_MAX,
} from "../../assembly/public/layout.js";
import { controlWord } from "./control-page.js";
import type { MemoryViews } from "./views.js";

export type TraceMode = "discard" | "overwrite";

/** How each buffer of a trace is divided, and what happens to a record that finds it full. */
export interface TraceShape {
  readonly mode: TraceMode;
  /** Bytes of a sub-buffer, and how many there are. What memory says of them is not checked. */
  readonly subbufBytes: number;
  readonly subbufCount: number;
}

/** What of a trace's frame is told to users. */
export interface TraceFrame extends TraceShape {
  /** A TRACE_ value. */
  readonly state: number;
}

/** What a trace is created from. Numbers and texts must fit: larger ones are cut. */
export interface TraceImage extends TraceShape {
  /** A bit a CPU, 32 bytes; a bit an event, 512 bytes. */
  readonly cpuSet: Uint8Array;
  readonly eventSet: Uint8Array;
  /** Selection that facilities which come later look at, in UTF-8; empty: none. */
  readonly pattern: Uint8Array;
}

/** Frame number of the trace of an index; undefined where there is none, or what is no frame's address. */
export function traceMfn({ words, buffer }: MemoryViews, index: number): number | undefined {
  // Pairs with the stores of a trace's slot in assembly/tracetable.ts.
  const at = Atomics.load(words, controlWord(CTL_TRACES_AT) + index) >>> 0;
  const inside = at > 0 && at % FRAME_BYTES === 0 && at + FRAME_BYTES <= buffer.byteLength;
  return inside ? at / FRAME_BYTES : undefined;
}

/** Index of the trace whose frame is `mfn`; TRACES_MAX where there is none. */
export function traceIndex(views: MemoryViews, mfn: number): number {
  for (let index = 0; index < TRACES_MAX; index++) {
    if (traceMfn(views, index) === mfn) return index;
  }
  return TRACES_MAX;
}

/**
 * The directory of the trace whose frame is `mfn`, live: word i is not 0 if CPU i may have a ring.
 * Which one, only the hypervisor says. Shorter where the memory ends.
 */
export function directoryOf({ words }: MemoryViews, mfn: number): Int32Array {
  const begin = (mfn * FRAME_BYTES + TRACE_DIRECTORY_AT) / 4;
  return words.subarray(begin, begin + CPUS_MAX);
}

/** What the trace frame, or the image of one, at an address says. */
export function readTrace({ data }: MemoryViews, at: number): TraceFrame {
  const word = (field: number) => data.getUint32(at + field, true);
  return {
    state: word(TRACE_STATE_AT),
    mode: word(TRACE_MODE_AT) === MODE_OVERWRITE ? "overwrite" : "discard",
    subbufBytes: word(TRACE_SUBBUF_BYTES_AT),
    subbufCount: word(TRACE_SUBBUF_COUNT_AT),
  };
}

/** Writes a trace's name to an image. @returns false, and leaves it without one, if it is too long or empty */
export function writeTraceName(
  { bytes, data }: MemoryViews,
  at: number,
  name: Uint8Array,
): boolean {
  const { length } = name;
  const fits = length > 0 && length <= TRACE_NAME_MAX;
  data.setUint32(at + TRACE_NAME_BYTES_AT, fits ? length : 0, true);
  if (fits) bytes.set(name, at + TRACE_NAME_AT);
  return fits;
}

/** Writes an image, but for its name, which must be there. */
export function writeTrace({ bytes, data }: MemoryViews, at: number, image: TraceImage): void {
  const { mode, subbufBytes, subbufCount, cpuSet, eventSet, pattern } = image;
  const nameBytes = data.getUint32(at + TRACE_NAME_BYTES_AT, true);
  // It still has what was read there last, and the trace will be a copy of it.
  bytes.fill(0, at, at + TRACE_NAME_BYTES_AT);
  bytes.fill(0, at + TRACE_NAME_AT + nameBytes, at + TRACE_BYTES);
  data.setUint32(at + TRACE_MODE_AT, mode === "overwrite" ? MODE_OVERWRITE : MODE_DISCARD, true);
  data.setUint32(at + TRACE_SUBBUF_BYTES_AT, subbufBytes, true);
  data.setUint32(at + TRACE_SUBBUF_COUNT_AT, subbufCount, true);
  data.setUint32(at + TRACE_PATTERN_BYTES_AT, pattern.length, true);
  bytes.set(cpuSet.subarray(0, TRACE_CPU_SET_BYTES), at + TRACE_CPU_SET_AT);
  bytes.set(eventSet.subarray(0, TRACE_EVENT_SET_BYTES), at + TRACE_EVENT_SET_AT);
  bytes.set(pattern.subarray(0, TRACE_PATTERN_MAX), at + TRACE_PATTERN_AT);
}

/**
 * A copy of the selection, in UTF-8, that facilities which come later look at, of the trace whose frame is
 * `mfn`. Empty: it has none, is being destroyed, or says what cannot be.
 */
export function readPattern({ words, data, bytes }: MemoryViews, mfn: number): Uint8Array {
  const frame = mfn * FRAME_BYTES;
  const at = frame + TRACE_PATTERN_AT;
  const length = data.getUint32(frame + TRACE_PATTERN_BYTES_AT, true);
  // Pairs with destroy in assembly/trace.ts.
  const dying = Atomics.load(words, (frame + TRACE_STATE_AT) / 4) === TRACE_DYING;
  return bytes.slice(at, dying || length > TRACE_PATTERN_MAX ? at : at + length);
}
