// The payload of records: what goes in comes out, nothing is written where it must not be, and
// hostile memory is turned away.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import { decoderOf } from "../../src/ctf/read/payload.js";
import {
  Area,
  array,
  bool,
  bytes,
  defineFacility,
  type EventDefinition,
  type EventEncoder,
  encoderOf,
  enumOf,
  type FieldType,
  f32,
  f64,
  field,
  i8,
  i16,
  i32,
  i64,
  type Sizer,
  sizerOf,
  string,
  u8,
  u16,
  u32,
  u64,
} from "../../src/event/index.js";
import { textEnd } from "../../src/event/text.js";

type Decode = (view: DataView, at: number, end: number) => Record<string, unknown>;
type Codec = EventEncoder & { readonly size: Sizer; readonly decode: Decode };

const state = enumOf({ idle: 0, busy: 7, off: -1 });

/** Both directions of an event. */
function codecOfEvent(event: EventDefinition): Codec {
  const size = sizerOf(event);
  const decoder = decoderOf(eventClassOf("test", event).fields);
  const decode: Decode = (view, at, end) => {
    const decoded = decoder(view, at, end);
    // What measures payloads and what reads them agree on where each ends.
    expect(decoded.end).toBe(at + size(view, at, end));
    return decoded.fields;
  };
  return { ...encoderOf(event), size, decode };
}

function codecOf(...types: FieldType[]): Codec {
  const list = types.map((type, i) => field(`f${i}`, type));
  const [event] = defineFacility("test", { event: list }).events;
  if (!event) throw new Error("no event");
  return codecOfEvent(event);
}

/** Memory like the scratch area: shared, and full of something else. */
function memory(size: number): { bytes: Uint8Array; view: DataView } {
  const buffer = new SharedArrayBuffer(size);
  const all = new Uint8Array(buffer).fill(0xaa);
  return { bytes: all, view: new DataView(buffer) };
}

/** Encodes arguments at byte 8, and returns the payload and what decode makes of it. */
function through(codec: Codec, args: readonly unknown[]) {
  const { bytes: all, view } = memory(65536);
  const size = codec.encode(codec.plain(args), new Area(all, view, all.length), 8);
  expect(size).toBeGreaterThanOrEqual(0);
  expect(size % 4).toBe(0);
  expect(codec.size(view, 8, 8 + size)).toBe(size);
  expect(codec.size(view, 8, all.length)).toBe(size);
  return {
    payload: [...all.slice(8, 8 + size)],
    values: Object.values(codec.decode(view, 8, 8 + size)),
  };
}

/** The payload of one text: its UTF-8, a NUL, zero bytes up to a whole word. */
function textPayload(text: string): number[] {
  const more = /^\u200b*$/.test(text) ? "\u200b" : "";
  const utf8 = [...new TextEncoder().encode(text.replaceAll("\0", "\u2400") + more), 0];
  while (utf8.length % 4 !== 0) utf8.push(0);
  return utf8;
}

// The language's own conversions are the oracle for numbers.
const wrap =
  (
    to: Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array,
  ) =>
  (value: number) => {
    to[0] = value;
    return to[0];
  };
const wide = (value: number | bigint) =>
  typeof value === "bigint" ? value : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
const visible = (text: string) => text.toWellFormed().replaceAll("\0", "\u2400");

const anyNumber = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 53, 2 ** 63, 2 ** 64, 1.5e300, -0),
);
const anyWide = fc.oneof(anyNumber, fc.bigInt());
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 90 }),
  fc.string({ unit: "binary-ascii", maxLength: 90 }),
  fc.string({
    unit: fc.constantFrom("a", "\0", "\ud800", "\udc00", "é", "😀", "\ufeff", "\u200b"),
    maxLength: 90,
  }),
);
const anyState = fc.oneof(fc.constantFrom("idle", "busy", "off"), fc.integer());
const stateOf = (v: string | number) =>
  typeof v === "number" ? v : { idle: 0, busy: 7, off: -1 }[v];

interface Kind {
  name: string;
  type: FieldType;
  argument: fc.Arbitrary<unknown>;
  expected: (argument: never) => unknown;
}

