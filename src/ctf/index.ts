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
export { formatUuid, parseUuid } from "./uuid.js";
