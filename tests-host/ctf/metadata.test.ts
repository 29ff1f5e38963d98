// The metadata, as babeltrace2 reads it: names, types and values come out as they went in.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkMetadata,
  type LoadedFacility,
  metadataEvents,
  metadataHeader,
  readFacilities,
} from "../../src/ctf/index.js";
import {
  array,
  bool,
  bytes,
  defineFacility,
  enumOf,
  type FieldType,
  f32,
  f64,
  field,
  fromJson,
  i8,
  i16,
  i32,
  i64,
  string,
  toJson,
  u8,
  u16,
  u32,
  u64,
} from "../../src/event/index.js";
import { babeltrace, metadataOf, oneOfEach, packetOf, UUID } from "../lib/ctf-traces.js";
import { itWith } from "../lib/peers.js";

const itReads = itWith("babeltrace2");
const state = enumOf({ idle: 0, "in use": 7, 'off\\ "line"': -1 });

const loaded = (definition: LoadedFacility["definition"], firstEvent = 1): LoadedFacility[] => [
  { firstEvent, definition },
];

/** A text as babeltrace2 shows it. */
const shownText = (text: string) => (/^\u200b*$/.test(text) ? `${text}\u200b` : text);

/** Writes one record and returns the line that babeltrace2 prints, from the event's name on. */
function printed(facility: LoadedFacility["definition"], args: readonly unknown[]): string {
  const facilities = loaded(facility);
  const result = babeltrace(metadataOf(facilities), [packetOf(oneOfEach(facilities, () => args))]);
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
  expect(result.lines).toHaveLength(1);
  return result.lines[0]?.replace(/^\[\d+\] \([^)]*\) /, "") ?? "";
}

describe("metadata of every field type", () => {
  itReads("shows scalars by value", () => {
    const f = defineFacility("app", {
      scalars: [
        field("a", u8),
        field("b", i8),
        field("c", u16),
        field("d", i16),
        field("e", u32),
        field("f", i32),
        field("g", u64),
        field("h", i64),
        field("i", f32),
        field("j", f64),
        field("k", bool),
        field("l", state),
      ],
    });
    const args = [
      255,
      -128,
      65535,
      -32768,
      4294967295,
      -2147483648,
      18446744073709551615n,
      -9223372036854775808n,
      1.5,
      -0.25,
      true,
      "in use",
    ];
    expect(printed(f, args)).toBe(
      "app:scalars: { a = 255, b = -128, c = 65535, d = -32768, e = 4294967295, f = -2147483648, " +
        "g = 18446744073709551615, h = -9223372036854775808, i = 1.5, j = -0.25, " +
        'k = ( "true" : container = 1 ), l = ( "in use" : container = 7 ) }',
    );
  });

  itReads("shows texts, bytes and arrays of every element type", () => {
    const f = defineFacility("app", {
      lists: [
        field("s", string),
        field("b", bytes),
        field("u8s", array(u8)),
        field("i16s", array(i16)),
        field("i64s", array(i64)),
        field("f32s", array(f32)),
        field("f64s", array(f64)),
        field("bools", array(bool)),
        field("states", array(state)),
        field("texts", array(string)),
      ],
    });
    const args = [
      "hello",
      Uint8Array.of(1, 2, 3),
      [4, 5],
      [-6],
      [-7n, 8n],
      [0.5],
      [0.25, -0.125],
      [true, false],
      ["idle", 'off\\ "line"'],
      ["one", "", "three"],
    ];
    expect(printed(f, args)).toBe(
      'app:lists: { s = "hello", b_length = 3, b = [ [0] = 1, [1] = 2, [2] = 3 ], ' +
        "u8s_length = 2, u8s = [ [0] = 4, [1] = 5 ], i16s_length = 1, i16s = [ [0] = -6 ], " +
        "i64s_length = 2, i64s = [ [0] = -7, [1] = 8 ], f32s_length = 1, f32s = [ [0] = 0.5 ], " +
        "f64s_length = 2, f64s = [ [0] = 0.25, [1] = -0.125 ], bools_length = 2, " +
        'bools = [ [0] = ( "true" : container = 1 ), [1] = ( "false" : container = 0 ) ], ' +
        'states_length = 2, states = [ [0] = ( "idle" : container = 0 ), ' +
        '[1] = ( "off\\\\ \\"line\\"" : container = -1 ) ], texts_length = 3, ' +
        'texts = [ [0] = "one", [1] = "\u200b", [2] = "three" ], end = { } }',
    );
  });

  itReads("shows empty texts (as a space of no width), bytes and arrays", () => {
    const f = defineFacility("app", {
      empty: [
        field("s", string),
        field("a", array(u64)),
        field("t", array(string)),
        field("b", bytes),
      ],
    });
    expect(printed(f, ["", [], [], new Uint8Array(0)])).toBe(
      'app:empty: { s = "\u200b", a_length = 0, a = [ ], t_length = 0, t = [ ], ' +
        "b_length = 0, b = [ ], end = { } }",
    );
  });

  itReads("shows NUL as its symbol and half a surrogate pair as U+FFFD", () => {
    const f = defineFacility("app", { odd: [field("s", string), field("n", u32)] });
    expect(printed(f, ["a\0b", 9])).toBe('app:odd: { s = "a\u2400b", n = 9 }');
    expect(printed(f, ["a\ud800b\udc00", 9])).toBe('app:odd: { s = "a\ufffdb\ufffd", n = 9 }');
  });

  itReads("lets a packet end with bytes that do not fill a word", () => {
    const f = defineFacility("app", { blob: [field("data", bytes)] });
    for (const length of [1, 2, 3, 4, 5]) {
      expect(printed(f, [new Uint8Array(length)])).toContain(`data_length = ${length}, data = [`);
    }
  });

  itReads("shows an event without fields", () => {
    expect(printed(defineFacility("app", { tick: [] }), [])).toMatch(/^app:tick: \{? ?\}?$/);
  });
});