const elements: Kind[] = [
  { name: "u8", type: u8, argument: anyNumber, expected: wrap(new Uint8Array(1)) },
  { name: "u16", type: u16, argument: anyNumber, expected: wrap(new Uint16Array(1)) },
  { name: "u32", type: u32, argument: anyNumber, expected: wrap(new Uint32Array(1)) },
  { name: "i8", type: i8, argument: anyNumber, expected: wrap(new Int8Array(1)) },
  { name: "i16", type: i16, argument: anyNumber, expected: wrap(new Int16Array(1)) },
  { name: "i32", type: i32, argument: anyNumber, expected: wrap(new Int32Array(1)) },
  { name: "f32", type: f32, argument: anyNumber, expected: wrap(new Float32Array(1)) },
  { name: "f64", type: f64, argument: anyNumber, expected: (v: number) => v },
  {
    name: "u64",
    type: u64,
    argument: anyWide,
    expected: (v: number | bigint) => BigInt.asUintN(64, wide(v)),
  },
  {
    name: "i64",
    type: i64,
    argument: anyWide,
    expected: (v: number | bigint) => BigInt.asIntN(64, wide(v)),
  },
  { name: "bool", type: bool, argument: fc.boolean(), expected: (v: boolean) => v },
  { name: "string", type: string, argument: anyText, expected: visible },
  { name: "enum", type: state, argument: anyState, expected: stateOf },
];

const kinds: Kind[] = [
  ...elements,
  { name: "bytes", type: bytes, argument: fc.uint8Array(), expected: (v: Uint8Array) => v },
  ...elements.map(
    ({ name, type, argument, expected }): Kind => ({
      name: `array of ${name}`,
      type: array(type as FieldType<number>),
      argument: fc.array(argument, { maxLength: 12 }),
      expected: (list: never[]) => list.map(expected),
    }),
  ),
];

describe("encode, size and decode", () => {
  it.each(kinds)("return a $name as it went in", ({ type, argument, expected }) => {
    const codec = codecOf(type);
    fc.assert(
      fc.property(argument, (value) => {
        expect(through(codec, [value]).values).toEqual([expected(value as never)]);
      }),
    );
  });

  it("return any mix of fields as it went in", () => {
    const mix = fc
      .array(fc.constantFrom(...kinds), { maxLength: 8 })
      .chain((list) => fc.tuple(fc.constant(list), fc.tuple(...list.map((k) => k.argument))));
    fc.assert(
      fc.property(mix, ([list, args]) => {
        const expected = list.map((kind, i) => kind.expected(args[i] as never));
        expect(through(codecOf(...list.map((k) => k.type)), args).values).toEqual(expected);
      }),
    );
  });

  it("lay out a payload as drawn", () => {
    const codec = codecOf(i8, u64, string, bytes, array(u16), f32, array(string), string, u8);
    const args = [-2, 2n ** 32n + 2n, "hello", Uint8Array.of(9), [3, 0xffff], 1, ["é", ""], "a", 4];
    expect(through(codec, args).payload).toEqual(
      [
        [0xfe, 0xff, 0xff, 0xff], // i8, extended by value
        [2, 0, 0, 0, 1, 0, 0, 0], // u64
        [0x68, 0x65, 0x6c, 0x6c, 0x6f, 0, 0, 0], // string: up to its NUL; two bytes of padding
        [1, 0, 0, 0, 9, 0, 0, 0], // bytes: length is exact
        [2, 0, 0, 0, 3, 0, 0, 0, 0xff, 0xff, 0, 0], // array: count, words
        [0, 0, 0x80, 0x3f], // f32
        [2, 0, 0, 0, 0xc3, 0xa9, 0], // array of strings: count, the strings ...
        [0xe2, 0x80, 0x8b, 0], // ... of which an empty one is U+200B, with no padding between
        [0x61, 0, 0, 0, 0], // string, right after them; three bytes of padding
        [4, 0, 0, 0], // u8
      ].flat(),
    );
  });

  it("keep texts around the length where the encoder changes", () => {
    const codec = codecOf(string);
    expect(through(codec, [""]).payload).toEqual([0xe2, 0x80, 0x8b, 0]);
    for (const text of ["\u200b", "\u200b\u200b", "\u200ba", "a\u200b", "\u200b".repeat(40)]) {
      expect(through(codec, [text]).values).toEqual([text]);
    }
    for (const length of [0, 1, 3, 4, 5, 63, 64, 65, 1000, 5000, 20000]) {
      expect(through(codec, ["x".repeat(length)]).values).toEqual(["x".repeat(length)]);
      expect(through(codec, ["é".repeat(length)]).values).toEqual(["é".repeat(length)]);
    }
  });

  it("lay out texts of any length in the same way, whatever is at whichever place in them", () => {
    const codec = codecOf(string);
    const units = ["\0", "\u0001", "\u007f", "\u0080", "é", "\u0800", "😀", "\ud800", "\udc00"];
    for (let length = 0; length <= 70; length++) {
      const plain = "abcdefghij".repeat(7).slice(0, length);
      expect(through(codec, [plain]).payload).toEqual(textPayload(plain));
      for (const unit of units) {
        for (const at of new Set([0, 1, 2, 3, length >> 1, length - 1, length])) {
          const text = plain.slice(0, at) + unit + plain.slice(at);
          expect(through(codec, [text]).payload, JSON.stringify(text)).toEqual(textPayload(text));
        }
      }
    }
  });

  it("lay out a text that was put together or cut out like any other", () => {
    const codec = codecOf(string);
    fc.assert(
      fc.property(anyText, anyText, fc.nat(20), (a, b, cut) => {
        for (const text of [`${a}${b}`, `${a}${b}`.slice(cut)]) {
          expect(through(codec, [text]).payload).toEqual(textPayload(text));
        }
      }),
    );
  });

  it("write into one area what they write into a fresh one, wherever a text begins", () => {
    const codec = codecOf(string, bytes, string);
    const args = fc.tuple(anyText, fc.uint8Array({ maxLength: 90 }), anyText);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), args), { maxLength: 12 }), (list) => {
        const { bytes: all, view } = memory(4096);
        const area = new Area(all, view, 4096);
        for (const [word, values] of list) {
          const at = word * 4;
          const size = codec.encode(codec.plain(values), area, at);
          expect([...all.slice(at, at + size)]).toEqual(through(codec, values).payload);
        }
      }),
    );
  });

  it("keep a field called __proto__ a field", () => {
    const [event] = defineFacility("test", { e: [field("__proto__", u32)] }).events;
    if (!event) throw new Error("no event");
    const codec = codecOfEvent(event);
    const { bytes: all, view } = memory(16);
    codec.encode(codec.plain([5]), new Area(all, view, 16), 0);
    expect(Object.entries(codec.decode(view, 0, 4))).toEqual([["__proto__", 5]]);
  });
});

