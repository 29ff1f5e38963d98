// What a facility is: a name, and events in a fixed order, each with a name and typed fields. Event
// numbers are not part of it: the hypervisor gives a facility its first event when it is loaded.

import { EVENTS_MAX } from "../../assembly/public/layout.js";
import { quote } from "../errors.js";
import {
  type ArgumentOf,
  type FieldType,
  isFieldType,
  isOwnType,
  typeFromJson,
  typeToJson,
} from "./field.js";
import { checkFacilityName, checkName } from "./names.js";

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

/** A field that takes a `T`. */
export interface TypedField<T> extends Field {
  readonly type: FieldType<T>;
}

export interface EventDefinition {
  readonly name: string;
  /** In the order in which they are laid out. */
  readonly fields: readonly Field[];
  /** Xen trace id (28 bits, TRC_ in Xen's public/trace.h) that this event is written as. */
  readonly xen?: number;
  /** One sentence for the documentation; stays in the program that defines the facility. */
  readonly doc?: string;
  /** What it is to users, in a few plain words: "timeout fired". Readers show it in place of the name. */
  readonly label?: string;
  /** Set when its tracepoint takes one object of named values; stays in this program, like `doc`. */
  readonly named?: true;
}

/** Events of one subject. `T` is the table it was defined by, for the types of its tracepoints. */
export interface FacilityDefinition<T extends FacilityTable = FacilityTable> {
  readonly name: string;
  readonly events: readonly EventDefinition[];
  /** Never set: carries `T` for the compiler. */
  readonly "~table"?: T;
}

/** Those that this copy of the package has checked, with types of its own: they never change. */
const own = new WeakSet<FacilityDefinition>();

/** True for a definition that `fromJson(toJson(definition))` would give again, but for notes. */
export function isOwnDefinition(definition: FacilityDefinition): boolean {
  return own.has(definition);
}

/** Fields by name: the tracepoint takes one object. */
export type FieldTable = { readonly [name: string]: FieldType };
/** Fields in order: the tracepoint takes positional arguments. */
export type FieldList = readonly Field[];

/** Fields of an event, with a Xen id, a sentence of documentation and its plain words. Made by `event`. */
export interface EventNotes<F extends FieldTable | FieldList = FieldTable | FieldList> {
  readonly fields: F;
  readonly xen?: number;
  readonly doc?: string;
  readonly label?: string;
  readonly "~event": true;
}

export type FacilityTable = { readonly [event: string]: FieldTable | FieldList | EventNotes };

/** Arguments of the tracepoint of an event defined as `F`. */
export type EventArgs<F> =
  F extends EventNotes<infer G>
    ? EventArgs<G>
    : F extends readonly Field[]
      ? { -readonly [I in keyof F]: F[I] extends Field ? ArgumentOf<F[I]["type"]> : never }
      : F extends FieldTable
        ? [keyof F] extends [never]
          ? []
          : [{ [N in keyof F]: ArgumentOf<F[N]> }]
        : never;

/** A field for the positional form of an event. */
export function field<T>(name: string, type: FieldType<T>): TypedField<T> {
  return Object.freeze({ name, type });
}

/** Fields of an event together with its Xen trace id, what it means, and what users call it. */
export function event<const F extends FieldTable | FieldList>(
  fields: F,
  notes: { readonly xen?: number; readonly doc?: string; readonly label?: string },
): EventNotes<F> {
  return Object.freeze({ ...notes, fields, "~event": true });
}

/**
 * Defines a facility. `table` holds one entry an event: its fields as an object (the tracepoint
 * then takes one object) or as a list of `field(...)` (positional arguments), or either of them
 * within `event(...)`. Throws a TypeError naming the value and the limit when a name or label is not
 * 1 to 63 bytes of UTF-8 without control characters, two fields have one name, a type is not one,
 * or there is not at least one event.
 */
export function defineFacility<const T extends FacilityTable>(
  name: string,
  table: T,
): FacilityDefinition<T> {
  checkFacilityName(name);
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw new TypeError(`facility ${quote(name)}: its table is not an object of events`);
  }
  const events = Object.entries(table).map(([eventName, entry]) => {
    const where = `event ${quote(`${name}:${eventName}`)}`;
    const notes = isNotes(entry) ? entry : undefined;
    const listed = notes ? notes.fields : (entry as FieldTable | FieldList);
    if (typeof listed !== "object" || listed === null) {
      throw new TypeError(`${where}: ${quote(listed)}, not an object or list of fields`);
    }
    const named = !Array.isArray(listed);
    const fields: readonly Field[] = named
      ? Object.entries(listed as FieldTable).map(([n, type]) => ({ name: n, type }))
      : (listed as FieldList);
    return checkEvent(where, {
      name: eventName,
      fields,
      ...(notes?.xen !== undefined && { xen: notes.xen }),
      ...(notes?.doc !== undefined && { doc: notes.doc }),
      ...(notes?.label !== undefined && { label: notes.label }),
      ...(named && { named }),
    });
  });
  return checkFacility(name, events);
}

const STRING_TYPE: FieldType = typeFromJson("string");

