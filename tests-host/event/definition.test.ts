// Tables of events: what they accept and refuse, their types, and their JSON.

import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  array,
  bool,
  bytes,
  defineFacility,
  type EventArgs,
  enumOf,
  event,
  type FieldType,
  field,
  fromJson,
  i32,
  string,
  toJson,
  u8,
  u32,
  u64,
} from "../../src/event/index.js";

describe("a facility's table", () => {
  const app = defineFacility("app", {
    request: { id: u32, path: string },
    listed: [field("id", u64), field("blob", bytes)],
    noted: event([field("on", bool)], { xen: 0x28001, doc: "A note." }),
    tick: {},
  });

  it("keeps the order of events and fields", () => {
    expect(app.events.map((e) => [e.name, e.fields.map((f) => f.name)])).toEqual([
      ["request", ["id", "path"]],
      ["listed", ["id", "blob"]],
      ["noted", ["on"]],
      ["tick", []],
    ]);
  });

  it("remembers Xen ids, documentation and which events take one object", () => {
    expect(app.events.map(({ xen, doc, named }) => [xen, doc, named])).toEqual([
      [undefined, undefined, true],
      [undefined, undefined, undefined],
      [0x28001, "A note.", undefined],
      [undefined, undefined, true],
    ]);
  });

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(app)).toBe(true);
    expect(Object.isFrozen(app.events)).toBe(true);
    expect(app.events.every((e) => Object.isFrozen(e) && Object.isFrozen(e.fields))).toBe(true);
  });

  it("gives tracepoints their types", () => {
    type Table = NonNullable<(typeof app)["~table"]>;
    expectTypeOf<EventArgs<Table["request"]>>().toEqualTypeOf<
      [{ readonly id: number; readonly path: string }]
    >();
    expectTypeOf<EventArgs<Table["listed"]>>().toEqualTypeOf<[number | bigint, Uint8Array]>();
    expectTypeOf<EventArgs<Table["noted"]>>().toEqualTypeOf<[boolean]>();
    expectTypeOf<EventArgs<Table["tick"]>>().toEqualTypeOf<[]>();
    expectTypeOf(enumOf({ A: 0, B: 1 })).toEqualTypeOf<FieldType<"A" | "B" | number>>();
    expectTypeOf(array(string)).toEqualTypeOf<FieldType<ArrayLike<string>>>();
  });
});

describe("names", () => {
  const tick = { tick: {} };

  it.each([
    ["one character", "a"],
    ["63 bytes", "a".repeat(63)],
    ["63 bytes of longer characters", `${"é".repeat(31)}a`],
    ["quotes, spaces and backslashes", '" \\'],
    ["the name of a prototype", "__proto__"],
  ])("may have %s", (_what, name) => {
    const f = defineFacility(name, Object.fromEntries([[name, [field(name, u32)]]]));
    expect(f.name).toBe(name);
    expect(f.events[0]?.name).toBe(name);
    expect(f.events[0]?.fields[0]?.name).toBe(name);
    expect(toJson(fromJson(toJson(f)))).toBe(toJson(f));
  });

  it.each([
    ["no character", ""],
    ["64 bytes", "a".repeat(64)],
    ["64 bytes of longer characters", "é".repeat(32)],
    ["a newline", "a\nb"],
    ["NUL", "\0"],
    ["a C1 control character", "\u0085"],
    ["half a surrogate pair", "a\ud800"],
  ])("may not have %s", (_what, name) => {
    expect(() => defineFacility(name, tick)).toThrow(/^facility name: /);
    expect(() => defineFacility("app", { [name]: {} })).toThrow(/^event name: /);
    expect(() => defineFacility("app", { e: { [name]: u32 } })).toThrow(/field name: /);
    expect(() => enumOf({ [name]: 1 })).toThrow(/^enum member name: /);
  });

  it("may not have a colon in a facility, where it would end the name", () => {
    expect(() => defineFacility("a:b", tick)).toThrow(TypeError);
    expect(defineFacility("a", { "b:c": {} }).events[0]?.name).toBe("b:c");
  });

  it("of two fields of an event differ", () => {
    expect(() => defineFacility("app", { e: [field("a", u32), field("a", i32)] })).toThrow(
      'event "app:e": two fields are called "a"',
    );
  });
});

describe("defineFacility", () => {
  const define = defineFacility as (name: unknown, table: unknown) => unknown;

  it.each([
    ["no event", {}],
    ["no table", undefined],
    ["a list of events", [{ a: u32 }]],
    ["an event that is no table", { e: 5 }],
    ["an event that is null", { e: null }],
    ["a field without a type", { e: { a: "u32" } }],
    ["a list with something else in it", { e: [u32] }],
    ["a type that only looks like one", { e: { a: { kind: "u32" } } }],
    ["a type that is not known", { e: { a: Object.freeze({ kind: "u128" }) } }],
    ["a Xen id of 0", { e: event([], { xen: 0 }) }],
    ["a Xen id of 29 bits", { e: event([], { xen: 0x10000000 }) }],
    [
      "more events than there are numbers",
      Object.fromEntries([...Array(4097).keys()].map((n) => [`e${n}`, {}])),
    ],
  ])("refuses %s", (_what, table) => {
    expect(() => define("app", table)).toThrow(TypeError);
  });

  it("names a value that is no name", () => {
    expect(() => define(7, {})).toThrow("facility name must be a string, got 7");
  });
});

