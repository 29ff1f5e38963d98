// Text: a line a record, that says what the record holds, and what babeltrace2 says too.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import { openTraceFiles, type TraceEntry } from "../../src/ctf/index.js";
import { TraceError } from "../../src/errors.js";
import { defineFacility, field, string, u32 } from "../../src/event/index.js";
import { type TextOptions, toText } from "../../src/formats/text.js";
import { babeltraceFiles, metadataOf, packetOf, type Written } from "../lib/ctf-traces.js";
import { all, anyOf, anyValues, entries, eventOf, recordOf, records } from "../lib/entries.js";
import { itWith } from "../lib/peers.js";

const lines = (of: Iterable<TraceEntry>, options?: TextOptions) => [...toText(of, options)];
/** The fields of one record as text. */
const shown = (name: string, fields: Record<string, unknown>) =>
  lines([recordOf(name, fields)])[0]
    ?.replace(/^.*?\}, /, "")
    .trimEnd();

describe("a line", () => {
  it("has the time, the time since the line before, the event, the CPU and the fields", () => {
    const begin = recordOf("begin", { n: 1 }, { timestamp: 12_000_001_000n });
    const end = recordOf("end", { n: 2 }, { timestamp: 12_000_001_500n, cpu: 3 });
    expect(lines([begin, end])).toEqual([
      "[12.000001000] (+?.?????????) all:begin: { cpu_id = 0 }, { n = 1 }\n",
      "[12.000001500] (+0.000000500) all:end: { cpu_id = 3 }, { n = 2 }\n",
    ]);
  });

  it("shows values of every type", () => {
    expect(
      shown("scalars", {
        u8: 255,
        i8: -128,
        u16: 65535,
        i16: -32768,
        u32: 4294967295,
        i32: -2147483648,
        u64: 2n ** 64n - 1n,
        i64: -(2n ** 63n),
        f32: Math.fround(0.1),
        f64: -0,
        bool: true,
        enum: 7,
        string: 'a "b" \\ é\n\u001b[31m\u2028\u202e',
        bytes: Uint8Array.of(0, 1, 255),
      }),
    ).toBe(
      "{ u8 = 255, i8 = -128, u16 = 65535, i16 = -32768, u32 = 4294967295, i32 = -2147483648, " +
        "u64 = 18446744073709551615, i64 = -9223372036854775808, f32 = 0.10000000149011612, " +
        'f64 = -0, bool = true, enum = "in use" (7), ' +
        'string = "a \\"b\\" \\\\ é\\n\\u001b[31m\\u2028\\u202e", bytes = 0x0001ff }',
    );
    const arrays = Object.fromEntries(eventOf("arrays").fields.map(({ name }) => [name, []]));
    const some = { u8s: [1, 2], f64s: [Number.NaN, -Infinity], enums: [0, 5], strings: ["a", ""] };
    expect(shown("arrays", { ...arrays, ...some })).toBe(
      "{ u8s = [1, 2], i8s = [], u16s = [], i16s = [], u32s = [], i32s = [], u64s = [], i64s = [], " +
        "f32s = [], f64s = [NaN, -Infinity], bools = [], " +
        'enums = ["idle" (0), 5], strings = ["a", ""] }',
    );
    expect(shown("none", {})).toBe("{ }");
  });

  it("is one line of visible characters, whatever the values", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const text = lines(some).join("");
        expect(text.split("\n")).toHaveLength(some.length + 1);
        expect(text.replaceAll("\n", "")).not.toMatch(
          /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u,
        );
      }),
    );
  });

  it("is one line of visible characters, whatever the names", () => {
    const odd = defineFacility("a\u2028b", { "c\u202ed": [field("e\u2029f", u32)] });
    const [definition] = odd.events;
    if (!definition) throw new Error("no event");
    const event = `${odd.name}:${definition.name}`;
    const fields = { "e\u2029f": 1 };
    const entry: TraceEntry = {
      kind: "record",
      cpu: 0,
      timestamp: 0n,
      event,
      eventClass: eventClassOf(odd.name, definition),
      fields,
    };
    expect(lines([entry])[0]).toContain("a\\u2028b:c\\u202ed: { cpu_id = 0 }, { e\\u2029f = 1 }\n");
  });

  it("shows the fields in their order, not in that of an object's keys", () => {
    const [definition] = defineFacility("o", { rder: [field("b", u32), field("1", u32)] }).events;
    if (!definition) throw new Error("no event");
    const fields = { b: 1, 1: 2 };
    const entry: TraceEntry = {
      kind: "record",
      cpu: 0,
      timestamp: 0n,
      event: "o:rder",
      eventClass: eventClassOf("o", definition),
      fields,
    };
    expect(lines([entry])[0]).toContain("{ b = 1, 1 = 2 }");
  });

  it("shows strings so that they can be read back", () => {
    fc.assert(
      fc.property(anyValues.text, (text) => {
        const [definition] = defineFacility("t", { ext: [field("s", string)] }).events;
        if (!definition) throw new Error("no event");
        const entry: TraceEntry = {
          kind: "record",
          cpu: 0,
          timestamp: 0n,
          event: "t:ext",
          eventClass: eventClassOf("t", definition),
          fields: { s: text },
        };
        const [, quoted = ""] = /\{ s = (.*) \}\n$/.exec(lines([entry])[0] ?? "") ?? [];
        expect(JSON.parse(quoted)).toBe(text);
      }),
    );
  });

  it("shows numbers so that they can be read back", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const [, text] =
          /f64s = \[(.*?)\]/.exec(shown("arrays", arraysOf({ f64s: [value] })) ?? "") ?? [];
        expect(Number(text)).toBe(value);
      }),
    );
  });
});

