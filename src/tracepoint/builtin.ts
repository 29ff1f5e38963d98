// Tracepoints of what tbuf does itself, in any runtime. A facility that a thread has no tracepoints of
// is not registered by it, and costs it nothing.

import { core, xenDom0op, xenMem } from "../facilities/index.js";
import { tracepointsOf } from "./facility.js";

export const coreEvents = tracepointsOf(core);
export const dom0opEvents = tracepointsOf(xenDom0op);
export const memEvents = tracepointsOf(xenMem);
