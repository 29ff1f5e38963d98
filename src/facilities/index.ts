import type { FacilityDefinition } from "../event/definition.js";
import { core } from "./core.js";
import { xenDom0op } from "./xen-dom0op.js";
import { xenMem } from "./xen-mem.js";
import { xenSched } from "./xen-sched.js";
import { xenVmx } from "./xen-vmx.js";

export { core, xenDom0op, xenMem, xenSched, xenVmx };

/** The facilities of every hypervisor. The order is fixed: it gives their events their numbers. */
export const builtinFacilities: readonly FacilityDefinition[] = Object.freeze([
  core,
  xenSched,
  xenDom0op,
  xenVmx,
  xenMem,
]);