function arraysOf(some: Record<string, unknown>): Record<string, unknown> {
  const none = Object.fromEntries(eventOf("arrays").fields.map(({ name }) => [name, []]));
  return { ...none, ...some };
}

describe("the time", () => {
  const at = (timestamp: bigint) => recordOf("none", {}, { timestamp });

  it("can be the wall clock's", () => {
    const clockOffsetNs = 1_700_000_000_999_999_999n;
    expect(lines([at(0n), at(2n)], { time: "utc", clockOffsetNs })).toEqual([
      "[2023-11-14T22:13:20.999999999Z] (+?.?????????) all:none: { cpu_id = 0 }, { }\n",
      "[2023-11-14T22:13:21.000000001Z] (+0.000000002) all:none: { cpu_id = 0 }, { }\n",
    ]);
  });

  it("of the wall clock is that of Date, to the nanosecond", () => {
    const ns = { min: 0n, max: 2n ** 63n - 1n };
    fc.assert(
      fc.property(fc.bigInt(ns), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (offset, since) => {
        const [line = ""] = lines([at(since)], { time: "utc", clockOffsetNs: offset });
        const [, date = "", fraction = ""] = /^\[(.*)\.(\d{9})Z\]/.exec(line) ?? [];
        const seconds = BigInt(Date.parse(`${date}Z`) / 1000);
        expect(seconds * 1_000_000_000n + BigInt(fraction)).toBe(offset + since);
      }),
    );
  });

  it("can be left out, so that two runs can be compared", () => {
    const one = lines([at(5n), at(7n)], { time: "delta" });
    expect(one[1]).toBe("(+0.000000002) all:none: { cpu_id = 0 }, { }\n");
    expect(lines([at(1005n), at(1007n)], { time: "delta" })).toEqual(one);
  });

  it.each([
    { time: "local" },
    { time: "utc" },
    { time: "utc", clockOffsetNs: 5 },
    { time: "utc", clockOffsetNs: -1n },
    { time: "utc", clockOffsetNs: 2n ** 63n },
  ])("is refused: %o", (options) => {
    expect(() => lines([], options as TextOptions)).toThrow(TraceError);
  });
});

describe("a loss", () => {
  const loss: TraceEntry = { kind: "loss", cpu: 2, records: 37, timestamp: 2000n, since: 1000n };

  it("is a line that no event can look like", () => {
    expect(lines([loss])).toEqual([
      "[0.000002000] (+?.?????????) lost: { cpu_id = 2 }, { records = 37, since = 0.000001000 }\n",
    ]);
    expect(lines([{ ...loss, since: undefined }])[0]).toContain("{ records = 37 }\n");
    expect(lines([loss], { time: "delta" })[0]).toContain("{ records = 37 }\n");
    expect(lines([loss], { time: "utc", clockOffsetNs: 0n })[0]).toContain(
      "since = 1970-01-01T00:00:00.000001000Z }",
    );
  });

  it("is counted in the lines", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const told = lines(some).flatMap(
          (line) => /\) lost: .*records = (\d+)/.exec(line)?.[1] ?? [],
        );
        const lost = some.flatMap((entry) =>
          entry.kind === "loss" ? [String(entry.records)] : [],
        );
        expect(told).toEqual(lost);
      }),
    );
  });
});

