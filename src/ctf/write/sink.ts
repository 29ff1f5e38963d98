// Any trace as CTF: entries of the neutral model, put together to packets.

import { RECORD_EVENT_BITS, RECORD_EVENT_MASK } from "../../../assembly/public/layout.js";
import { TraceError } from "../../errors.js";
import type { LossEntry, RecordEntry, TraceEntry } from "../../trace/entry.js";
import type { EventClass, TraceSchema } from "../../trace/schema.js";
import type { TraceSink } from "../../trace/sink.js";
import { facilityOf } from "../event-class.js";
import { randomUuid } from "../uuid.js";
import { describeClock } from "./clock.js";
import { environmentOf } from "./environment.js";
import type { NewFiles } from "./files.js";
import { metadataClock, metadataEventClass, metadataEvents, metadataHeader } from "./metadata.js";
import { PacketHeaders } from "./packet-headers.js";
import { type Encoder, encoderOf, Growing } from "./payload.js";

/** Bytes of records after which a packet is written. */
const PACKET_BYTES = 1 << 20;
/** A record's header has this many nanoseconds of its time: readers know the rest by the record before. */
const TURN = 1n << BigInt(64 - RECORD_EVENT_BITS);
const U64 = 1n << 64n;

/** How the files are to be called. */
export interface CtfSinkOptions {
  /** Name of the channel, of which the stream files are called. Default "xen". */
  readonly channel?: string;
}

/** An event, as records of it are written. */
interface WrittenEvent {
  readonly id: number;
  readonly encode: Encoder;
}

/** The packet of a CPU that is not written yet. */
interface OpenPacket {
  readonly content: Growing;
  /** Of each record, its time and the byte after it. */
  readonly records: { readonly timestamp: bigint; readonly end: number }[];
  /** Time of the last entry. */
  last: bigint;
  discarded: number;
}

const encoder = new TextEncoder();

/**
 * Writes any trace as CTF: `metadata`, and a stream a CPU. A class that can be said in tbuf's words is written as a
 * facility's event. A loss is told with the time that it happened since, unless more than 1 MiB of that CPU's records
 * came in between, or a gap of 52 days: then that time comes out later.
 */
export class CtfSink implements TraceSink {
  readonly #files: NewFiles;
  readonly #channel: string;
  readonly #events = new Map<EventClass, WrittenEvent>();
  readonly #open = new Map<number, OpenPacket>();
  #headers = new PacketHeaders(randomUuid());

  constructor(files: NewFiles, { channel = "xen" }: CtfSinkOptions = {}) {
    this.#files = files;
    this.#channel = channel;
  }

  /** The trace keeps its UUID, or gets one. Throws a TypeError for a schema that CTF has no words for. */
  begin(schema: TraceSchema): void {
    const { uuid = randomUuid(), environment, clock, cpuClocks, events } = schema;
    this.#headers = new PacketHeaders(uuid);
    const header = metadataHeader({
      uuid,
      env: environmentOf(environment),
      clock: describeClock(clock),
    });
    this.#describe(header + cpuClocks.map(metadataClock).join("") + this.#declare(events));
  }

  /**
   * Throws TraceError `events-full` for more events than CTF files of tbuf have room for, and `corrupt` for an entry
   * that is earlier than one of its CPU before it, or whose values are not of their classes.
   */
  append(entry: TraceEntry): void {
    const packet = this.#packetOf(entry.cpu);
    if (entry.kind === "loss") this.#lose(packet, entry);
    else this.#record(packet, entry);
  }

  /** Writes what is left, and closes the files, also if that fails. */
  finish(): void {
    try {
      for (const [cpu, packet] of this.#open) this.#flush(cpu, packet);
    } finally {
      this.#files.close();
    }
  }

  #packetOf(cpu: number): OpenPacket {
    const known = this.#open.get(cpu);
    if (known) return known;
    const packet = { content: new Growing(), records: [], last: 0n, discarded: 0 };
    this.#open.set(cpu, packet);
    return packet;
  }

