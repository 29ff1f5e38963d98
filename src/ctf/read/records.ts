// The records of a packet as values. Packets come from files or another thread's memory: nothing in
// them is trusted.

import {
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
} from "../../../assembly/public/layout.js";
import { timeFrom } from "../../clock/record-time.js";
import { type Decoder, decoderOf } from "../../event/decode.js";
import type { EventDefinition } from "../../event/definition.js";
import { type Sizer, sizerOf } from "../../event/payload.js";
import { decodePacketHeader, PACKET_HEADER_BYTES } from "../packet.js";
import type { LoadedFacility } from "./metadata.js";

/** One record, decoded. */
export interface DecodedRecord {
  /** Facility and event, "app:request". */
  readonly event: string;
  /** Names and types of its fields, in their order. */
  readonly definition: EventDefinition;
  /** Nanoseconds since boot. */
  readonly timestamp: bigint;
  /** Values by field name; u64 and i64 are bigint, enums numbers. */
  readonly fields: Record<string, unknown>;
}

/** Events by number, compiled. Make it once for all packets of a trace. */
export type EventTable = ReadonlyMap<number, CompiledEvent>;

/** An event with the functions that read its payload. */
export interface CompiledEvent {
  readonly name: string;
  readonly definition: EventDefinition;
  /** @internal */
  readonly size: Sizer;
  /** @internal */
  readonly decode: Decoder;
}

/** Compiles the events of facilities. Throws a RangeError when two claim one event number. */
export function compileFacilities(facilities: Iterable<LoadedFacility>): EventTable {
  const table = new Map<number, CompiledEvent>();
  for (const { firstEvent, definition } of facilities) {
    for (const [index, event] of definition.events.entries()) {
      const id = firstEvent + index;
      const name = `${definition.name}:${event.name}`;
      if (!Number.isInteger(id) || id < 0 || id > RECORD_EVENT_MASK) {
        throw new RangeError(`event ${id} (${name}): numbers go from 0 to ${RECORD_EVENT_MASK}`);
      }
      const other = table.get(id);
      if (other) throw new RangeError(`event ${id}: both ${other.name} and ${name} claim it`);
      table.set(id, {
        name,
        definition: event,
        size: sizerOf(event),
        decode: decoderOf(event),
      });
    }
  }
  return table;
}

/**
 * The records of one packet, in order. `bytes` begins with its header. `events` is a compiled table,
 * or the facilities themselves. Throws a RangeError or TypeError naming the position when the packet
 * is cut off, an event is not known, a payload does not fit, time leaves the packet's or goes
 * backwards (I8), or the header counts other than what is there; records before that are yielded.
 */
export function* decodePacket(
  bytes: Uint8Array,
  events: EventTable | Iterable<LoadedFacility>,
): Generator<DecodedRecord, void, void> {
  const table =
    events instanceof Map
      ? (events as EventTable)
      : compileFacilities(events as Iterable<LoadedFacility>);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = decodePacketHeader(view, 0);
  const end = header.contentBytes;
  if (end > bytes.length) {
    throw new RangeError(`packet: content of ${end} bytes, but only ${bytes.length} are there`);
  }
  let at = PACKET_HEADER_BYTES;
  let last = header.timestampBegin;
  let count = 0;
  while (at < end) {
    const where = `record at byte ${at} of the packet`;
    if (end - at < RECORD_HEADER_BYTES) throw new RangeError(`${where}: only ${end - at} bytes`);
    const word = view.getBigUint64(at, true);
    const id = Number(word & BigInt(RECORD_EVENT_MASK));
    const low = word >> BigInt(RECORD_EVENT_BITS);
    const timestamp = timeFrom(low, last);
    const entry = table.get(id);
    if (!entry) throw new RangeError(`${where}: event ${id} is not known`);
    if (timestamp > header.timestampEnd) {
      throw new RangeError(`${where}: time ${low} not of ${last} to ${header.timestampEnd}`);
    }
    const payload = at + RECORD_HEADER_BYTES;
    const size = entry.size(view, payload, end);
    if (size < 0) throw new RangeError(`${where}: ${entry.name} does not fit before byte ${end}`);
    const fields = entry.decode(view, payload, payload + size);
    yield { event: entry.name, definition: entry.definition, timestamp, fields };
    last = timestamp;
    count += 1;
    at = payload + size;
  }
  if (count !== header.records) {
    throw new RangeError(`packet: its header counts ${header.records} records, it holds ${count}`);
  }
}