describe("metadata of odd names", () => {
  itReads("keeps words of the language apart from names", () => {
    const words = ["event", "struct", "int", "string", "enum", "align", "clock", "variant", "id"];
    const f = defineFacility("stream", { struct: words.map((word) => field(word, u32)) });
    const shown = words.map((word, i) => `${word} = ${i}`).join(", ");
    expect(
      printed(
        f,
        words.map((_, i) => i),
      ),
    ).toBe(`stream:struct: { ${shown} }`);
  });

  itReads("keeps spaces, quotes, backslashes and letters beyond ASCII in names of events", () => {
    const f = defineFacility('my "app" \\ é', { "*/ run 😀": [field("a b", u32)] });
    expect(printed(f, [1])).toBe('my "app" \\ é:*/ run 😀: { a_b = 1 }');
  });

  itReads("tells fields apart whose names differ only in what TSDL cannot say", () => {
    const f = defineFacility("app", {
      twins: [
        field("a b", u32),
        field("a-b", u32),
        field("a_b", u32),
        field("😀", u32),
        field("é", u32),
        field("s_length", u32),
        field("s", string),
        field("t", string),
        field("t_length", u32),
        field("b_length", u32),
        field("b", bytes),
        field("end", u32),
        field("x", bytes),
      ],
    });
    const one = Uint8Array.of(9);
    expect(printed(f, [1, 2, 3, 4, 5, 6, "s", "t", 7, 10, one, 8, one])).toBe(
      "app:twins: { a_b = 1, a_b_2 = 2, a_b_3 = 3, _ = 4, __2 = 5, s_length = 6, " +
        's = "s", t = "t", t_length = 7, b_length = 10, b_2_length = 1, b_2 = [ [0] = 9 ], ' +
        "end = 8, x_length = 1, x = [ [0] = 9 ], end_2 = { } }",
    );
  });

  itReads("stays readable for whatever names there are", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((s) => /^[^\p{Cc}\p{Cs}:]+$/u.test(s) && Buffer.byteLength(s) <= 63);
    const facilities = fc
      .sample(fc.tuple(name, name, fc.uniqueArray(name, { maxLength: 5 }), name), 200)
      .map(([facility, event, fields, label], i) => {
        const types = [{ enum: { [label]: i } }, "string", "bytes", { array: "string" }, "u32"];
        const typed = fields.map((f, n) => ({ name: f, type: types[(i + n) % types.length] }));
        const json = { name: facility, events: [{ name: event, fields: typed }] };
        return { firstEvent: i, definition: fromJson(JSON.stringify(json)) };
      });
    const metadata = metadataOf(facilities);
    const records = oneOfEach(facilities, () => ["a", "b", "c", "d", "e"]);
    const { stderr, status, lines } = babeltrace(metadata, [packetOf(records)]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(lines).toHaveLength(facilities.length);
    for (const [i, { definition }] of facilities.entries()) {
      expect(lines[i]).toContain(`${definition.name}:${definition.events[0]?.name}: `);
    }
    expect(readFacilities(metadata)).toEqual(facilities);
  });
});