describe("the same trace", () => {
  const facilities = [{ firstEvent: 1, definition: all }];
  // Printable, without what babeltrace2 shows by an escape or what looks like its own signs; numbers
  // that it shows exactly, with its six digits.
  const text = fc.string({ unit: fc.constantFrom(..."abc é😀字 +-.") });
  const float = fc.oneof(
    fc.integer({ min: -9999, max: 9999 }).map((n) => n / 4),
    fc.constantFrom(Number.NaN, Infinity, -Infinity, -0),
  );

  /** A line of babeltrace2's as ours. */
  const ours = (line: string) =>
    line
      .replace(/\{ (cpu_id = \d+), .*? \}/, "{ $1 }")
      .replace(/\w+_length = \d+, /g, "")
      .replace(/, end = \{ \}/, "")
      .replaceAll("\u200b", "")
      .replace(/\( "(true|false)" : container = \d \)/g, "$1")
      .replace(/\( (".*?").*? : container = (-?\d+) \)/g, "$1 ($2)")
      .replace(/\( <unknown> : container = (-?\d+) \)/g, "$1")
      .replace(/\[\d+\] = /g, "")
      .replace(/\[ \]/g, "[]")
      .replace(/\[ (.*?) \]/g, "[$1]")
      .replace(/bytes = \[(.*?)\]/, (_, list: string) => {
        return `bytes = 0x${Buffer.from(list.split(", ").filter(Boolean).map(Number)).toString("hex")}`;
      })
      .replace(/\}, $/, "}, { }")
      .replace(/-?\bnan\b/g, "NaN")
      .replace(/\binf\b/g, "Infinity");

  itWith("babeltrace2")("is shown by babeltrace2 in the same order with the same values", () => {
    const cpus = 3;
    const [some = []] = fc.sample(
      fc.array(fc.tuple(records({ text, float }), fc.nat(cpus - 1), fc.nat(2000)), {
        minLength: 300,
        maxLength: 300,
      }),
      1,
    );
    const streams = Array.from({ length: cpus }, (): Written[] => []);
    // No time is that of two CPUs, whose order babeltrace2 leaves open; one CPU's may be equal.
    const times = Array.from({ length: cpus }, (_, cpu) => cpu);
    for (const [{ event, fields }, cpu, later] of some) {
      const definition = eventOf(event.slice("all:".length));
      const time = (times[cpu] ?? 0) + cpus * Math.max(later - 100, 0) * 1000;
      times[cpu] = time;
      const args = definition.fields.map(({ name }) => fields[name]);
      const id = 1 + all.events.indexOf(definition);
      streams[cpu]?.push({ time: BigInt(time), id, event: definition, args });
    }
    const files: Record<string, Uint8Array> = {};
    for (const [cpu, written] of streams.entries()) {
      const half = written.length >> 1;
      const last = written[half - 1]?.time ?? 0n;
      files[`xen_${cpu}`] = Buffer.concat([
        packetOf(written.slice(0, half), { cpu, timestampEnd: last }),
        packetOf(written.slice(half), { cpu, sequence: 1 }),
      ]);
    }
    const metadata = Buffer.from(metadataOf(facilities));
    const {
      status,
      stderr,
      lines: theirs,
    } = babeltraceFiles({ metadata, ...files }, "--clock-seconds");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(theirs).toHaveLength(300);
    const trace = openTraceFiles([["metadata", metadata], ...Object.entries(files)]);
    const mine = lines(trace.entries()).map((line) => line.trimEnd());
    expect(mine).toHaveLength(theirs.length);
    for (const [i, line] of theirs.entries()) expect(mine[i]).toBe(ours(line));
  });

  itWith("babeltrace2")("has lost for babeltrace2 what it has lost here", () => {
    const tick = (time: bigint): Written => ({ time, id: 3, event: eventOf("none"), args: [] });
    const stream = Buffer.concat([
      packetOf([tick(5n)], { discarded: 2 }),
      packetOf([tick(9n)], { discarded: 2, sequence: 1 }),
      packetOf([tick(12n)], { discarded: 9, sequence: 2 }),
    ]);
    const metadata = Buffer.from(metadataOf(facilities));
    const { stderr } = babeltraceFiles({ metadata, xen_0: stream }, "--clock-seconds");
    const told = [...stderr.matchAll(/discarded (?:(\d+) )?events?/g)].map(([, count]) => count);
    const trace = openTraceFiles([
      ["metadata", metadata],
      ["xen_0", stream],
    ]);
    const mine = lines(trace.entries()).filter((line) => line.includes(" lost: "));
    expect(told).toContain("7");
    expect(mine).toEqual([
      "[0.000000005] (+0.000000000) lost: { cpu_id = 0 }, { records = 2 }\n",
      "[0.000000012] (+0.000000000) lost: { cpu_id = 0 }, { records = 7, since = 0.000000009 }\n",
    ]);
  });

  it("has values for every type there is", () => {
    const kinds = all.events.flatMap(({ fields }) => fields.map(({ type }) => type.kind));
    expect(new Set(kinds).size).toBe(15);
    for (const { fields } of all.events) {
      for (const { type } of fields) expect(anyOf(type, anyValues)).toBeDefined();
    }
  });
});
