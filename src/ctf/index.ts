export type { LossEntry, RecordEntry, TraceEntry } from "../trace/entry.js";
export {
  mergeStreams,
  type StreamInfo,
  type TraceStream,
} from "../trace/merge.js";
export {
  CTF_MAGIC,
  decodePacketHeader,
  encodePacketHeader,
  PACKET_HEADER_BYTES,
  type PacketHeader,
} from "./packet.js";
export {
  entriesOf,
  type PacketStream,
  type PacketTold,
  type Told,
  traceStream,
} from "./read/entries.js";
export {
  checkMetadata,
  type LoadedEvent,
  type LoadedFacility,
  readClocks,
  readEventClasses,
  readFacilities,
  type TraceMetadata,
} from "./read/metadata.js";
export {
  type CompiledEvent,
  compileFacilities,
  type DecodedRecord,
  decodePacket,
  type EventTable,
} from "./read/records.js";
export {
  type LocatedPacket,
  type StreamSummary,
  scanStream,
  summarize,
  TornPacketError,
  type Totals,
  type TraceSummary,
} from "./read/stream.js";
export {
  openTraceFiles,
  packetStream,
  type StreamContext,
  type TraceReader,
} from "./read/trace.js";
export { formatUuid, parseUuid, randomUuid } from "./uuid.js";
export { MemoryFiles, type NewFiles } from "./write/files.js";
export {
  type ClockDescription,
  type MetadataHeader,
  metadataClock,
  metadataEventClass,
  metadataEvents,
  metadataHeader,
} from "./write/metadata.js";
export type { RecordedPacket } from "./write/packet-headers.js";
export { CtfSink, type CtfSinkOptions } from "./write/sink.js";
export {
  type Loss,
  type TraceDescription,
  TraceEncoder,
  type TraceSource,
} from "./write/trace-encoder.js";
export { TraceFiles, type TraceFilesOptions } from "./write/trace-files.js";
