// What a Node program that embeds tbuf needs beyond the runtime-neutral API.

export { CtfWriter, type CtfWriterOptions } from "./files/ctf-writer.js";
export type { TornTail } from "./files/torn-tail.js";
export { countEvents, openTraceDir, readTraceDir, type TraceDir } from "./files/trace-dir.js";
export { type FlightOptions, flightRecorder, type RecordOptions, record } from "./recording.js";
export { type AttachThreadOptions, attachThread, reapWorkers } from "./sources/workers.js";
