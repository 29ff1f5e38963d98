// Tracepoints of what tbuf does itself, in any runtime. A facility that a thread has no tracepoints of
// is not registered by it, and costs it nothing.

import { core, xenDom0op, xenMem } from "../facilities/index.js";
import { sharedTracepoints } from "./shared.js";

export const coreEvents = sharedTracepoints(core);
export const dom0opEvents = sharedTracepoints(xenDom0op);
export const memEvents = sharedTracepoints(xenMem);
