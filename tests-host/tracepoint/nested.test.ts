// Code of the program's that runs while a record is being made, and records in turn: in the clock
// that an `attach` was given, in the conversion of an argument, in getters and traps. Each record,
// the outer and the inner, holds what it was given, at a time that is in order (I3, I8).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guestImports } from "../../src/guest/index.js";
import {
  array,
  bool,
  bytes,
  defineFacility,
  enumOf,
  type FieldType,
  f32,
  f64,
  facility,
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
  type Writer,
} from "../../src/index.js";
import { jsWriter } from "../../src/writer/index.js";
import { cpuInfo, decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

/** How a value of a type is made, and turned into an argument that runs `inner` when it is read. */
interface Kind {
  readonly type: FieldType;
  readonly value: fc.Arbitrary<unknown>;
  readonly loud: (value: unknown, inner: () => void) => unknown;
}

const primitive = (value: unknown, inner: () => void) => ({
  [Symbol.toPrimitive]: () => {
    inner();
    return value;
  },
});
const textual = (value: unknown, inner: () => void) => ({
  toString: () => {
    inner();
    return value;
  },
});
/** The same value, of which every look at a member runs `inner`. */
const trapped = (value: unknown, inner: () => void) =>
  new Proxy(value as object, {
    get(target, name) {
      inner();
      return Reflect.get(target, name);
    },
  });
const listed = (value: unknown, inner: () => void) =>
  trapped(Array.from(value as ArrayLike<unknown>), inner);
/** Own members that hide those of the class: they are code of the program's, and lie besides. */
const hidden = (value: unknown, inner: () => void) =>
  Object.defineProperty(Uint8Array.from(value as Uint8Array), "length", {
    get() {
      inner();
      return 1;
    },
  });

const text = fc.string({ maxLength: 50 }).map((s) => s.replaceAll(/[\0\u200b]/g, "x"));
const float = fc.double({ noNaN: true });
const integer = fc.nat(100);
const KINDS: Readonly<Record<string, Kind>> = {
  u8: { type: u8, value: integer, loud: primitive },
  u16: { type: u16, value: integer, loud: primitive },
  u32: { type: u32, value: integer, loud: primitive },
  u64: { type: u64, value: fc.bigInt(0n, 2n ** 64n - 1n), loud: primitive },
  i8: { type: i8, value: integer, loud: primitive },
  i16: { type: i16, value: integer, loud: primitive },
  i32: { type: i32, value: integer, loud: primitive },
  i64: { type: i64, value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), loud: primitive },
  f32: { type: f32, value: fc.float({ noNaN: true }), loud: primitive },
  f64: { type: f64, value: float, loud: primitive },
  // Nobody's code tells whether a value is true.
  bool: { type: bool, value: fc.boolean(), loud: (value) => value },
  enum: { type: enumOf({ idle: 0, busy: 7 }), value: fc.constantFrom(0, 7), loud: primitive },
  string: { type: string, value: text, loud: textual },
  bytes: { type: bytes, value: fc.uint8Array({ maxLength: 20 }), loud: listed },
  "bytes of a proxy": { type: bytes, value: fc.uint8Array({ maxLength: 20 }), loud: trapped },
  "bytes of a view": { type: bytes, value: fc.uint8Array({ maxLength: 20 }), loud: hidden },
  numbers: { type: array(u32), value: fc.array(integer, { maxLength: 5 }), loud: listed },
  floats: { type: array(f64), value: fc.array(float, { maxLength: 5 }), loud: listed },
  texts: { type: array(string), value: fc.array(text, { maxLength: 5 }), loud: listed },
};
const names = Object.keys(KINDS);
const kindOf = (name: string) => KINDS[name] as Kind;
const fieldsOf = (of: readonly string[]) => of.map((name) => field(name, kindOf(name).type));

/** Fields by event: each type alone and behind a text; words only; more than have an arity. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  words: ["u8", "i16", "f32", "bool", "enum"],
  all: names,
  ...Object.fromEntries(names.map((name) => [`one ${name}`, [name]])),
  ...Object.fromEntries(
    names.filter((name) => name !== "string").map((name) => [`two ${name}`, ["string", name]]),
  ),
};
/** As often by name as in order. */
const nested = facility(
  "nested",
  Object.fromEntries(
    Object.entries(EVENTS).flatMap(([event, of]) => [
      [event, fieldsOf(of)],
      [`${event}, named`, Object.fromEntries(of.map((name) => [name, kindOf(name).type]))],
    ]),
  ),
) as Readonly<Record<string, ((...args: unknown[]) => void) & { writeMany: WriteMany }>>;
type WriteMany = (words: Int32Array) => void;

const { batch } = facility("nested batch", { batch: [field("a", u32), field("b", u32)] });

/** A record, and what is recorded while it is made. */
interface Nested {
  readonly event: string;
  /** By field; of a batch its words. */
  readonly values: readonly unknown[];
  readonly byName: boolean;
  readonly inClock: readonly Nested[];
  readonly inArgument: readonly Nested[];
}

/** Of up to `depth` records within each other. */
const recordOf: (depth?: number) => fc.Arbitrary<Nested> = fc.memo((depth) => {
  const inner = depth > 1 ? fc.array(recordOf(), { maxLength: 2 }) : fc.constant([]);
  const rest = { byName: fc.boolean(), inClock: inner, inArgument: inner };
  const one = fc.constantFrom(...Object.keys(EVENTS)).chain((event) =>
    fc.record({
      event: fc.constant(event),
      values: fc.tuple(...(EVENTS[event] ?? []).map((name) => kindOf(name).value)),
      ...rest,
    }),
  );
  const many = fc.record({
    event: fc.constant("batch"),
    values: fc.array(fc.tuple(integer, integer), { maxLength: 5 }).map((pairs) => pairs.flat()),
    ...rest,
  });
  return fc.oneof({ weight: 5, arbitrary: one }, { weight: 1, arbitrary: many });
});