describe("encode at a limit", () => {
  it("writes nothing beyond it, and everything when it is just enough", () => {
    const mix = fc
      .array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 5 })
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.tuple(...list.map((k) => k.argument)), fc.nat(200)),
      );
    fc.assert(
      fc.property(mix, ([list, args, room]) => {
        const codec = codecOf(...list.map((k) => k.type));
        const needed = through(codec, args).payload.length;
        for (const limit of [8 + room, 8 + needed, 8 + needed - 1]) {
          const { bytes: all, view } = memory(65536);
          const size = codec.encode(codec.plain(args), new Area(all, view, limit), 8);
          expect(size).toBe(8 + needed <= limit ? needed : -1);
          expect(all.slice(0, 8).every((b) => b === 0xaa)).toBe(true);
          expect(all.slice(Math.max(limit, 8)).every((b) => b === 0xaa)).toBe(true);
        }
      }),
    );
  });

  it("turns huge arguments away without reading them", () => {
    const { bytes: all, view } = memory(64);
    const huge = { length: 2 ** 40 };
    for (const codec of [codecOf(array(u32)), codecOf(bytes)]) {
      expect(codec.encode(codec.plain([huge]), new Area(all, view, 64), 0)).toBe(-1);
    }
    const text = codecOf(string);
    expect(text.encode(text.plain(["x".repeat(1 << 28)]), new Area(all, view, 64), 0)).toBe(-1);
  });
});

