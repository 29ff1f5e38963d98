export type { CpuInfo } from "../memory/hypercall-page.js";
export type { TraceMode } from "../memory/trace-table.js";
export type { CreateTraceOptions } from "./create-trace.js";
export { Dom0 } from "./dom0.js";
export {
  type EvtchnHandler,
  type EvtchnOptions,
  POLL_SLEEP_MILLIS,
  VIRQ_DOM_EXC,
  VIRQ_TBUF,
  type VirqHandler,
} from "./evtchn.js";
export type { RegisteredFacility } from "./facility-table.js";
export type { ForeignMapping } from "./foreign-map.js";
export type { Packet } from "./packet.js";
export type { TraceControlInfo } from "./privcmd.js";
export type {
  AbortSignalLike,
  CpuLoss,
  PacketsOptions,
  Trace,
  TraceInfo,
} from "./trace-control.js";
export type { SeedOps } from "./xen-ops.js";
