// The events of all checks, the same in every thread. `golden` comes first, so that its events have
// the same numbers wherever a program of this suite is a CPU.

import {
  array,
  bool,
  bytes,
  enumOf,
  event,
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
} from "tbuf";

const colour = enumOf({ RED: -1, GREEN: 0, BLUE: 2147483647, "deep sea": 7 });

export const golden = facility("golden", {
  none: [],
  pair: [field("a", u32), field("b", i32)],
  seven: [u8, u16, u32, i8, i16, i32, bool].map((type, i) => field(`f${i}`, type)),
  wide: [field("a", u64), field("b", i64), field("c", f64), field("d", f32)],
  text: [field("t", string), field("n", u32)],
  blob: [field("b", bytes)],
  list: [field("l", array(u16)), field("s", array(string)), field("c", colour)],
  named: event({ id: u32, path: string }, { doc: "A request, by name." }),
});

export const conf = facility("conf", {
  tick: [field("n", u32)],
  pair: [field("thread", u32), field("n", u32)],
  text: [field("t", string), field("n", u32)],
  wide: [field("a", u64), field("b", f64)],
  none: [],
});

/** Each type, values that it holds as they are, and arguments that it makes something else of. */
export const TYPES = {
  u8: {
    type: u8,
    values: [0, 1, 127, 128, 255],
    odd: [
      [256, 0],
      [-1, 255],
      [1.9, 1],
      ["7", 7],
    ],
  },
  u16: {
    type: u16,
    values: [0, 1, 32767, 32768, 65535],
    odd: [
      [65536, 0],
      [-1, 65535],
    ],
  },
  u32: {
    type: u32,
    values: [0, 1, 2147483647, 2147483648, 4294967295],
    odd: [
      [4294967296, 0],
      [-1, 4294967295],
      [Number.NaN, 0],
      [undefined, 0],
    ],
  },
  u64: {
    type: u64,
    values: [0n, 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
    odd: [
      [7, 7n],
      [-1, 2n ** 64n - 1n],
      [2 ** 53, 2n ** 53n],
      [2n ** 64n, 0n],
    ],
  },
  i8: {
    type: i8,
    values: [-128, -1, 0, 1, 127],
    odd: [
      [128, -128],
      [-129, 127],
    ],
  },
  i16: { type: i16, values: [-32768, -1, 0, 1, 32767], odd: [[32768, -32768]] },
  i32: { type: i32, values: [-2147483648, -1, 0, 1, 2147483647], odd: [[2147483648, -2147483648]] },
  i64: {
    type: i64,
    values: [-(2n ** 63n), -(2n ** 32n), -1n, 0n, 1n, 2n ** 63n - 1n],
    odd: [
      [-7, -7n],
      [2n ** 63n, -(2n ** 63n)],
      [-(2 ** 32), -(2n ** 32n)],
    ],
  },
  f32: {
    type: f32,
    values: [0, -0, 1.5, -1.5, 2 ** -149, 3.4028234663852886e38, Infinity, -Infinity, NaN],
    odd: [
      [0.1, Math.fround(0.1)],
      [1e39, Infinity],
      ["2.5", 2.5],
    ],
  },
  f64: {
    type: f64,
    values: [0, -0, 0.1, -1e308, 5e-324, 2 ** 53, Infinity, -Infinity, NaN],
    odd: [
      ["0.1", 0.1],
      [undefined, 0],
    ],
  },
  bool: {
    type: bool,
    values: [true, false],
    odd: [
      [1, true],
      ["", false],
      [undefined, false],
    ],
  },
  string: {
    type: string,
    values: [
      "",
      "a",
      "abcd",
      "\u007f\u0080\u07ff\u0800\uffff",
      "\u{1f600} and \u{10ffff}",
      "\ufeffmark",
      "x".repeat(33),
      "gr\u00fc\u00df".repeat(200),
      "\u6f22\u5b57".repeat(500),
    ],
    odd: [
      ["a\0b", "a\u2400b"],
      ["\ud800", "\ufffd"],
      [12, "12"],
      [null, ""],
    ],
  },
  bytes: {
    type: bytes,
    values: [[], [0], [1, 2, 3], [0, 255, 128, 127], new Array(1000).fill(7)].map((list) =>
      Uint8Array.from(list),
    ),
    odd: [
      ["hi", Uint8Array.of(104, 105)],
      [new Uint16Array([0x0201]), Uint8Array.of(1, 2)],
      [[1, 2, 300], Uint8Array.of(1, 2, 44)],
      [Uint8Array.of(9, 8).buffer, Uint8Array.of(9, 8)],
      [undefined, new Uint8Array(0)],
    ],
  },
  enum: {
    type: colour,
    values: [-1, 0, 2147483647, 7, 5],
    odd: [
      ["RED", -1],
      ["deep sea", 7],
      ["no such", 0],
    ],
  },
};

const entries = Object.entries(TYPES);

/** One event a type, and one of a list of it where there may be lists. */
export const types = facility(
  "types",
  Object.fromEntries(entries.map(([name, { type }]) => [name, [field("v", type)]])),
);
export const LISTS = entries.map(([name]) => name).filter((name) => name !== "bytes");
export const lists = facility(
  "lists",
  Object.fromEntries(LISTS.map((name) => [name, [field("v", array(TYPES[name].type))]])),
);
/** The same between two others, by name: what is around a value stays what it is. */
export const between = facility(
  "between",
  Object.fromEntries(
    entries.map(([name, { type }]) => [name, { before: u32, value: type, after: u32 }]),
  ),
);
