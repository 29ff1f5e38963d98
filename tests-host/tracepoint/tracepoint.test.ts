// Tracepoints: what is recorded for which argument, when nothing is recorded, and what user code
// that runs in between can and cannot do.

import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  array,
  bool,
  bytes,
  type Dom0,
  enumOf,
  f32,
  f64,
  facility,
  field,
  type Hypervisor,
  i8,
  i16,
  i32,
  i64,
  string,
  type Trace,
  u8,
  u16,
  u32,
  u64,
} from "../../src/index.js";
import { cpuInfo, decode, drained, fieldsOf } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const state = enumOf({ idle: 0, busy: 7, off: -1 });

// Defined before any hypervisor is there.
const app = facility("tp", {
  words: [field("a", u8), field("b", i16), field("c", bool), field("d", f32), field("e", state)],
  seven: ["a", "b", "c", "d", "e", "f", "g"].map((name) => field(name, u32)),
  eight: ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => field(name, u32)),
  named: { id: u32, who: i32 },
  empty: {},
  nothing: [],
  numbers: { a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, i: f32, j: f64 },
  others: { a: bool, b: string, c: bytes, d: state },
  lists: { a: array(u32), b: array(string), c: array(f64), d: array(bool), e: array(state) },
  text: { text: string },
  data: { data: bytes },
  one: { n: u32 },
});

let hypervisor: Hypervisor;
let dom0: Dom0;
let trace: Trace;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 2 });
  dom0 = hypervisor.dom0();
  trace = dom0.createTrace("a", { events: "tp", subbufBytes: 65536 });
  trace.start();
  hypervisor.attach();
});

/** What was recorded since the last look. */
const seen = () => decode(dom0, drained(trace)).map(({ event, fields }) => [event, fields]);

