// dom0's other hypercalls, with the check that it is dom0 who asks. What they do is told where they
// are done: page.ts, evtchn.ts, trace.ts. A thread that is not dom0 gets REASON_NOT_DOM0.

import { isDom0 } from "./dom0";
import * as evtchn from "./evtchn";
import * as page from "./page";
import { REASON_NOT_DOM0 } from "./public/ops";
import { fail } from "./reason";
import * as trace from "./trace";

export function map(mfn: u32, count: u32): u32 {
  return isDom0() ? page.map(mfn, count) : fail(REASON_NOT_DOM0);
}

export function unmap(mfn: u32): u32 {
  return isDom0() ? page.unmap(mfn) : fail(REASON_NOT_DOM0);
}

export function bind(virq: u32): i32 {
  if (isDom0()) return evtchn.bind(virq);
  fail(REASON_NOT_DOM0);
  return -1;
}

export function unbind(virq: u32): u32 {
  return isDom0() ? evtchn.unbind(virq) : fail(REASON_NOT_DOM0);
}

export function mask(port: u32, masked: bool): u32 {
  return isDom0() ? evtchn.mask(port, masked) : fail(REASON_NOT_DOM0);
}

export function alloc(): i32 {
  if (isDom0()) return evtchn.alloc();
  fail(REASON_NOT_DOM0);
  return -1;
}

export function close(port: u32): u32 {
  return isDom0() ? evtchn.close(port) : fail(REASON_NOT_DOM0);
}

/** The ports that are ready; none for a thread that is not dom0. */
export function take(): u32 {
  return isDom0() ? evtchn.take() : 0;
}

/** 1 when every CPU has answered and nothing is in quarantine, else 0. */
export function settle(): u32 {
  return isDom0() ? u32(trace.settle()) : 0;
}