describe("words", () => {
  it("are known for up to seven fields of one word", () => {
    expect(codecOf().words).toBe(0);
    expect(codecOf(u8, i16, bool, state, f32, u32, i32).words).toBe(7);
    expect(codecOf(u8, u8, u8, u8, u8, u8, u8, u8).words).toBeUndefined();
    expect(codecOf(u32, u64).words).toBeUndefined();
    expect(codecOf(string).words).toBeUndefined();
  });

  it("come with a size where no field varies", () => {
    expect(codecOf().fixedBytes).toBe(0);
    expect(codecOf(u8, u64, f64, f32).fixedBytes).toBe(24);
    expect(codecOf(u8, string).fixedBytes).toBeUndefined();
    expect(codecOf(bytes, u8).fixedBytes).toBeUndefined();
    expect(codecOf(array(u8)).fixedBytes).toBeUndefined();
  });

  it.each(kinds.filter(({ type }) => codecOf(type).words === 1))(
    "of a $name are what encode writes",
    ({ type, argument }) => {
      const codec = codecOf(u32, type);
      fc.assert(
        fc.property(argument, (value) => {
          const { bytes: all, view } = memory(8);
          codec.encode(codec.plain([0, value]), new Area(all, view, 8), 0);
          expect(codec.toWord[1]?.(value)).toBe(view.getInt32(4, true));
        }),
      );
    },
  );
});

