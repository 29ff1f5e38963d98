// What a Node program that embeds tbuf needs beyond the runtime-neutral API.

export type { Disposable } from "../dispose.js";
export { CtfDirSink, type CtfDirSinkOptions } from "./files/ctf-dir-sink.js";
export { CtfWriter, type CtfWriterOptions } from "./files/ctf-writer.js";
export type { NewTraceDirOptions } from "./files/new-trace-dir.js";
export type { TornTail } from "./files/torn-tail.js";
export {
  countEvents,
  openTraceDir,
  readTraceDir,
  type TraceDir,
  type TraceDirOptions,
} from "./files/trace-dir.js";
export { reapWorkers } from "./reap-workers.js";
export { type FlightOptions, flightRecorder, type RecordOptions, record } from "./recording.js";
export { snapshot } from "./snapshot.js";
export { type AttachThreadOptions, attachThread } from "./threads/attach.js";
