// Tracepoints of the facilities that every hypervisor has.

import { core, xenDom0op, xenMem, xenSched, xenVmx } from "./facilities/index.js";
import { tracepointsOf } from "./facility.js";

export const coreEvents = tracepointsOf(core);
export const schedEvents = tracepointsOf(xenSched);
export const dom0opEvents = tracepointsOf(xenDom0op);
export const vmxEvents = tracepointsOf(xenVmx);
export const memEvents = tracepointsOf(xenMem);
