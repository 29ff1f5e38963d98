// The table of traces as everybody sees it: who is there, who is in quarantine, and which ring a trace
// has for a CPU. What is done to a trace is in trace.ts and rings.ts.

import { load32 } from "./atomic";
import {
  CONTROL_AT,
  CTL_DYING_AT,
  CTL_TRACES_AT,
  TRACE_DIRECTORY_AT,
  TRACE_STATE_AT,
} from "./public/layout";

export function traceSlot(trace: u32): usize {
  return CONTROL_AT + CTL_TRACES_AT + trace * 4;
}

/** Where a destroyed trace's frame is kept, under its old index, until nobody can write to it. */
export function dyingSlot(trace: u32): usize {
  return CONTROL_AT + CTL_DYING_AT + trace * 4;
}

export function stateOf(frame: usize): u32 {
  // Pairs with publishTrace, startTrace, stopTrace and destroyTrace in trace.ts.
  return load32(frame + TRACE_STATE_AT);
}

export function ringOfCpu(frame: usize, cpu: u32): usize {
  // Pairs with publishTrace in trace.ts and the CAS in provideRing of rings.ts.
  return load32(frame + TRACE_DIRECTORY_AT + cpu * 4);
}

/** Whether bit `bit` of the set that begins at `set` is 1. */
export function inSet(set: usize, bit: u32): bool {
  // Pairs with enableEvent in trace.ts, which alone adds to a set.
  return ((load32(set + (bit >> 5) * 4) >> (bit & 31)) & 1) != 0;
}
