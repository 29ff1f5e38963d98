// Entries of traces for the tests of formats: an event with a field of every type, and random values.

import fc from "fast-check";
import { eventClassOf } from "../../src/ctf/event-class.js";
import type { LossEntry, RecordEntry, TraceEntry } from "../../src/ctf/index.js";
import {
  array,
  bool,
  bytes,
  defineFacility,
  type EventDefinition,
  enumOf,
  type FieldType,
  f32,
  f64,
  field,
  i8,
  i16,
  i32,
  i64,
  string,
  u8,
  u16,
  u32,
  u64,
} from "../../src/event/index.js";
import type { EventClass } from "../../src/trace/index.js";

export const state = enumOf({ idle: 0, "in use": 7, also: 7, off: -1 });

const scalars: readonly FieldType[] = [u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, bool];
const elements: readonly FieldType[] = [...scalars, state, string];

/** All there is. Fields are called after their types, so a name tells what to expect. */
export const all = defineFacility("all", {
  scalars: [...scalars, state, string, bytes].map((type) => field(type.kind, type)),
  arrays: elements.map((type) => field(`${type.kind}s`, array(type as FieldType<number>))),
  none: [],
  begin: [field("n", u32)],
  end: [field("n", u32)],
  "begin inner": [field("n", u32)],
  "end inner": [field("n", u32)],
  "begin third": [field("n", u32)],
  "end third": [field("n", u32)],
});

const classes = new Map(
  all.events.map((event) => [event.name, eventClassOf(all.name, event)] as const),
);

/** The class of an event: one object, as a reader has it. */
export function classOf(name: string): EventClass {
  const found = classes.get(name);
  if (!found) throw new Error(`no event ${name}`);
  return found;
}

export function eventOf(name: string): EventDefinition {
  const event = all.events.find((each) => each.name === name);
  if (!event) throw new Error(`no event ${name}`);
  return event;
}

export interface ValueOptions {
  readonly text: fc.Arbitrary<string>;
  readonly float: fc.Arbitrary<number>;
}

/** Any values, as they are decoded. */
export const anyValues: ValueOptions = {
  text: fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
  ),
  float: fc.double(),
};

/** Values of a type. */
export function anyOf(type: FieldType, options: ValueOptions): fc.Arbitrary<unknown> {
  const integer = (min: number, max: number) => fc.integer({ min, max });
  switch (type.kind) {
    case "u8":
      return integer(0, 0xff);
    case "i8":
      return integer(-0x80, 0x7f);
    case "u16":
      return integer(0, 0xffff);
    case "i16":
      return integer(-0x8000, 0x7fff);
    case "u32":
      return integer(0, 0xffffffff);
    case "i32":
      return integer(-0x80000000, 0x7fffffff);
    case "u64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "i64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "f32":
      return options.float.map(Math.fround);
    case "f64":
      return options.float;
    case "bool":
      return fc.boolean();
    case "enum":
      return fc.oneof(fc.constantFrom(0, 7, -1), integer(-0x80000000, 0x7fffffff));
    case "string":
    case "label":
      return options.text;
    case "bytes":
      return fc.uint8Array({ maxLength: 20 });
    case "array":
      return fc.array(anyOf(type.element ?? u8, options), { maxLength: 5 });
  }
}

export function recordOf(
  name: string,
  fields: Record<string, unknown>,
  { cpu = 0, timestamp = 0n }: { cpu?: number; timestamp?: bigint } = {},
): RecordEntry {
  return {
    kind: "record",
    cpu,
    event: `all:${name}`,
    eventClass: classOf(name),
    timestamp,
    fields,
  };
}

/** Records of any event with any values; all times are 0. */
export function records(options: ValueOptions = anyValues): fc.Arbitrary<RecordEntry> {
  return fc.oneof(
    ...all.events.map(({ name, fields }) =>
      fc
        .tuple(...fields.map(({ type }) => anyOf(type, options)))
        .map((values) =>
          recordOf(name, Object.fromEntries(fields.map((f, i) => [f.name, values[i]]))),
        ),
    ),
  );
}

const losses = fc
  .record({
    records: fc.integer({ min: 1 }),
    since: fc.option(fc.bigInt(0n, 99n), { nil: undefined }),
  })
  .map((told): LossEntry => ({ kind: "loss", cpu: 0, timestamp: 0n, ...told }));

/** Entries of several CPUs, in the order of time. */
export const entries: fc.Arbitrary<TraceEntry[]> = fc
  .array(
    fc.record({
      entry: fc.oneof({ weight: 5, arbitrary: records() }, { weight: 1, arbitrary: losses }),
      cpu: fc.nat(3),
      later: fc.bigInt(0n, 2n ** 40n),
    }),
    { maxLength: 20 },
  )
  .map((steps) => {
    let timestamp = 0n;
    return steps.map(({ entry, cpu, later }) => {
      timestamp += later;
      return { ...entry, cpu, timestamp };
    });
  });
