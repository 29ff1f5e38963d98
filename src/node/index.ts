// What a Node program that embeds tbuf needs beyond the runtime-neutral API.

export { CtfWriter, type CtfWriterOptions } from "./ctf-writer.js";
export type { TornTail } from "./torn-tail.js";
export { countEvents, openTraceDir, readTraceDir, type TraceDir } from "./trace-dir.js";
export { type AttachThreadOptions, attachThread, reapWorkers } from "./worker-source.js";