describe("a tracepoint", () => {
  it("that was defined before attach records each of one word", () => {
    app.words(255, -32768, true, 0.5, "busy");
    app.words(0, 32767, false, -1.25, -1);
    expect(seen()).toEqual([
      ["tp:words", { a: 255, b: -32768, c: true, d: 0.5, e: 7 }],
      ["tp:words", { a: 0, b: 32767, c: false, d: -1.25, e: -1 }],
    ]);
  });

  it("of seven and of eight words records all of them", () => {
    app.seven(1, 2, 3, 4, 5, 6, 0xffffffff);
    app.eight(1, 2, 3, 4, 5, 6, 7, 0xffffffff);
    expect(seen()).toEqual([
      ["tp:seven", { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 0xffffffff }],
      ["tp:eight", { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 0xffffffff }],
    ]);
  });

  it("takes one object, in any order of its members", () => {
    app.named({ who: -5, id: 9 });
    app.empty();
    app.nothing();
    expect(seen()).toEqual([
      ["tp:named", { id: 9, who: -5 }],
      ["tp:empty", {}],
      ["tp:nothing", {}],
    ]);
  });

  it("records every number type to its limits", () => {
    const low = { a: 0, b: 0, c: 0, d: 0n, e: -128, f: -32768, g: -(2 ** 31), h: -(2n ** 63n) };
    const high = { a: 255, b: 65535, c: 2 ** 32 - 1, d: 2n ** 64n - 1n, e: 127, f: 32767 };
    app.numbers({ ...low, i: -0.5, j: -Number.MAX_VALUE });
    app.numbers({ ...high, g: 2 ** 31 - 1, h: 2n ** 63n - 1n, i: Infinity, j: Number.EPSILON });
    expect(seen()).toEqual([
      ["tp:numbers", { ...low, i: -0.5, j: -Number.MAX_VALUE }],
      [
        "tp:numbers",
        { ...high, g: 2 ** 31 - 1, h: 2n ** 63n - 1n, i: Infinity, j: Number.EPSILON },
      ],
    ]);
  });

  it("records strings, bytes, enums and lists of any length", () => {
    app.others({ a: true, b: "", c: new Uint8Array(0), d: "off" });
    app.others({ a: false, b: "grüße \u{1f680}", c: new Uint8Array([1, 2, 3]), d: 42 });
    app.lists({ a: [], b: [], c: [], d: [], e: [] });
    const lists = { a: [1, 2], b: ["x", "", "yz"], c: [0.1], d: [true, false], e: ["busy", 3] };
    app.lists(lists as Parameters<typeof app.lists>[0]);
    expect(seen()).toEqual([
      ["tp:others", { a: true, b: "", c: new Uint8Array(0), d: -1 }],
      ["tp:others", { a: false, b: "grüße \u{1f680}", c: new Uint8Array([1, 2, 3]), d: 42 }],
      ["tp:lists", { a: [], b: [], c: [], d: [], e: [] }],
      ["tp:lists", { ...lists, e: [7, 3] }],
    ]);
  });

  it("records what it is given, any number and any text", () => {
    const text = fc.string({ unit: "grapheme" }).map((s) => s.replaceAll("\0", "x"));
    fc.assert(
      fc.property(
        fc.array(fc.nat()),
        text,
        fc.uint8Array(),
        fc.double({ noNaN: true }),
        (a, b, c, d) => {
          app.lists({ a, b: [b, b], c: [d], d: [], e: [] });
          app.others({ a: true, b, c, d: 0 });
          expect(seen()).toEqual([
            ["tp:lists", { a, b: [b, b], c: [d], d: [], e: [] }],
            ["tp:others", { a: true, b, c, d: 0 }],
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("a tracepoint, disabled", () => {
  const cases: [string, () => void][] = [
    ["while its trace is stopped", () => trace.stop()],
    ["after a detach", () => hypervisor.cpu?.detach()],
    ["once its trace is destroyed", () => trace.destroy()],
  ];
  it.each(cases)("does nothing %s, and runs no user code", async (_name, disable) => {
    app.one({ n: 1 });
    disable();
    // While dom0 asks for a quiescent point, a disabled tracepoint is a way to one.
    expect(await dom0.settled(5000)).toBe(true);
    let ran = 0;
    const loud = { valueOf: () => ran++, toString: () => `${ran++}` };
    app.one({ n: loud as unknown as number });
    app.text({ text: loud as unknown as string });
    expect(ran).toBe(0);
    if (!trace.destroyed) expect(seen()).toEqual([["tp:one", { n: 1 }]]);
  });

  it("does nothing in a trace that does not select it", () => {
    const narrow = dom0.createTrace("narrow", { events: "tp:one" });
    narrow.start();
    app.text({ text: "x" });
    app.one({ n: 1 });
    expect(decode(dom0, drained(narrow)).map(({ event }) => event)).toEqual(["tp:one"]);
    expect(seen()).toHaveLength(2);
  });

  it("records again after the next start and the next attach", () => {
    trace.stop();
    app.one({ n: 1 });
    trace.start();
    app.one({ n: 2 });
    hypervisor.cpu?.detach();
    app.one({ n: 3 });
    hypervisor.attach();
    app.one({ n: 4 });
    expect(seen().map(([, fields]) => fields)).toEqual([{ n: 2 }, { n: 4 }]);
  });
});

describe("user code within an argument", () => {
  const texts = () => fieldsOf(decode(dom0, drained(trace)), "tp");

  it("may record in turn, and both records are whole", () => {
    const outer = {
      toString: () => {
        app.text({ text: "inner, and longer than the outer one" });
        app.one({ n: 1 });
        return "outer";
      },
    };
    app.text({ text: outer as unknown as string });
    expect(texts()).toEqual([
      { text: "inner, and longer than the outer one" },
      { n: 1 },
      { text: "outer" },
    ]);
  });

  it("may record in turn from getters, lists and numbers, with time in order (I8)", () => {
    const inner = () => app.lists({ a: [9, 9, 9], b: ["inner"], c: [], d: [], e: [] });
    app.named({
      get id() {
        inner();
        return 5;
      },
      who: {
        valueOf: () => {
          inner();
          return 6;
        },
      } as unknown as number,
    });
    const list = {
      length: 2,
      get 0() {
        inner();
        return 7;
      },
      1: 8,
    } as unknown as number[];
    app.lists({ a: list, b: [], c: [], d: [], e: [] });
    const within = { a: [9, 9, 9], b: ["inner"], c: [], d: [], e: [] };
    expect(texts()).toEqual([
      within,
      within,
      { id: 5, who: 6 },
      within,
      { a: [7, 8], b: [], c: [], d: [], e: [] },
    ]);
  });

  it("may record in turn to any depth", () => {
    const nested = (depth: number): unknown => ({
      toString: () => {
        if (depth > 0) app.text({ text: nested(depth - 1) as string });
        return `depth ${depth}`;
      },
    });
    app.text({ text: nested(20) as string });
    expect(texts()).toEqual(Array.from({ length: 21 }, (_, i) => ({ text: `depth ${i}` })));
  });

  it("that throws leaves nothing behind, and the next record is whole", () => {
    const bad = {
      toString: () => {
        throw new RangeError("mine");
      },
      valueOf: () => {
        throw new RangeError("mine");
      },
    };
    const before = cpuInfo(trace, 0);
    expect(() => app.text({ text: bad as unknown as string })).toThrow(new RangeError("mine"));
    expect(() => app.one({ n: bad as unknown as number })).toThrow("mine");
    expect(() => app.seven(1, 2, 3, 4, 5, 6, bad as unknown as number)).toThrow("mine");
    expect(() => app.lists({ a: [1, bad as never], b: [], c: [], d: [], e: [] })).toThrow("mine");
    expect(cpuInfo(trace, 0)).toEqual(before);
    app.text({ text: "good" });
    expect(texts()).toEqual([{ text: "good" }]);
  });

  it("may detach, stop or destroy, and nothing is written anywhere", async () => {
    const acts = [() => trace.stop(), () => hypervisor.cpu?.detach(), () => trace.destroy()];
    for (const act of acts) {
      const late = {
        toString: () => {
          act();
          return "late";
        },
        valueOf: () => {
          act();
          return 1;
        },
      };
      trace.start();
      hypervisor.attach();
      app.text({ text: late as unknown as string });
      if (!trace.destroyed) {
        trace.start();
        hypervisor.attach();
        app.one({ n: late as unknown as number });
        expect(texts()).toEqual([]);
      }
    }
    expect(await dom0.settled(5000)).toBe(true);
  });

  it("may attach to another hypervisor, whose record is whole", () => {
    const next = world.boot();
    const theirs = next.dom0().createTrace("b", { events: "tp" });
    theirs.start();
    const moving = {
      toString: () => {
        next.attach();
        return "moved";
      },
    };
    app.text({ text: moving as unknown as string });
    const records = decode(next.dom0(), drained(theirs));
    expect([...texts(), ...fieldsOf(records, "tp")]).toEqual([{ text: "moved" }]);
  });
});

describe("a payload that fits the scratch area exactly", () => {
  it("is recorded, and with a word more it is counted, whatever it is made of", () => {
    const texts = [
      ["x".repeat(16383), "x".repeat(16384)],
      [`${"é".repeat(8191)}x`, "é".repeat(8192)],
      ["\0".repeat(5461), "\0".repeat(5462)],
    ] as const;
    for (const [fits, tooLong] of texts) {
      app.text({ text: fits });
      expect(seen()).toEqual([["tp:text", { text: fits.replaceAll("\0", "\u2400") }]]);
      const { discardedBig } = cpuInfo(trace, 0);
      app.text({ text: tooLong });
      app.text({ text: "after" });
      expect(seen()).toEqual([["tp:text", { text: "after" }]]);
      expect(cpuInfo(trace, 0).discardedBig).toBe(discardedBig + 1);
    }
    app.lists({ a: new Array(4091).fill(7), b: [], c: [], d: [], e: [] });
    app.lists({ a: new Array(4092).fill(7), b: [], c: [], d: [], e: [] });
    expect(seen()).toMatchObject([["tp:lists", { a: { length: 4091 } }]]);
  });
});

describe("a payload that is too large", () => {
  it("for the scratch area is counted as discarded, in every trace (I7)", () => {
    const second = dom0.createTrace("b", { events: "tp", subbufBytes: 131072 });
    second.start();
    app.data({ data: new Uint8Array(16380) });
    app.data({ data: new Uint8Array(16381) });
    app.text({ text: "x".repeat(100_000) });
    app.lists({ a: new Array(5000), b: [], c: [], d: [], e: [] });
    for (const each of [trace, second]) {
      expect(cpuInfo(each, 0)).toMatchObject({ records: 1, discardedBig: 3, discardedFull: 0 });
      expect(drained(each)).toMatchObject([{ records: 1, discarded: 3 }]);
    }
  });

  it("for a trace's sub-buffers is counted there, and recorded elsewhere (I7)", () => {
    const small = dom0.createTrace("small", { events: "tp", subbufBytes: 64 });
    small.start();
    // Header and length are 12 bytes: 48 more end before the sub-buffer does, 52 do not.
    app.data({ data: new Uint8Array(48) });
    app.data({ data: new Uint8Array(52) });
    app.eight(1, 2, 3, 4, 5, 6, 7, 8);
    expect(cpuInfo(small, 0)).toMatchObject({ records: 2, discardedBig: 1 });
    expect(cpuInfo(trace, 0)).toMatchObject({ records: 3, discardedBig: 0 });
    expect(decode(dom0, drained(small))).toHaveLength(2);
    expect(seen()).toHaveLength(3);
  });
});
