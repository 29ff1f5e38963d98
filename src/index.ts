// The public API: exports only.

export type { CalibrateOptions } from "./clock/calibrate.js";
export type { Clock, ClockBase, ClockKind, CpuClock } from "./clock/clock.js";
export type { Ticker, TickerOptions } from "./clock/ticker.js";
export type { AttachOptions, Cpu, Writer } from "./cpu/cpu.js";
export { type HypervisorHandle, join, type Member } from "./cpu/member.js";
export { TraceError, type TraceErrorCode } from "./errors.js";
export {
  type ArgumentOf,
  array,
  bool,
  bytes,
  defineFacility,
  type EventArgs,
  type EventDefinition,
  type EventNotes,
  type EventSelection,
  enumOf,
  event,
  type FacilityDefinition,
  type FacilityTable,
  type Field,
  type FieldKind,
  type FieldList,
  type FieldTable,
  type FieldType,
  f32,
  f64,
  field,
  i8,
  i16,
  i32,
  i64,
  label,
  type ScalarKind,
  string,
  type TypedField,
  u8,
  u16,
  u32,
  u64,
} from "./event/index.js";
export { POLL_SLEEP_MILLIS, VIRQ_DOM_EXC, VIRQ_TBUF } from "./host/evtchn.js";
export type {
  AbortSignalLike,
  CpuInfo,
  CpuLoss,
  CreateTraceOptions,
  Dom0,
  EvtchnHandler,
  ForeignMapping,
  Packet,
  PacketsOptions,
  Trace,
  TraceInfo,
  TraceMode,
  VirqHandler,
} from "./host/index.js";
export { type BootOptions, Hypervisor } from "./hypervisor.js";
export { type Capabilities, capabilities } from "./memory/capabilities.js";
export type { ThreadInfo } from "./memory/cpu-table.js";
export type { Frames } from "./memory/frame-table.js";
export type { OwnBytes } from "./memory/own-bytes.js";
export type { WasmMemory, WasmModule } from "./memory/wasm.js";
export type { FlightRecorder, FlightRecorderOptions } from "./recording/flight-recorder.js";
export { flightRecorder, record, type TraceFileMap } from "./recording/index.js";
export { type LiveSourceOptions, liveSource } from "./recording/live-source.js";
export type { PacketOutput, Recording, RecordingOptions } from "./recording/recording.js";
export {
  facility,
  type TracepointFunction,
  type Tracepoints,
  tracepointsOf,
} from "./tracepoint/facility.js";
