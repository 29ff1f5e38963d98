// The control page: where its words are in the views, and what boot has written there. The tables whose
// roots it holds (traces, facilities, CPUs, frames) have files of their own.

import {
  CONTROL_AT,
  CPUS_MAX,
  CTL_ABI_AT,
  CTL_ANSWER_AT,
  CTL_ANSWER_ERROR_AT,
  CTL_ANSWER_TIME_AT,
  CTL_ASKER_AT,
  CTL_COARSE_AT,
  CTL_COARSE_STEP_AT,
  CTL_CPUS_AT,
  CTL_DOM0_AT,
  CTL_DOM0S_AT,
  CTL_EPOCH_AT,
  CTL_MAGIC_AT,
  CTL_MASK_AT,
  CTL_PENDING_AT,
  CTL_QUESTION_AT,
  CTL_STATE_AT,
  CTL_TICKERS_AT,
  CTL_UPCALL_AT,
  CTL_VIRQ_PORT_AT,
  CTL_WAITING_AT,
  FRAME_BYTES,
  STATE_READY,
} from "../../assembly/public/layout.js";
import type { MemoryViews } from "./views.js";

/** Index in `words` of the control page's word at `at`. */
export function controlWord(at: number): number {
  return (CONTROL_AT + at) / 4;
}

/** Index in `longs` of its long word at `at`. */
function controlLong(at: number): number {
  return (CONTROL_AT + at) / 8;
}

// Indices in `words`. Pure: bundlers leave out those that a script does not use.
export const DOM0_WORD = /* @__PURE__ */ controlWord(CTL_DOM0_AT);
export const DOM0S_WORD = /* @__PURE__ */ controlWord(CTL_DOM0S_AT);
export const EPOCH_WORD = /* @__PURE__ */ controlWord(CTL_EPOCH_AT);
export const COARSE_STEP_WORD = /* @__PURE__ */ controlWord(CTL_COARSE_STEP_AT);
export const TICKERS_WORD = /* @__PURE__ */ controlWord(CTL_TICKERS_AT);
export const UPCALL_WORD = /* @__PURE__ */ controlWord(CTL_UPCALL_AT);
export const PENDING_WORD = /* @__PURE__ */ controlWord(CTL_PENDING_AT);
export const MASK_WORD = /* @__PURE__ */ controlWord(CTL_MASK_AT);
export const WAITING_WORD = /* @__PURE__ */ controlWord(CTL_WAITING_AT);
export const ASKER_WORD = /* @__PURE__ */ controlWord(CTL_ASKER_AT);
export const QUESTION_WORD = /* @__PURE__ */ controlWord(CTL_QUESTION_AT);
export const ANSWER_WORD = /* @__PURE__ */ controlWord(CTL_ANSWER_AT);
export const ANSWER_ERROR_WORD = /* @__PURE__ */ controlWord(CTL_ANSWER_ERROR_AT);

// Indices in `longs`.
export const COARSE_LONG = /* @__PURE__ */ controlLong(CTL_COARSE_AT);
export const ANSWER_TIME_LONG = /* @__PURE__ */ controlLong(CTL_ANSWER_TIME_AT);

/** Index in `words` of a VIRQ's port + 1. */
export function virqWord(virq: number): number {
  return controlWord(CTL_VIRQ_PORT_AT) + virq;
}

/** How many CPUs there can be at a time. Never more than the layout has room for. */
export function cpuSlots({ words }: MemoryViews): number {
  return Math.min(Atomics.load(words, controlWord(CTL_CPUS_AT)) >>> 0, CPUS_MAX);
}

/** What tells that memory is a hypervisor's. */
export interface BootWords {
  readonly magic: number;
  readonly abi: number;
  /** It is booted. */
  readonly ready: boolean;
}

/** What boot has written; undefined: the memory is too small for a hypervisor. */
export function readBootWords(buffer: ArrayBufferLike): BootWords | undefined {
  if (buffer.byteLength < CONTROL_AT + FRAME_BYTES) return undefined;
  const words = new Int32Array(buffer);
  // Pairs with the store at the end of boot in assembly/boot.ts: the others are there with it.
  const ready = Atomics.load(words, controlWord(CTL_STATE_AT)) === STATE_READY;
  const word = (at: number) => words[controlWord(at)] ?? 0;
  return { magic: word(CTL_MAGIC_AT), abi: word(CTL_ABI_AT), ready };
}