describe("types", () => {
  it.each([
    [{}],
    [{ A: 0.5 }],
    [{ A: 2147483648 }],
    [{ A: -2147483649 }],
    [{ A: Number.NaN }],
    [{ A: "1" }],
    [null],
  ])("refuse the enum %j", (members) => {
    expect(() => enumOf(members as unknown as { A: number })).toThrow(TypeError);
  });

  it("refuse arrays of arrays, of bytes and of nothing", () => {
    const of = array as (of: unknown) => unknown;
    for (const element of [array(u32), bytes, undefined, "u32"]) {
      expect(() => of(element)).toThrow(TypeError);
    }
  });
});

describe("JSON", () => {
  it("is one text for one definition", () => {
    const f = defineFacility("app", {
      e: event([field("a", u32), field("s", enumOf({ B: 1, A: 0 })), field("l", array(u8))], {
        xen: 1,
        doc: "Not in the text.",
        label: "few words",
      }),
      f: {},
    });
    expect(toJson(f)).toBe(
      '{"name":"app","events":[{"name":"e","fields":[{"name":"a","type":"u32"},' +
        '{"name":"s","type":{"enum":{"B":1,"A":0}}},{"name":"l","type":{"array":"u8"}}],"xen":1,"label":"few words"},' +
        '{"name":"f","fields":[]}]}',
    );
  });

  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
    .filter((s) => !/[\p{Cc}\p{Cs}:]/u.test(s));
  const scalar = fc.constantFrom(
    "u8",
    "u16",
    "u32",
    "u64",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "bool",
  );
  const members = fc.dictionary(name, fc.integer(), { minKeys: 1, maxKeys: 4 });
  const element = fc.oneof(scalar, fc.constant("string"), fc.record({ enum: members }));
  const type = fc.oneof(element, fc.constant("bytes"), fc.record({ array: element }));
  const facility = fc.record({
    name,
    events: fc.uniqueArray(
      fc.record(
        {
          name,
          fields: fc.uniqueArray(fc.record({ name, type }), {
            selector: (f) => f.name,
            maxLength: 5,
          }),
          xen: fc.integer({ min: 1, max: 0x0fffffff }),
          label: name,
        },
        { requiredKeys: ["name", "fields"] },
      ),
      { selector: (e) => e.name, minLength: 1, maxLength: 5 },
    ),
  });

  it("of any definition reads back as that definition", () => {
    fc.assert(
      fc.property(facility, (json) => {
        const definition = fromJson(JSON.stringify(json));
        expect(JSON.parse(toJson(definition))).toEqual(JSON.parse(JSON.stringify(json)));
        expect(toJson(fromJson(toJson(definition)))).toBe(toJson(definition));
      }),
    );
  });

  it.each([
    ["text that is not JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["no name", '{"events":[]}'],
    ["no events", '{"name":"a"}'],
    ["an empty list of events", '{"name":"a","events":[]}'],
    ["events that are no list", '{"name":"a","events":{"0":1}}'],
    ["an event that is null", '{"name":"a","events":[null]}'],
    ["an event without fields", '{"name":"a","events":[{"name":"e"}]}'],
    ["fields that are no list", '{"name":"a","events":[{"name":"e","fields":{}}]}'],
    ["a member that is not known", '{"name":"a","events":[{"name":"e","fields":[],"x":1}]}'],
    [
      "two events of one name",
      '{"name":"a","events":[{"name":"e","fields":[]},{"name":"e","fields":[]}]}',
    ],
    [
      "two fields of one name",
      '{"name":"a","events":[{"name":"e","fields":[{"name":"f","type":"u8"},{"name":"f","type":"u8"}]}]}',
    ],
    ["an event name that is a number", '{"name":"a","events":[{"name":1,"fields":[]}]}'],
    ["a Xen id that is null", '{"name":"a","events":[{"name":"e","fields":[],"xen":null}]}'],
    ["a Xen id that is text", '{"name":"a","events":[{"name":"e","fields":[],"xen":"1"}]}'],
  ])("refuses %s", (_what, text) => {
    expect(() => fromJson(text)).toThrow(TypeError);
  });

  it.each([
    "null",
    '"u128"',
    '"enum"',
    '"array"',
    "{}",
    '{"enum":{}}',
    '{"enum":null}',
    '{"enum":[1]}',
    '{"enum":{"A":1.5}}',
    '{"enum":{"A":1},"array":"u8"}',
    '{"array":"bytes"}',
    '{"array":{"array":"u8"}}',
    `${'{"array":'.repeat(5000)}"u8"${"}".repeat(5000)}`,
  ])("refuses the type %.40s", (json) => {
    const text = `{"name":"a","events":[{"name":"e","fields":[{"name":"f","type":${json}}]}]}`;
    expect(() => fromJson(text)).toThrow(TypeError);
  });

  it("that is mangled throws nothing but TypeErrors", () => {
    fc.assert(
      fc.property(facility, fc.nat(), fc.nat(4), fc.string(), (json, position, cut, extra) => {
        const text = JSON.stringify(json);
        const at = position % text.length;
        try {
          fromJson(text.slice(0, at) + extra + text.slice(at + cut));
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });

  it("of any shape throws nothing but TypeErrors", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => fromJson(text)).toThrow(TypeError);
      }),
    );
  });
});
