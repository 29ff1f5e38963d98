// The metadata file of a trace: CTF 1.8 TSDL as plain text. It is written in pieces, since
// facilities may be loaded while a trace is being written: the header first, then the events of
// each facility. Trace Compass takes plain text only if it begins with the comment.

import { RECORD_EVENT_MASK } from "../../../assembly/public/layout.js";
import type { CpuClock } from "../../clock/clock.js";
import { type FacilityDefinition, toJson, withoutLabels } from "../../event/definition.js";
import type { EventClass } from "../../trace/schema.js";
import { classToJson } from "../class-json.js";
import { eventClassOf } from "../event-class.js";
import {
  CLASS_COMMENT,
  CLOCK_COMMENT,
  CTF_MAGIC_LINE,
  FACILITY_COMMENT,
  TRACER_NAME,
} from "../names.js";
import { parseUuid } from "../uuid.js";
import { type DeclareField, declareFields, literal, TYPE_ALIASES } from "./tsdl.js";
import { declareAny } from "./tsdl-any.js";

export interface ClockDescription {
  /** An identifier; "monotonic" unless given. */
  readonly name?: string;
  readonly description: string;
  /** Time of the clock's zero since the Unix epoch: whole seconds and the nanoseconds beyond. */
  readonly offsetSeconds: number;
  readonly offsetNanoseconds: number;
  /** Nanoseconds by which a time may be off: resolution and error together. */
  readonly precisionNs?: number;
  readonly uuid?: string;
}

export interface MetadataHeader {
  /** UUID of the trace as text. */
  readonly uuid: string;
  /** What readers show about the trace. `tracer_name` is always "tbuf" and need not be given. */
  readonly env: { readonly [name: string]: string | number };
  readonly clock: ClockDescription;
}

/**
 * The first part of the metadata: types, trace, env, clock and stream. Throws a TypeError when a
 * UUID, a name or a value cannot be written.
 */
export function metadataHeader({ uuid, env, clock }: MetadataHeader): string {
  parseUuid(uuid);
  const name = identifier("clock", clock.name ?? "monotonic");
  const clockLines = [
    `name = ${name};`,
    ...(clock.uuid === undefined ? [] : [`uuid = ${literal(clock.uuid)};`]),
    `description = ${literal(clock.description)};`,
    "freq = 1000000000;",
    ...(clock.precisionNs === undefined
      ? []
      : [`precision = ${natural("clock precision", clock.precisionNs)};`]),
    `offset_s = ${natural("clock offset in seconds", clock.offsetSeconds)};`,
    `offset = ${natural("clock offset in nanoseconds", clock.offsetNanoseconds)};`,
    // Traces of several machines or runs can only be read together when all say so.
    "absolute = true;",
  ];
  if (clock.uuid !== undefined) parseUuid(clock.uuid);
  return `${CTF_MAGIC_LINE}

${TYPE_ALIASES}
trace {
	major = 1;
	minor = 8;
	uuid = ${literal(uuid)};
	byte_order = le;
	packet.header := struct {
		uint32_t magic;
		uint8_t uuid[16];
		uint32_t stream_id;
	};
};

env {
${envLines(env)
  .map((line) => `\t${line}`)
  .join("\n")}
};

clock {
${clockLines.map((line) => `\t${line}`).join("\n")}
};

typealias integer { size = 12; align = 1; signed = false; } := id12;
typealias integer { size = 52; align = 1; signed = false; map = clock.${name}.value; } := ts52;
typealias integer { size = 64; align = 32; signed = false; map = clock.${name}.value; } := ts64;

stream {
	id = 0;
	packet.context := struct {
		ts64 timestamp_begin;
		ts64 timestamp_end;
		uint64_t content_size;
		uint64_t packet_size;
		uint64_t packet_seq_num;
		uint64_t events_discarded;
		uint32_t cpu_id;
		uint32_t records;
	};
	event.header := struct {
		id12 id;
		ts52 timestamp;
	} align(32);
};
`;
}

/**
 * The events of a facility whose first one has the number `firstEvent`, to be appended to the
 * metadata. Their definition goes before them as JSON in a comment, so that this package's own
 * reader gets back exactly what was defined (see `readFacilities`). Throws a RangeError when the
 * events would not have numbers of 12 bits.
 */
export function metadataEvents(firstEvent: number, definition: FacilityDefinition): string {
  const last = firstEvent + definition.events.length - 1;
  if (!Number.isInteger(firstEvent) || firstEvent < 0 || last > RECORD_EVENT_MASK) {
    throw new RangeError(
      `facility ${JSON.stringify(definition.name)}: events ${firstEvent} to ${last}, not of 0 to ${RECORD_EVENT_MASK}`,
    );
  }
  const events = definition.events.map((event, index) =>
    declareEvent(firstEvent + index, eventClassOf(definition.name, event)),
  );
  const json = commentJson(toJson(withoutLabels(definition)));
  return `\n/* ${FACILITY_COMMENT} ${firstEvent} ${json} */\n${events.join("")}`;
}

/**
 * An event of any class, to be appended to the metadata, with the class as JSON in a comment before it, which
 * this package's own reader takes (see `readEventClasses`). Throws a RangeError for a number of more than 12
 * bits, and a TypeError for a class that is none.
 */
export function metadataEventClass(event: number, eventClass: EventClass): string {
  if (!Number.isInteger(event) || event < 0 || event > RECORD_EVENT_MASK) {
    throw new RangeError(
      `event ${JSON.stringify(eventClass.name)}: number ${event}, not of 0 to ${RECORD_EVENT_MASK}`,
    );
  }
  const json = commentJson(classToJson(eventClass));
  return `\n/* ${CLASS_COMMENT} ${event} ${json} */\n${declareEvent(event, eventClass, declareAny)}`;
}

function declareEvent(
  event: number,
  { name, fields }: EventClass,
  declareField?: DeclareField,
): string {
  const lines = declareFields(fields, declareField).map((line) => `\t\t${line}\n`);
  return `
event {
	name = ${literal(name)};
	id = ${event};
	stream_id = 0;
	fields := struct {
${lines.join("")}	};
};
`;
}

/**
 * A CPU's clock, to be appended to the metadata: TSDL knows one clock a trace and has no place for
 * it, so it goes into a comment, for this package's own reader (see `readClocks`).
 */
export function metadataClock(clock: CpuClock): string {
  return `\n/* ${CLOCK_COMMENT} ${commentJson(JSON.stringify(clock))} */\n`;
}

/** JSON that is ASCII and cannot end a comment. */
function commentJson(json: string): string {
  return json
    .replaceAll("*/", "*\\/")
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function envLines(env: MetadataHeader["env"]): string[] {
  if (Object.hasOwn(env, "tracer_name") && env.tracer_name !== TRACER_NAME) {
    throw new TypeError(`env tracer_name: must be ${JSON.stringify(TRACER_NAME)}`);
  }
  return Object.entries({ tracer_name: TRACER_NAME, ...env }).map(([name, value]) => {
    identifier("env", name);
    if (typeof value === "string") return `${name} = ${literal(value)};`;
    if (!Number.isSafeInteger(value)) {
      throw new TypeError(`env ${name}: ${String(value)} is neither a string nor a safe integer`);
    }
    return `${name} = ${value};`;
  });
}

function identifier(what: string, name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) {
    throw new TypeError(`${what} name: ${JSON.stringify(name)} is not an identifier`);
  }
  return name;
}

function natural(what: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new TypeError(`${what}: ${String(value)} is not an integer of 0 or more`);
  }
  return value;
}
