export { type CreateTraceOptions, Dom0 } from "./dom0.js";
export {
  type EvtchnOptions,
  POLL_SLEEP_MILLIS,
  VIRQ_DOM_EXC,
  VIRQ_TBUF,
  type VirqHandler,
} from "./evtchn.js";
export type { RegisteredFacility } from "./facility-table.js";
export type { ForeignMapping } from "./foreign-map.js";
export type { Packet } from "./packet.js";
export type { CpuInfo, TraceControlInfo, TraceMode } from "./privcmd.js";
export type {
  AbortSignalLike,
  CpuLoss,
  PacketsOptions,
  Trace,
  TraceInfo,
} from "./trace-control.js";
export type { SeedOps } from "./xen-ops.js";