const world = useWorld();
let onClock: (() => void) | undefined;
let expected: unknown[];

const clock = {
  now() {
    const act = onClock;
    onClock = undefined;
    act?.();
    return performance.now();
  },
};

/** Makes a record; what it holds is expected once the call has returned: that is their order. */
function perform(nesting: Nested): void {
  const { event, values, byName, inClock, inArgument } = nesting;
  const outer = onClock;
  onClock = () => inClock.forEach(perform);
  let left = [...inArgument];
  const inner = () => {
    const now = left;
    left = [];
    now.forEach(perform);
  };
  if (event === "batch") {
    batch.writeMany(Int32Array.from(values as number[]));
    for (let i = 0; i < values.length; i += 2) {
      expected.push(["nested batch:batch", { a: values[i], b: values[i + 1] }]);
    }
  } else {
    const of = EVENTS[event] ?? [];
    const name = byName ? `${event}, named` : event;
    const args = of.map((kind, i) => kindOf(kind).loud(values[i], inner));
    const getter = (i: number) => () => {
      inner();
      return args[i];
    };
    const members = of.map((kind, i) => [kind, { get: getter(i) }]);
    const named = Object.defineProperties({}, Object.fromEntries(members));
    nested[name]?.(...(byName ? [named] : args));
    const held = of.map((kind, i) => [kind, values[i]]);
    expected.push([`nested:${name}`, Object.fromEntries(held)]);
  }
  onClock = outer;
}

/** Acts on a CPU of its own; what is recorded then. */
function attached(act: () => void, subbufBytes = 65536, writer?: Writer) {
  const hypervisor = world.boot({ memoryBytes: 4 << 20, cpus: 2 });
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("a", { events: "nested*", subbufBytes });
  trace.start();
  hypervisor.attach({ clock, writer });
  expected = [];
  onClock = undefined;
  act();
  // Decoding checks that no time goes back.
  const records = decode(dom0, drained(trace)).map(({ event, fields }) => [event, fields]);
  hypervisor.cpu?.detach();
  return { records, trace };
}

describe.each([
  ["Wasm", undefined],
  ["JavaScript", jsWriter],
])("records within records, by the writer in %s", (_name, writer) => {
  it("are whole, whatever runs while they are made, and their times are in order", () => {
    fc.assert(
      fc.property(recordOf(3), (nesting) => {
        const { records, trace } = attached(() => perform(nesting), 65536, writer);
        expect(records).toEqual(expected);
        expect(cpuInfo(trace, 0)).toMatchObject({ discardedBig: 0, discardedFull: 0 });
      }),
      { numRuns: 150 },
    );
  });
});

describe("a batch whose array hides what it is", () => {
  const inner = () => nested["one string"]?.("inner, and longer");
  class Hiding extends Int32Array {
    static get [Symbol.species]() {
      inner();
      return Int32Array;
    }
    override get length() {
      inner();
      return 5000;
    }
    override subarray() {
      inner();
      return new Int32Array(5000);
    }
  }

  it("is whole, and no longer than it is", () => {
    const words = new Hiding(10_000);
    words.set(Int32Array.from({ length: 10_000 }, (_, i) => i));
    const { records, trace } = attached(() => batch.writeMany(words), 1 << 17);
    const pairs = Array.from({ length: 5000 }, (_, i) => ({ a: 2 * i, b: 2 * i + 1 }));
    expect(records).toEqual(pairs.map((fields) => ["nested batch:batch", fields]));
    expect(cpuInfo(trace, 0)).toMatchObject({ records: 5000, discardedFull: 0 });
  });

  it("is refused when that is a proxy, whose traps would run while it is copied", () => {
    const words = new Proxy(Int32Array.of(1, 2), {});
    const refused = expect.objectContaining({ code: "bad-option" });
    expect(() => attached(() => batch.writeMany(words))).toThrow(refused);
  });
});

it("a facility whose table records when it is looked at is registered as it is", () => {
  const { events } = defineFacility("nested table", { hit: [field("n", u32)] });
  const looked = {
    name: "nested table",
    get events() {
      nested["one string"]?.("inner, and longer than its name");
      return events;
    },
  };
  const hypervisor = world.boot();
  const dom0 = hypervisor.dom0();
  dom0.createTrace("a", { events: "nested" }).start();
  guestImports(hypervisor.attach(), [looked]);
  const names = dom0.facilities().map(({ definition }) => definition.name);
  expect(names).toContain("nested table");
});

describe("a clock that attaches its thread elsewhere", () => {
  it.each([
    ["text", () => nested["one string"]?.("moved"), [["nested:one string", { string: "moved" }]]],
    ["batch", () => batch.writeMany(Int32Array.of(1, 2)), [["nested batch:batch", { a: 1, b: 2 }]]],
  ])("has the %s recorded there, and nothing where it was", (_what, act, there) => {
    const [from, to] = [world.boot(), world.boot({ cpus: 4 })];
    const traces = [from, to].map((hypervisor) => {
      const trace = hypervisor.dom0().createTrace("a", { events: "nested*" });
      trace.start();
      return trace;
    });
    const now = () => {
      from.cpu?.detach();
      to.attach();
      return performance.now();
    };
    from.attach({ clock: { now } });
    act();
    const [before, after] = traces.map((trace) => drained(trace));
    expect(before).toEqual([]);
    const records = decode(to.dom0(), after ?? []);
    expect(records.map(({ event, fields }) => [event, fields])).toEqual(there);
  });
});