/** A definition as readers of traces have it: with strings in place of labels. The same one where it has none. */
export function withoutLabels(definition: FacilityDefinition): FacilityDefinition {
  const isLabel = ({ type }: Field) => type.kind === "label";
  if (!definition.events.some(({ fields }) => fields.some(isLabel))) return definition;
  const events = definition.events.map((event) => {
    const fields = event.fields.map((f) => (isLabel(f) ? { ...f, type: STRING_TYPE } : f));
    return Object.freeze({ ...event, fields: Object.freeze(fields) });
  });
  return Object.freeze({ name: definition.name, events: Object.freeze(events) });
}

/**
 * Canonical JSON of a definition: one text for one meaning, so that threads that define the same
 * facility can compare it byte by byte.
 * `{"name","events":[{"name","fields":[{"name","type"}],"xen","label"}]}` without spaces; `xen` and `label` only
 * when present, `doc` never.
 */
export function toJson(definition: FacilityDefinition): string {
  return JSON.stringify({
    name: definition.name,
    events: definition.events.map((e) => ({
      name: e.name,
      fields: e.fields.map((f) => ({ name: f.name, type: typeToJson(f.type) })),
      ...(e.xen !== undefined && { xen: e.xen }),
      ...(e.label !== undefined && { label: e.label }),
    })),
  });
}

/**
 * The definition that a JSON text describes. The text is not trusted: it may come from another
 * thread's memory or from a file. Throws a TypeError naming what is wrong.
 */
export function fromJson(text: string): FacilityDefinition {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TypeError(`facility: not JSON: ${quote(text)}`, { cause: error });
  }
  const { name, events } = members("facility", json, ["name", "events"]);
  checkFacilityName(name);
  if (!Array.isArray(events)) throw new TypeError(`facility ${quote(name)}: events is not a list`);
  const checked = events.map((e: unknown, index) => {
    const at = `event ${index} of facility ${quote(name)}`;
    const optional = ["xen", "label"];
    const { name: eventName, fields, xen, label } = members(at, e, ["name", "fields"], optional);
    const where = `event ${quote(`${String(name)}:${checkName("event", eventName)}`)}`;
    if (!Array.isArray(fields)) throw new TypeError(`${where}: fields is not a list`);
    return checkEvent(where, {
      name: eventName as string,
      fields: fields.map((f: unknown) => {
        const { name: n, type } = members(`a field of ${where}`, f, ["name", "type"]);
        return { name: n as string, type: typeFromJson(type) };
      }),
      ...(xen !== undefined && { xen: xen as number }),
      ...(label !== undefined && { label: label as string }),
    });
  });
  return checkFacility(name as string, checked);
}

/** An object's members: all of `needed`, perhaps some of `optional`, and no others. */
function members(
  where: string,
  json: unknown,
  needed: readonly string[],
  optional: readonly string[] = [],
): { [name: string]: unknown } {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`${where}: not an object`);
  }
  for (const name of needed) {
    if (!Object.hasOwn(json, name)) throw new TypeError(`${where}: ${quote(name)} is missing`);
  }
  for (const name of Object.keys(json)) {
    if (!needed.includes(name) && !optional.includes(name)) {
      throw new TypeError(`${where}: ${quote(name)} is not known`);
    }
  }
  return json as { [name: string]: unknown };
}

function isNotes(entry: unknown): entry is EventNotes {
  return typeof entry === "object" && entry !== null && Reflect.get(entry, "~event") === true;
}

function checkEvent(where: string, definition: EventDefinition): EventDefinition {
  checkName("event", definition.name);
  const seen = new Set<string>();
  const fields = definition.fields.map((f) => {
    if (typeof f !== "object" || f === null) throw new TypeError(`${where}: a field is no field`);
    const name = checkName(`${where}: field`, f.name);
    if (seen.has(name)) throw new TypeError(`${where}: two fields are called ${quote(name)}`);
    seen.add(name);
    if (!isFieldType(f.type)) {
      throw new TypeError(`${where}: field ${quote(name)}: ${quote(f.type)}, not a field type`);
    }
    return Object.freeze({ name, type: f.type });
  });
  const { xen, label } = definition;
  if (label !== undefined) checkName(`${where}: label`, label);
  if (xen !== undefined && !(Number.isInteger(xen) && xen > 0 && xen <= 0x0fffffff)) {
    throw new TypeError(`${where}: xen: ${String(xen)} is not an integer of 1 to ${0x0fffffff}`);
  }
  return Object.freeze({ ...definition, fields: Object.freeze(fields) });
}

function checkFacility<T extends FacilityTable>(
  name: string,
  events: readonly EventDefinition[],
): FacilityDefinition<T> {
  if (events.length === 0) throw new TypeError(`facility ${quote(name)}: needs at least one event`);
  if (events.length > EVENTS_MAX) {
    throw new TypeError(
      `facility ${quote(name)}: ${events.length} events, at most ${EVENTS_MAX} are allowed`,
    );
  }
  const seen = new Set<string>();
  for (const e of events) {
    if (seen.has(e.name)) {
      throw new TypeError(`facility ${quote(name)}: two events are called ${quote(e.name)}`);
    }
    seen.add(e.name);
  }
  const definition = Object.freeze({ name, events: Object.freeze(events) });
  if (events.every(({ fields }) => fields.every(({ type }) => isOwnType(type)))) {
    own.add(definition);
  }
  return definition;
}