describe("values of all kinds", () => {
  itReads("come out as they went in", () => {
    const f = defineFacility("app", {
      mix: [
        field("a", u32),
        field("b", i64),
        field("c", string),
        field("d", array(i8)),
        field("e", bytes),
      ],
    });
    const values = fc.sample(
      fc.tuple(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
        // Printable, and nothing that babeltrace2 shows by an escape.
        fc
          .string({ unit: "grapheme", maxLength: 100 })
          .map((s) => s.replace(/[\p{C}\p{Zl}\p{Zp}"'?\\]/gu, "")),
        fc.array(fc.integer({ min: -128, max: 127 }), { maxLength: 20 }),
        fc.uint8Array({ maxLength: 20 }),
      ),
      300,
    );
    const [event] = f.events;
    if (!event) throw new Error("no event");
    const records = values.map((args, i) => ({ time: BigInt(i), id: 1, event, args }));
    const { stderr, status, lines } = babeltrace(metadataOf(loaded(f)), [packetOf(records)]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const list = (numbers: ArrayLike<number>) =>
      numbers.length === 0
        ? "[ ]"
        : `[ ${Array.from(numbers, (n, i) => `[${i}] = ${n}`).join(", ")} ]`;
    expect(lines.map((line) => line.replace(/^.*? app:mix: /, ""))).toEqual(
      values.map(([a, b, c, d, e]) => {
        return (
          `{ a = ${a}, b = ${b}, c = "${shownText(c)}", d_length = ${d.length}, ` +
          `d = ${list(d)}, e_length = ${e.length}, e = ${list(e)}, end = { } }`
        );
      }),
    );
  });
});

describe("texts", () => {
  // Without the space of no width, babeltrace2 2.0.4 would show the text of an earlier record.
  /** Prints 30 records of each; babeltrace2 2.0.4 shows stale memory only once it reuses records. */
  function printedAll(types: readonly FieldType[], all: readonly (readonly unknown[])[]): string[] {
    const fields = types.map((type, i) => field(`f${i}`, type));
    const f = defineFacility("app", { e: fields });
    const [event] = f.events;
    if (!event) throw new Error("no event");
    const records = Array.from({ length: 30 }, () => all)
      .flat()
      .map((args, i) => ({ time: BigInt(i), id: 1, event, args }));
    const { stderr, status, lines } = babeltrace(metadataOf(loaded(f)), [packetOf(records)]);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const shown = lines.map((line) => line.replace(/^.*? app:e: /, ""));
    const first = shown.slice(0, all.length);
    expect(shown).toEqual(Array.from({ length: 30 }, () => first).flat());
    return first;
  }
  const texts = [
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "é",
    "éa",
    "😀",
    "abcdefg",
    "abcdefgh",
    "\u200b",
    "",
  ];

  itReads("of every length are shown as they are, as a record's last field too", () => {
    expect(
      printedAll(
        [string],
        texts.map((text) => [text]),
      ),
    ).toEqual(texts.map((text) => `{ f0 = "${shownText(text)}", end = { } }`));
    expect(
      printedAll(
        [u32, string, u32],
        texts.map((text) => [1, text, 2]),
      ),
    ).toEqual(texts.map((text) => `{ f0 = 1, f1 = "${shownText(text)}", f2 = 2 }`));
  });

  itReads("are shown as they are after texts and bytes of every length", () => {
    const args = texts.flatMap((a) => texts.map((b) => [a, new Uint8Array(b.length), b, 7]));
    expect(printedAll([string, bytes, string, u32], args)).toEqual(
      args.map(([a, list, b]) => {
        const { length } = list as Uint8Array;
        const zeros = Array.from({ length }, (_, i) => `[${i}] = 0`).join(", ");
        const shown = length === 0 ? "[ ]" : `[ ${zeros} ]`;
        const [first, last] = [a, b].map((text) => shownText(String(text)));
        return `{ f0 = "${first}", f1_length = ${length}, f1 = ${shown}, f2 = "${last}", f3 = 7 }`;
      }),
    );
  });

  itReads("of an array are shown as they are", () => {
    const args = [[], ["", ""], texts, ["abcd"]].map((list) => [list, "x"]);
    const shown = args.map(([list = []]) =>
      list.length === 0
        ? "[ ]"
        : `[ ${Array.from(list, (text, i) => `[${i}] = "${shownText(text)}"`).join(", ")} ]`,
    );
    expect(printedAll([array(string)], args)).toEqual(
      args.map(([list], i) => `{ f0_length = ${list?.length}, f0 = ${shown[i]}, end = { } }`),
    );
    expect(printedAll([array(string), string], args)).toEqual(
      args.map(
        ([list], i) => `{ f0_length = ${list?.length}, f0 = ${shown[i]}, f1 = "x", end = { } }`,
      ),
    );
  });

  itReads("of any mix of fields come out as they went in", () => {
    const mix = fc.array(fc.constantFrom(string, bytes, u32, u64, array(string), array(u32)), {
      minLength: 1,
      maxLength: 6,
    });
    const facilities = fc.sample(mix, 150).map((types, i) => {
      const fields = types.map((type, n) => field(`f${n}`, type as FieldType));
      return { firstEvent: i, definition: defineFacility(`f${i}`, { e: fields }) };
    });
    const plain = fc.string({ unit: fc.constantFrom(..."abé😀"), maxLength: 9 });
    const anyOf = ({ kind, element }: FieldType): fc.Arbitrary<unknown> =>
      kind === "string"
        ? plain
        : kind === "bytes"
          ? fc.uint8Array({ maxLength: 9 })
          : kind === "array"
            ? fc.array(anyOf(element as FieldType), { maxLength: 4 })
            : fc.nat(9);
    const records = oneOfEach(facilities, ({ fields }) =>
      fields.map(({ type }) => fc.sample(anyOf(type), 1)[0]),
    );
    const { stderr, status, lines } = babeltrace(metadataOf(facilities), [packetOf(records)]);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const show = (value: unknown): string => {
      if (typeof value !== "object")
        return typeof value === "string" ? `"${shownText(value)}"` : `${value}`;
      const list = Array.from(value as ArrayLike<unknown>, (each, i) => `[${i}] = ${show(each)}`);
      return list.length === 0 ? "[ ]" : `[ ${list.join(", ")} ]`;
    };
    expect(lines.map((line) => line.replace(/^.*?:e: /, "").replace(", end = { }", ""))).toEqual(
      records.map(({ args }) => {
        const shown = args.map((value, n) => {
          const counted = typeof value === "object";
          const length = counted ? `f${n}_length = ${(value as unknown[]).length}, ` : "";
          return `${length}f${n} = ${show(value)}`;
        });
        return `{ ${shown.join(", ")} }`;
      }),
    );
  });
});

describe("what readers show about the trace", () => {
  itReads("is accepted whatever its text", () => {
    const header = metadataHeader({
      uuid: UUID,
      env: { hostname: 'a "b" \\ é\n\t\u0001😀\0', tracer_minor: -3 },
      clock: {
        name: "steady",
        description: '"x" é',
        offsetSeconds: 1_700_000_000,
        offsetNanoseconds: 7,
        uuid: UUID,
      },
    });
    const f = loaded(defineFacility("app", { tick: [] }));
    const events = metadataEvents(1, defineFacility("app", { tick: [] }));
    const { stderr, status } = babeltrace(header + events, [packetOf(oneOfEach(f, () => []))]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(header).toMatch(/^[\x20-\x7e\n\t]*$/);
  });

  itReads("tells of records that were discarded between packets", () => {
    const f = loaded(defineFacility("app", { tick: [] }));
    const first = packetOf(oneOfEach(f, () => []));
    const time = { timestampBegin: 2000n, timestampEnd: 3000n };
    const second = packetOf([], { ...time, sequence: 1, discarded: 5 });
    const { stderr, status } = babeltrace(metadataOf(f), [first, second]);
    expect(stderr).toContain("discarded 5 events");
    expect(status).toBe(0);
  });

  it.each([
    ["a UUID that is none", { uuid: "12" }],
    ["another tracer_name", { env: { tracer_name: "other" } }],
    ["an env name that is no identifier", { env: { "a b": 1 } }],
    ["an env value that is no integer", { env: { a: 1.5 } }],
    ["a clock name that is no identifier", { clock: { name: "a.b" } }],
    ["an offset before the epoch", { clock: { offsetSeconds: -1 } }],
    ["a clock UUID that is none", { clock: { uuid: "x" } }],
  ])("is refused with %s", (_what, over: { uuid?: string; env?: object; clock?: object }) => {
    const clock = { description: "", offsetSeconds: 0, offsetNanoseconds: 0, ...over.clock };
    const header = { uuid: UUID, env: {}, ...over, clock } as Parameters<typeof metadataHeader>[0];
    expect(() => metadataHeader(header)).toThrow(TypeError);
  });

  it("is refused when an event's number has more than 12 bits", () => {
    const f = defineFacility("app", { a: [], b: [] });
    expect(metadataEvents(4094, f)).toContain("id = 4095;");
    expect(() => metadataEvents(4095, f)).toThrow(RangeError);
    expect(() => metadataEvents(-1, f)).toThrow(RangeError);
  });
});

describe("metadata, read back", () => {
  const text = metadataHeader({
    uuid: UUID.toUpperCase(),
    env: { hostname: 'a "b" {\\} é\n;', tracer_major: 0 },
    clock: { description: "}", offsetSeconds: 1_700_000_000, offsetNanoseconds: 123_456_789 },
  });

  it("returns UUID, clock offset and env", () => {
    expect(checkMetadata(text)).toEqual({
      uuid: UUID,
      clockOffsetNs: 1_700_000_000_123_456_789n,
      env: { tracer_name: "tbuf", hostname: 'a "b" {\\} é\n;', tracer_major: 0 },
    });
  });

  it("returns the facilities exactly as they were defined", () => {
    const odd = defineFacility("*/ é", {
      "/* x": { "a\\b": u32, t: enumOf({ '"*/"': 1 }) },
      y: [],
    });
    const facilities = readFacilities(text + metadataEvents(7, odd) + metadataEvents(9, odd));
    expect(facilities.map((f) => f.firstEvent)).toEqual([7, 9]);
    expect(facilities.map((f) => toJson(f.definition))).toEqual([toJson(odd), toJson(odd)]);
  });

  it.each([
    ["an empty text", ""],
    ["another format", "/* CTF 2 */"],
    ["no env", "/* CTF 1.8 */ trace { };"],
    ["another tracer", '/* CTF 1.8 */ env { tracer_name = "lttng-ust"; };'],
    ["the tracer's name in a comment", '/* CTF 1.8 */ /* env { tracer_name = "tbuf"; }; */'],
    ["the tracer's name in a string", '/* CTF 1.8 */ env { x = "tracer_name = tbuf"; };'],
    ["a block that is not closed", '/* CTF 1.8 */ env { tracer_name = "tbuf";'],
    ["a block that is not open", '/* CTF 1.8 */ } env { tracer_name = "tbuf"; };'],
    ["no clock", text.replace("clock {", "cluck {")],
    ["no uuid", text.replace("uuid =", "id =")],
    ["a string that is not closed", `${text}"`],
    ["a comment that is not closed", `${text}/*`],
  ])("refuses %s", (_what, bad) => {
    expect(() => checkMetadata(bad)).toThrow(/^metadata: /);
  });

  it.each(["", "x {}", "7", "99999 {}", "7 {}", '7 {"name":"a","events":[]}'])(
    "refuses the facility comment %j",
    (rest) => {
      expect(() => readFacilities(`/* tbuf events ${rest} */`)).toThrow(TypeError);
    },
  );

  it("refuses facilities of the layout before, which it would read wrong", () => {
    const old = metadataEvents(1, defineFacility("app", { a: { b: string } })).replace(
      "tbuf events",
      "tbuf facility",
    );
    expect(() => readFacilities(text + old)).toThrow(/^metadata: an earlier version of tbuf/);
  });

  it("throws nothing but TypeErrors at mangled text", () => {
    const whole = text + metadataEvents(1, defineFacility("app", { a: { b: string } }));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(20), fc.string(), (at, cut, extra) => {
        const mangled = whole.slice(0, at) + extra + whole.slice(at + cut);
        try {
          checkMetadata(mangled);
          readFacilities(mangled);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});
