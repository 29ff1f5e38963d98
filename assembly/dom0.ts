// Who is dom0: the one thread that may control, and how another takes over from one that died.

import { add32, cas32, load32 } from "./atomic";
import { resetChannels } from "./evtchn";
import { unmapAll } from "./page";
import { CONTROL_AT, CTL_DOM0_AT, CTL_DOM0S_AT, TID_MAX } from "./public/layout";
import { REASON_DOM0_TAKEN, REASON_TID } from "./public/ops";
import { fail } from "./reason";
import { recoverTraces, setAttention } from "./trace";

const DOM0: usize = CONTROL_AT + CTL_DOM0_AT;
const DOM0S: usize = CONTROL_AT + CTL_DOM0S_AT;

/** This instance's claim: its thread's tid + 1 while it is dom0. */
let claim: u32 = 0;

/**
 * This thread becomes dom0, and puts right what a dom0 that died may have left half-done: its VIRQs,
 * its mappings, traces in the middle of an operation. @returns 0, or 1 with REASON_DOM0_TAKEN or
 * REASON_TID
 */
export function claimDom0(tid: u32): u32 {
  if (tid > TID_MAX) return fail(REASON_TID);
  // Pairs with the CAS in resignDom0, and with that in dropClaim of cpu.ts.
  if (!cas32(DOM0, 0, tid + 1)) return fail(REASON_DOM0_TAKEN);
  claim = tid + 1;
  // The recovery walks the frames and the events: most of the time that a boot takes. The add pairs
  // with nothing: dom0 alone touches the word.
  if (add32(DOM0S, 1)) {
    resetChannels();
    unmapAll();
    recoverTraces();
  }
  return 0;
}

/**
 * dom0 resigns, and what it had mapped is its no more; another thread may claim it. CPUs are no
 * longer asked for quiescent points; what is in quarantine waits for the next dom0.
 */
export function resignDom0(): void {
  if (isDom0()) {
    resetChannels();
    unmapAll();
    setAttention(false);
    // Pairs with the CAS in claimDom0: the next dom0 sees all that this one did.
    cas32(DOM0, claim, 0);
  }
  claim = 0;
}

/** Only the thread that holds the claim may control; a claim that was reaped is worth nothing. */
export function isDom0(): bool {
  // Pairs with the CAS in dropClaim of cpu.ts.
  return claim != 0 && load32(DOM0) == claim;
}
