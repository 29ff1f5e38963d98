// dom0's calls into the hypervisor, every one of them guarded: they follow pointers and counts that any
// thread may have written over, and what traps there must come out as TraceError `corrupt`.

import type { CoreExports } from "../memory/core.js";
import { guarded } from "../memory/guarded.js";

/** What dom0 calls of the core. */
export type Hypercalls = Pick<
  CoreExports,
  | "claimDom0"
  | "isDom0"
  | "resignDom0"
  | "tb_control"
  | "bind"
  | "unbind"
  | "mask"
  | "take"
  | "map"
  | "unmap"
  | "settle"
  | "enableEvent"
  | "reason"
  | "fence"
>;

/** The core's exports for dom0, which throw nothing but TraceError. */
export function hypercallsOf(core: CoreExports): Hypercalls {
  return {
    claimDom0: (tid) => guarded("dom0", () => core.claimDom0(tid)),
    resignDom0: () => guarded("close dom0", () => core.resignDom0()),
    tb_control: (op) => guarded(`tb_control: op=${op}`, () => core.tb_control(op)),
    bind: (virq) => guarded("bindVirq", () => core.bind(virq)),
    unbind: (virq) => guarded("unbind", () => core.unbind(virq)),
    mask: (port, masked) => guarded("mask", () => core.mask(port, masked)),
    take: () => guarded("take ports", () => core.take()),
    map: (mfn, count) => guarded("mapForeignRange", () => core.map(mfn, count)),
    unmap: (mfn) => guarded("unmap", () => core.unmap(mfn)),
    settle: () => guarded("settle", () => core.settle()),
    enableEvent: (trace, event) => guarded("enable event", () => core.enableEvent(trace, event)),
    // These touch nothing but words of their own.
    isDom0: core.isDom0,
    reason: core.reason,
    fence: core.fence,
  };
}
