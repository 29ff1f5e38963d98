export {
  type LossEntry,
  mergeStreams,
  type PacketStream,
  type RecordEntry,
  type TraceEntry,
} from "./merge.js";
export {
  type ClockDescription,
  type MetadataHeader,
  metadataClock,
  metadataEvents,
  metadataHeader,
} from "./metadata.js";
export {
  checkMetadata,
  type LoadedFacility,
  readClocks,
  readFacilities,
  type TraceMetadata,
} from "./metadata-reader.js";
export {
  CTF_MAGIC,
  decodePacketHeader,
  encodePacketHeader,
  PACKET_HEADER_BYTES,
  type PacketHeader,
} from "./packet.js";
export {
  type LocatedPacket,
  type StreamSummary,
  scanStream,
  summarize,
  TornPacketError,
  type Totals,
  type TraceSummary,
} from "./reader.js";
export {
  type CompiledEvent,
  compileFacilities,
  type DecodedRecord,
  decodePacket,
  type EventTable,
} from "./records.js";
export {
  type Loss,
  type RecordedPacket,
  type TraceDescription,
  TraceEncoder,
  type TraceSource,
} from "./trace-encoder.js";
export { TraceFiles, type TraceFilesOptions } from "./trace-files.js";
export {
  openTraceFiles,
  packetStream,
  type StreamContext,
  type TraceReader,
} from "./trace-reader.js";
export { formatUuid, parseUuid, randomUuid } from "./uuid.js";
