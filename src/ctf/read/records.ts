// The records of a packet as values. Packets come from files or another thread's memory: nothing in
// them is trusted.

import {
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
} from "../../../assembly/public/layout.js";
import { timeFrom } from "../../clock/record-time.js";
import type { EventClass } from "../../trace/schema.js";
import { eventClassOf } from "../event-class.js";
import { decodePacketHeader, PACKET_HEADER_BYTES } from "../packet.js";
import type { LoadedEvent, LoadedFacility } from "./metadata.js";
import { type Decoder, decoderOf } from "./payload.js";

/** One record, decoded. */
export interface DecodedRecord {
  /** Facility and event, "app:request". */
  readonly event: string;
  /** Names and classes of its fields, in their order. */
  readonly eventClass: EventClass;
  /** Nanoseconds since boot. */
  readonly timestamp: bigint;
  /** Values by field name; u64 and i64 are bigint, enums numbers. */
  readonly fields: Record<string, unknown>;
}

/** Events by number, compiled. Make it once for all packets of a trace. */
export type EventTable = ReadonlyMap<number, CompiledEvent>;

/** An event with the function that reads its payload. */
export interface CompiledEvent {
  readonly name: string;
  readonly eventClass: EventClass;
  /** @internal */
  readonly decode: Decoder;
}

/**
 * Compiles the events of facilities, and others. Throws a RangeError when two claim one event number.
 */
export function compileFacilities(
  facilities: Iterable<LoadedFacility>,
  others: Iterable<LoadedEvent> = [],
): EventTable {
  const table = new Map<number, CompiledEvent>();
  for (const { firstEvent, definition } of facilities) {
    for (const [index, event] of definition.events.entries()) {
      add(table, firstEvent + index, eventClassOf(definition.name, event));
    }
  }
  for (const { event, eventClass } of others) add(table, event, eventClass);
  return table;
}

function add(table: Map<number, CompiledEvent>, id: number, eventClass: EventClass): void {
  const { name, fields } = eventClass;
  if (!Number.isInteger(id) || id < 0 || id > RECORD_EVENT_MASK) {
    throw new RangeError(`event ${id} (${name}): numbers go from 0 to ${RECORD_EVENT_MASK}`);
  }
  const other = table.get(id);
  if (other) throw new RangeError(`event ${id}: both ${other.name} and ${name} claim it`);
  table.set(id, { name, eventClass, decode: decoderOf(fields) });
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
  const content = { at: PACKET_HEADER_BYTES, until: end, ...header };
  yield* decodeRecords(view, content, table);
}

/** Where the records of a packet are, and what is known of them. */
export interface PacketContent {
  /** Byte of the first record, and the one after the last. */
  readonly at: number;
  readonly until: number;
  /** Nanoseconds since boot, as in `PacketHeader`. */
  readonly timestampBegin: bigint;
  readonly timestampEnd: bigint;
  readonly records: number;
}

/** The records of one packet, as `decodePacket` yields them, without its header. */
export function* decodeRecords(
  view: DataView,
  { at: first, until, timestampBegin, timestampEnd, records }: PacketContent,
  table: EventTable,
): Generator<DecodedRecord, void, void> {
  let at = first;
  let last = timestampBegin;
  let count = 0;
  while (at < until) {
    const where = `record at byte ${at} of the packet`;
    if (until - at < RECORD_HEADER_BYTES)
      throw new RangeError(`${where}: only ${until - at} bytes`);
    const word = view.getBigUint64(at, true);
    const id = Number(word & BigInt(RECORD_EVENT_MASK));
    const low = word >> BigInt(RECORD_EVENT_BITS);
    const timestamp = timeFrom(low, last);
    const event = table.get(id);
    if (!event) throw new RangeError(`${where}: event ${id} is not known`);
    if (timestamp > timestampEnd) {
      throw new RangeError(`${where}: time ${low} not of ${last} to ${timestampEnd}`);
    }
    const { name, eventClass, decode } = event;
    const payload = decodeOne(decode, view, at + RECORD_HEADER_BYTES, until, `${where}: ${name}`);
    yield { event: name, eventClass, timestamp, fields: payload.fields };
    last = timestamp;
    count += 1;
    at = payload.end;
  }
  if (count !== records) {
    throw new RangeError(`packet: its header counts ${records} records, it holds ${count}`);
  }
}

function decodeOne(decode: Decoder, view: DataView, at: number, end: number, what: string) {
  try {
    return decode(view, at, end);
  } catch (cause) {
    throw new RangeError(`${what} does not fit before byte ${end}`, { cause });
  }
}