describe("odd arguments", () => {
  const all = codecOf(...kinds.map((k) => k.type));
  const zeros = kinds.map(({ name }) =>
    name.startsWith("array")
      ? []
      : name === "bytes"
        ? new Uint8Array(0)
        : name === "string"
          ? ""
          : name === "bool"
            ? false
            : name.endsWith("64") && name !== "f64"
              ? 0n
              : 0,
  );

  it.each([
    ["undefined", undefined],
    ["null", null],
  ])("of %s are nothing", (_what, value) => {
    expect(
      through(
        all,
        kinds.map(() => value),
      ).values,
    ).toEqual(zeros);
    expect(kinds.map((_, i) => (all.words === undefined ? 0 : all.toWord[i]?.(value)))).toEqual(
      kinds.map(() => 0),
    );
  });

  it("that are missing are nothing", () => {
    expect(through(all, []).values).toEqual(zeros);
  });

  it("of any sort never throw", () => {
    const odd = fc.oneof(
      // No deeper: an array's own toString throws where an element has no conversion.
      fc.anything({ maxDepth: 1, withBigInt: true, withDate: true, withTypedArray: true }),
      fc.constantFrom<unknown>(
        Object.create(null),
        Symbol("s"),
        Symbol.iterator,
        () => 1,
        class {},
        new ArrayBuffer(3),
        new SharedArrayBuffer(3),
        new DataView(new ArrayBuffer(3)),
        Buffer.from("abc"),
        structuredClone(new Date(Number.NaN)),
        { length: -1 },
        { length: "2", 0: 1, 1: "2" },
        { [Symbol.toPrimitive]: () => ({}) },
      ),
    );
    fc.assert(
      fc.property(fc.array(odd, { minLength: kinds.length, maxLength: kinds.length }), (args) => {
        // An object with a large `length` does not fit, and that is all.
        const { bytes: memoryBytes, view } = memory(4096);
        const size = all.encode(all.plain(args), new Area(memoryBytes, view, 4096), 0);
        expect(size).toBe(size < 0 ? -1 : all.size(view, 0, 4096));
        for (const { type } of kinds) {
          const one = codecOf(type);
          if (one.words === 1) for (const value of args) one.toWord[0]?.(value);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("of detached buffers are no bytes", () => {
    const view = new Uint8Array(8);
    const other = new Int16Array(8);
    structuredClone([view.buffer, other.buffer], { transfer: [view.buffer, other.buffer] });
    expect(through(codecOf(bytes, bytes, bytes), [view, other, view.buffer]).values).toEqual([
      new Uint8Array(0),
      new Uint8Array(0),
      new Uint8Array(0),
    ]);
  });

  it("of other byte holders are their bytes", () => {
    const words = Uint32Array.of(0x04030201).subarray(0, 1);
    expect(
      through(codecOf(bytes, bytes, bytes), [words, Buffer.from("é"), [1, 257]]).values,
    ).toEqual([Uint8Array.of(1, 2, 3, 4), Uint8Array.of(0xc3, 0xa9), Uint8Array.of(1, 1)]);
  });

  it("of an enum that are no member are numbers, or 0", () => {
    const codec = codecOf(state, state, state, state);
    expect(through(codec, ["42", "unknown", "constructor", "__proto__"]).values).toEqual([
      42, 0, 0, 0,
    ]);
  });

  it("run their own code in plain and nowhere else", () => {
    const log: string[] = [];
    const codec = codecOf(u32, string, array(u32));
    const plain = codec.plain([
      { valueOf: () => log.push("valueOf") },
      { toString: () => `toString ${log.push("toString")}` },
      {
        get length() {
          return log.push("length") > 0 ? 1 : 0;
        },
        get 0() {
          return log.push("get");
        },
      },
    ]);
    expect(log).toEqual(["valueOf", "toString", "length", "get"]);
    const { bytes: memoryBytes, view } = memory(64);
    codec.encode(plain, new Area(memoryBytes, view, 64), 0);
    expect(log).toHaveLength(4);
    expect(codec.decode(view, 0, 64)).toEqual({ f0: 1, f1: "toString 2", f2: [4] });
  });

  it("let exceptions of their own code pass", () => {
    const bad = {
      toString() {
        throw new Error("mine");
      },
      valueOf() {
        throw new Error("mine");
      },
    };
    for (const type of [u32, u64, f64, string, state]) {
      expect(() => codecOf(type).plain([bad])).toThrow("mine");
    }
    expect(() => codecOf(u32).toWord[0]?.(bad)).toThrow("mine");
  });
});

describe("hostile memory", () => {
  const random = fc.array(fc.constantFrom(...kinds), { maxLength: 6 }).chain((list) =>
    fc.tuple(
      fc.constant(codecOf(...list.map((k) => k.type))),
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        // Small lengths and counts, which lead further in.
        fc
          .array(fc.constantFrom(0, 1, 2, 3, 4, 8, 0xffffffff, 0x80000000), { maxLength: 40 })
          .map((words) => new Uint8Array(Uint32Array.from(words).buffer)),
      ),
      fc.nat(220),
      fc.nat(220),
    ),
  );

  it("is either measured within its bounds and decoded, or refused by both", () => {
    fc.assert(
      fc.property(random, ([codec, content, at, end]) => {
        const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
        const size = codec.size(view, at, end);
        if (size < 0) {
          expect(size).toBe(-1);
          expect(() => codec.decode(view, at, end)).toThrow(RangeError);
          return;
        }
        expect(at + size).toBeLessThanOrEqual(Math.min(end, content.length));
        codec.decode(view, at, end);
        expect(codec.decode(view, at, at + size)).toEqual(codec.decode(view, at, end));
      }),
      { numRuns: 2000 },
    );
  });

  it("with a huge count costs no more than its bytes", () => {
    const view = new DataView(new ArrayBuffer(1 << 16));
    view.setUint32(0, 0xffffffff, true);
    for (const type of [array(string), array(u8), array(u64), bytes]) {
      expect(codecOf(type).size(view, 0, 1 << 16)).toBe(-1);
      expect(() => codecOf(type).decode(view, 0, 1 << 16)).toThrow(RangeError);
    }
  });

  it("with a text that has no NUL is refused, wherever the memory ends", () => {
    for (let size = 0; size <= 12; size++) {
      const all = new Uint8Array(16).fill(0x61);
      const view = new DataView(all.buffer);
      all.fill(0, size);
      expect(codecOf(string).size(view, 0, size)).toBe(-1);
      expect(() => codecOf(string).decode(view, 0, size)).toThrow(RangeError);
      const whole = 4 * Math.ceil((size + 1) / 4);
      expect(codecOf(string).size(view, 0, whole)).toBe(whole);
      expect(codecOf(string).size(view, 0, whole - 1)).toBe(-1);
      expect(codecOf(string).decode(view, 0, whole)).toEqual({ f0: "a".repeat(size) });
    }
  });

  it("ends a text at its first NUL, whatever bytes are around it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(3), (content, at) => {
        const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
        const nul = content.indexOf(0, at);
        expect(textEnd(view, at, content.length)).toBe(nul < 0 ? -1 : nul + 1);
      }),
    );
  });

  it("at a position that is none is refused", () => {
    const view = new DataView(new ArrayBuffer(16));
    for (const [at, end] of [
      [-4, 16],
      [17, 20],
      [12, 8],
      [Number.NaN, 16],
      [0, Number.NaN],
    ] as const) {
      expect(codecOf(u32).size(view, at, end)).toBe(-1);
      expect(codecOf().size(view, at, end)).toBe(-1);
      expect(() => codecOf(u32).decode(view, at, end)).toThrow(RangeError);
      expect(() => codecOf().decode(view, at, end)).toThrow(RangeError);
    }
  });
});
