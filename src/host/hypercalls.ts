// dom0's calls into the hypervisor, every one of them guarded: they follow pointers and counts that any
// thread may have written over, and what traps there must come out as TraceError `corrupt`.

import type { CoreExports } from "../memory/core.js";
import { guarded } from "../memory/guarded.js";

/** What dom0 calls of the core. */
export type Hypercalls = Pick<
  CoreExports,
  | "dom0_claim"
  | "dom0_held"
  | "dom0_resign"
  | "tb_control"
  | "evtchn_bind"
  | "evtchn_unbind"
  | "evtchn_mask"
  | "evtchn_take"
  | "evtchn_alloc"
  | "evtchn_close"
  | "frame_map"
  | "frame_unmap"
  | "trace_settle"
  | "trace_enable_event"
  | "reason"
  | "fence"
>;

/** The core's exports for dom0, which throw nothing but TraceError. */
export function hypercallsOf(core: CoreExports): Hypercalls {
  return {
    dom0_claim: (tid) => guarded("dom0", () => core.dom0_claim(tid)),
    dom0_resign: () => guarded("close dom0", () => core.dom0_resign()),
    tb_control: (op) => guarded(`tb_control: op=${op}`, () => core.tb_control(op)),
    evtchn_bind: (virq) => guarded("bindVirq", () => core.evtchn_bind(virq)),
    evtchn_unbind: (virq) => guarded("unbind", () => core.evtchn_unbind(virq)),
    evtchn_mask: (port, masked) => guarded("mask", () => core.evtchn_mask(port, masked)),
    evtchn_take: () => guarded("take ports", () => core.evtchn_take()),
    evtchn_alloc: () => guarded("allocEvtchn", () => core.evtchn_alloc()),
    evtchn_close: (port) => guarded("closeEvtchn", () => core.evtchn_close(port)),
    frame_map: (mfn, count) => guarded("mapForeignRange", () => core.frame_map(mfn, count)),
    frame_unmap: (mfn) => guarded("unmap", () => core.frame_unmap(mfn)),
    trace_settle: () => guarded("settle", () => core.trace_settle()),
    trace_enable_event: (trace, event) =>
      guarded("enable event", () => core.trace_enable_event(trace, event)),
    // These touch nothing but words of their own.
    dom0_held: core.dom0_held,
    reason: core.reason,
    fence: core.fence,
  };
}
