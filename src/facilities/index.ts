// The facilities that tbuf defines: its own, and those of the 2006 notes on Xen. Each is registered by
// the first thread that has tracepoints of it, as any other facility is.

export { core } from "./core.js";
export { nodeGc } from "./node-gc.js";
export { nodeHttp } from "./node-http.js";
export { nodeLoop } from "./node-loop.js";
export { nodeSource } from "./node-source.js";
export { wasmGuest } from "./wasm-guest.js";
export { xenDom0op } from "./xen-dom0op.js";
export { xenMem } from "./xen-mem.js";
export { xenSched } from "./xen-sched.js";
export { xenVmx } from "./xen-vmx.js";
