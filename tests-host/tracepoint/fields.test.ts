// Tracepoints of one to nine fields of all sorts: each count has a way of its own to be called, and
// whatever runs while its arguments are looked at, its record is whole.

import { beforeEach, describe, expect, it } from "vitest";
import {
  array,
  bool,
  bytes,
  type Dom0,
  type FieldType,
  f64,
  facility,
  field,
  i16,
  i64,
  string,
  type Trace,
  u32,
} from "../../src/index.js";
import { decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

/** Fields of all sorts, of which the first ones make an event. */
const sorts: readonly { name: string; type: FieldType; value: unknown }[] = [
  { name: "short", type: string, value: "text" },
  { name: "word", type: u32, value: 4000000000 },
  { name: "wide", type: i64, value: -5n },
  { name: "list", type: array(i16), value: [1, -2] },
  { name: "double", type: f64, value: 0.1 },
  { name: "other", type: string, value: "é".repeat(40) },
  { name: "data", type: bytes, value: new Uint8Array([1, 2, 3]) },
  { name: "truth", type: bool, value: true },
  { name: "long", type: string, value: "x".repeat(100) },
];
const counts = sorts.map((_, i) => i + 1);

const tables = counts.map((n) => sorts.slice(0, n));
const listed = tables.map((list) => list.map(({ name, type }) => field(name, type)));
const tabled = tables.map((list) => Object.fromEntries(list.map((s) => [s.name, s.type])));
const events = <T>(list: readonly T[]) => Object.fromEntries(list.map((e, i) => [`of${i + 1}`, e]));

type Call = (...args: unknown[]) => void;
const positional = facility("fields-listed", events(listed)) as Record<string, unknown>;
const named = facility("fields-named", events(tabled)) as Record<string, unknown>;
const inner = facility("inner", { text: { text: string } });
const callOf = (tracepoints: Record<string, unknown>, n: number) => tracepoints[`of${n}`] as Call;

let dom0: Dom0;
let trace: Trace;

beforeEach(() => {
  const hypervisor = world.boot();
  dom0 = hypervisor.dom0();
  trace = dom0.createTrace("a", { events: "fields-listed,fields-named,inner", subbufBytes: 65536 });
  trace.start();
  hypervisor.attach();
});

const innerText = "longer than each of the others, so that it would be seen in them".repeat(4);

/** How many times user code has run since the beginning of the test. */
let ran = 0;
/** Records something else, in the scratch area too, and returns `value`. */
function recording<T>(value: T): T {
  inner.text({ text: innerText });
  ran++;
  return value;
}

/** An argument that records while it is turned into `value`, where there is such a one. */
function loud(value: unknown): unknown {
  if (typeof value === "string") return { toString: () => recording(value) };
  if (typeof value === "number" || typeof value === "bigint") {
    return { valueOf: () => recording(value) };
  }
  if (!Array.isArray(value)) return value;
  const elements = value.map((element, i) => [i, { get: () => recording(element) }]);
  return Object.defineProperties({ length: value.length }, Object.fromEntries(elements));
}

/** What the next records must be: the inner ones, and between them those of `event`. */
function expectRecords(event: string, records: readonly object[]): void {
  const seen = decode(dom0, drained(trace));
  const outer = seen.filter((record) => record.event === event);
  expect(outer.map(({ fields }) => fields)).toEqual(records);
  const others = seen.filter((record) => record.event === "inner:text");
  expect(others.map(({ fields }) => fields)).toEqual(
    Array.from({ length: ran }, () => ({ text: innerText })),
  );
  expect(seen).toHaveLength(outer.length + others.length);
}

describe.each(counts)("a tracepoint of %i fields", (n) => {
  const list = sorts.slice(0, n);
  const values = list.map(({ value }) => value);
  const fields = Object.fromEntries(list.map(({ name, value }) => [name, value]));

  beforeEach(() => {
    ran = 0;
  });

  it("records its arguments", () => {
    callOf(positional, n)(...values);
    callOf(positional, n)(...values, "one too many");
    expectRecords(`fields-listed:of${n}`, [fields, fields]);
    callOf(named, n)(fields);
    expectRecords(`fields-named:of${n}`, [fields]);
  });

  it("records what arguments turn into that record meanwhile", () => {
    callOf(positional, n)(...values.map(loud));
    expectRecords(`fields-listed:of${n}`, [fields]);
    expect(ran).toBeGreaterThan(0);
    ran = 0;
    callOf(named, n)(Object.fromEntries(list.map(({ name, value }) => [name, loud(value)])));
    expectRecords(`fields-named:of${n}`, [fields]);
  });

  it("records what getters return that record meanwhile", () => {
    const getters = list.map(({ name, value }) => [name, { get: () => recording(value) }]);
    callOf(named, n)(Object.defineProperties({}, Object.fromEntries(getters)));
    expect(ran).toBe(n);
    expectRecords(`fields-named:of${n}`, [fields]);
  });

  it("records nothing where the last of its arguments throws", () => {
    const bad = () => {
      throw new RangeError("mine");
    };
    const getters = list.map(({ name, value }, i) => [
      name,
      { get: () => (i < n - 1 ? recording(value) : bad()) },
    ]);
    expect(() =>
      callOf(named, n)(Object.defineProperties({}, Object.fromEntries(getters))),
    ).toThrow("mine");
    expectRecords(`fields-named:of${n}`, []);
  });

  it("runs none of its arguments' code while it is disabled", async () => {
    trace.stop();
    // While dom0 asks for a quiescent point, a disabled tracepoint is a way to one.
    expect(await dom0.settled(5000)).toBe(true);
    callOf(positional, n)(...values.map(loud));
    callOf(
      named,
      n,
    )(
      Object.defineProperties(
        {},
        Object.fromEntries(list.map(({ name, value }) => [name, { get: () => recording(value) }])),
      ),
    );
    expect(ran).toBe(0);
    expectRecords(`fields-listed:of${n}`, []);
  });

  it("takes whatever it is called with", () => {
    for (const odd of [undefined, null, 0, "", true, Symbol("odd"), 1n, [], () => {}]) {
      expect(() => callOf(positional, n)(odd)).not.toThrow();
      expect(() => callOf(named, n)(odd)).not.toThrow();
    }
    expect(() => callOf(positional, n)()).not.toThrow();
    expect(() => callOf(named, n)()).not.toThrow();
    expect(decode(dom0, drained(trace))).toHaveLength(20);
  });
});