  #record(packet: OpenPacket, entry: RecordEntry): void {
    const { cpu, timestamp, eventClass, fields } = entry;
    if (timestamp < packet.last || timestamp >= U64) {
      throw new TraceError(
        "corrupt",
        `CPU ${cpu}: ${entry.event} at ${timestamp} ns, after ${packet.last} ns: ` +
          "times go from 0 to 2^64 - 1 and never back",
      );
    }
    const { id, encode } = this.#eventOf(eventClass);
    const { content, records } = packet;
    if (content.length >= PACKET_BYTES || timestamp - packet.last >= TURN) this.#flush(cpu, packet);
    const before = content.length;
    content.wide((timestamp << BigInt(RECORD_EVENT_BITS)) | BigInt(id));
    try {
      encode(fields, content);
    } catch (cause) {
      content.length = before;
      const { message } = cause as Error;
      throw new TraceError("corrupt", `CPU ${cpu}: ${entry.event}: ${message}`, { cause });
    }
    records.push({ timestamp, end: content.length });
    packet.last = timestamp;
  }

  #lose(packet: OpenPacket, { cpu, records, timestamp, since }: LossEntry): void {
    const end = timestamp > packet.last ? timestamp : packet.last;
    const before = this.#headers.state(cpu)?.end;
    // The packet before has to end there.
    if (since !== undefined && since <= end && (before === undefined || since > before)) {
      const earlier = packet.records.findLastIndex((record) => record.timestamp <= since) + 1;
      this.#write(cpu, packet, earlier, since);
    }
    packet.discarded += records;
    this.#write(cpu, packet, packet.records.length, end);
    packet.last = end;
  }

  #flush(cpu: number, packet: OpenPacket): void {
    if (packet.records.length > 0) this.#write(cpu, packet, packet.records.length, packet.last);
  }

  /** Writes the first records of the open packet as one that ends at `end`. */
  #write(cpu: number, packet: OpenPacket, records: number, end: bigint): void {
    const written = packet.records.splice(0, records);
    const length = written.at(-1)?.end ?? 0;
    const bytes = packet.content.bytes.subarray(0, length);
    const { discarded } = packet;
    const begin = written[0]?.timestamp ?? end;
    const header = this.#headers.next({ cpu, begin, end, records, discarded, bytes });
    this.#files.append(`${this.#channel}_${cpu}`, [header, bytes]);
    packet.content.drop(length);
    for (const [i, record] of packet.records.entries()) {
      packet.records[i] = { ...record, end: record.end - length };
    }
  }

  #eventOf(eventClass: EventClass): WrittenEvent {
    const known = this.#events.get(eventClass);
    if (known) return known;
    this.#describe(this.#declare([eventClass]));
    return this.#eventOf(eventClass);
  }

  /** Gives classes their numbers. @returns what is to be appended to the metadata */
  #declare(classes: readonly EventClass[]): string {
    let text = "";
    for (const group of neighbours(classes)) {
      const first = this.#events.size;
      if (first + group.length > RECORD_EVENT_MASK + 1) {
        throw new TraceError(
          "events-full",
          `CTF: more than ${RECORD_EVENT_MASK + 1} classes of events; the next one is ` +
            JSON.stringify(group[0]?.name),
        );
      }
      const facility = facilityOf(group);
      if (facility) text += metadataEvents(first, facility);
      for (const [i, eventClass] of group.entries()) {
        if (!facility) text += metadataEventClass(first + i, eventClass);
        this.#events.set(eventClass, { id: first + i, encode: encoderOf(eventClass.fields) });
      }
    }
    return text;
  }

  #describe(text: string): void {
    this.#files.append("metadata", [encoder.encode(text)]);
  }
}

/** The classes in their order; those of one group that follow each other are together. */
function neighbours(classes: readonly EventClass[]): EventClass[][] {
  const groups: EventClass[][] = [];
  for (const eventClass of new Set(classes)) {
    const group = groups.at(-1);
    const isSame = eventClass.group !== undefined && group?.[0]?.group === eventClass.group;
    if (group && isSame) group.push(eventClass);
    else groups.push([eventClass]);
  }
  return groups;
}
