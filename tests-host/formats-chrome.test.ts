// Chrome trace events: valid JSON for whatever a trace holds, with nothing lost on the way to it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  metadataHeader,
  openTraceFiles,
  type RecordEntry,
  type TraceEntry,
} from "../src/ctf/index.js";
import { TraceError } from "../src/errors.js";
import { defineFacility, type FieldType, field, u32 } from "../src/event/index.js";
import { core } from "../src/facilities/index.js";
import { type ChromeOptions, type SlicePair, toChrome } from "../src/formats/chrome.js";
import { UUID } from "./ctf-traces.js";
import { entries, eventOf, recordOf } from "./lib/entries.js";

interface ChromeEvent {
  readonly ph: "M" | "i" | "B" | "E";
  readonly name: string;
  readonly cat?: string;
  readonly s?: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid?: number;
  readonly args: Record<string, unknown>;
}

interface Chrome {
  readonly displayTimeUnit: string;
  readonly otherData: Record<string, string>;
  readonly traceEvents: readonly ChromeEvent[];
}

const parsed = (of: Iterable<TraceEntry>, options?: ChromeOptions) =>
  JSON.parse([...toChrome(of, options)].join("")) as Chrome;
const timed = (of: Iterable<TraceEntry>, options?: ChromeOptions) =>
  parsed(of, options).traceEvents.filter(({ ph }) => ph !== "M");

/** What a value is in JSON, said once more in other words. */
function inJson(type: FieldType, value: unknown): unknown {
  if (type.kind === "array") {
    return (value as unknown[]).map((each) => inJson(type.element as FieldType, each));
  }
  if (type.kind === "bytes") return Buffer.from(value as Uint8Array).toString("hex");
  if (type.kind === "enum")
    return type.members?.find(([, number]) => number === value)?.[0] ?? value;
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "bigint") return value;
  const isExact = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
  return isExact ? Number(value) : String(value);
}

describe("the JSON", () => {
  it("holds each record with all its values, and each loss", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const events = timed(some);
        expect(events).toHaveLength(some.length);
        for (const [i, entry] of some.entries()) {
          const event = events[i];
          expect(event).toMatchObject({ ph: "i", s: "t", tid: entry.cpu, pid: 1 });
          if (entry.kind === "loss") {
            const { records, since } = entry;
            const args =
              since === undefined ? { records } : { records, since: Number(since) / 1000 };
            expect(event).toMatchObject({ name: "lost", cat: "tbuf", args });
            continue;
          }
          const { definition, fields } = entry;
          expect(event).toMatchObject({ name: entry.event, cat: "all" });
          const values = definition.fields.map(({ name, type }) => [
            name,
            inJson(type, fields[name]),
          ]);
          expect(event?.args).toEqual(Object.fromEntries(values));
        }
      }),
    );
  });

  it("tells times to the nanosecond for 50 days, as doubles", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1000n * 2n ** 42n - 1n }), (timestamp) => {
        const [event] = timed([recordOf("none", {}, { timestamp })]);
        expect(BigInt(Math.round((event?.ts ?? 0) * 1000))).toBe(timestamp);
      }),
    );
  });

  it("has the exact time as text, whatever it is", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (timestamp) => {
        const text = [...toChrome([recordOf("none", {}, { timestamp })])].join("");
        const [, whole, fraction] = /"ts":(\d+)\.(\d{3}),/.exec(text) ?? [];
        expect(BigInt(`${whole}${fraction}`)).toBe(timestamp);
      }),
    );
  });

  it("keeps numbers that JSON has and those that it has not", () => {
    const arrays = Object.fromEntries(eventOf("arrays").fields.map(({ name }) => [name, []]));
    const u64s = [0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n];
    const i64s = [-(2n ** 53n) + 1n, -(2n ** 53n), -1n];
    const f64s = [Number.NaN, Infinity, -Infinity, -0, 1e300, 5e-324];
    const [event] = timed([recordOf("arrays", { ...arrays, u64s, i64s, f64s })]);
    expect(event?.args).toMatchObject({
      u64s: [0, 9007199254740991, "9007199254740992", "18446744073709551615"],
      i64s: [-9007199254740991, "-9007199254740992", -1],
      f64s: ["NaN", "Infinity", "-Infinity", -0, 1e300, 5e-324],
    });
  });

  it("has names of all kinds, and no half characters", () => {
    const odd = defineFacility('o"d\\d', { "é\u2028": [field("__proto__", u32), field("1", u32)] });
    const [definition] = odd.events;
    if (!definition) throw new Error("no event");
    const event = `${odd.name}:${definition.name}`;
    const fields = JSON.parse('{ "__proto__": 1, "1": 2 }') as Record<string, unknown>;
    const text = [
      ...toChrome([{ kind: "record", cpu: 0, timestamp: 0n, event, definition, fields }]),
    ].join("");
    expect(text).toContain('"args":{"__proto__":1,"1":2}');
    const shown = (JSON.parse(text) as Chrome).traceEvents.find(({ ph }) => ph === "i");
    expect(shown).toMatchObject({ name: event, cat: odd.name });
    const env = { hostname: "\ud800", process: 77 };
    const { otherData } = parsed([], { metadata: { uuid: UUID, clockOffsetNs: 5n, env } });
    expect(otherData).toEqual({
      hostname: "\ufffd",
      process: "77",
      uuid: UUID,
      clock_offset_ns: "5",
    });
  });

  it("does not look whole before it is", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const pieces = [...toChrome(some)];
        for (let count = 0; count < pieces.length; count++) {
          const part = pieces.slice(0, count).join("");
          expect(() => JSON.parse(part)).toThrow(SyntaxError);
        }
      }),
    );
  });

  it("is not closed when the trace cannot be read to its end", () => {
    function* broken(): Generator<TraceEntry> {
      yield recordOf("none", {});
      throw new RangeError("nonsense");
    }
    const pieces: string[] = [];
    expect(() => {
      for (const piece of toChrome(broken())) pieces.push(piece);
    }).toThrow("nonsense");
    expect(pieces.join("")).toContain("all:none");
    expect(() => JSON.parse(pieces.join(""))).toThrow(SyntaxError);
  });

  it("comes in pieces as the entries come", () => {
    let asked = 0;
    function* endless(): Generator<TraceEntry> {
      for (;;) {
        asked++;
        yield recordOf("none", {});
      }
    }
    let pieces = 0;
    for (const piece of toChrome(endless())) {
      expect(piece.length).toBeLessThan(200);
      if (++pieces === 100) break;
    }
    expect(asked).toBeLessThanOrEqual(100);
  });
});

describe("threads and the process", () => {
  const info = (cpu: number, name: string): RecordEntry => {
    const definition = core.events.find((each) => each.name === "domain_info");
    if (!definition) throw new Error("no event");
    const fields = { dom: 1, vcpu: cpu, tid: 5, name };
    return { kind: "record", cpu, timestamp: 0n, event: "core:domain_info", definition, fields };
  };
  const namesOf = (of: readonly TraceEntry[]) =>
    new Map(
      parsed(of)
        .traceEvents.filter(({ name }) => name === "thread_name")
        .map(({ tid, args }) => [tid, args.name]),
    );

  it("names each CPU once it is known who is on it", () => {
    const some = [info(0, "main"), recordOf("none", {}, { cpu: 2 }), info(1, "worker 3")];
    expect(namesOf(some)).toEqual(
      new Map([
        [0, "CPU 0: main"],
        [1, "CPU 1: worker 3"],
        [2, "CPU 2"],
      ]),
    );
  });

  it("says that several threads were on a CPU", () => {
    const some = ["worker 1", "worker 2", "worker 3"].map((name) => info(0, name));
    expect(namesOf(some)).toEqual(new Map([[0, "CPU 0: worker 3, the last of 3"]]));
  });

  it("orders the CPUs by number", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const told = parsed(some).traceEvents.filter(({ name }) => name === "thread_sort_index");
        const cpus = new Set(some.map(({ cpu }) => cpu));
        expect(told.map(({ tid }) => tid)).toEqual([...cpus]);
        for (const { tid, args } of told) expect(args).toEqual({ sort_index: tid });
      }),
    );
  });

  it("names the process after the runtime, and gives it its number", () => {
    const header = metadataHeader({
      uuid: UUID,
      env: { hostname: "h", runtime: "node", runtime_version: "20", process: 4711 },
      clock: { description: "", offsetSeconds: 1, offsetNanoseconds: 2 },
    });
    const { metadata } = openTraceFiles([["metadata", new TextEncoder().encode(header)]]);
    const { traceEvents, otherData, displayTimeUnit } = parsed([recordOf("none", {})], {
      metadata,
    });
    expect(traceEvents[0]).toEqual({
      ph: "M",
      name: "process_name",
      pid: 4711,
      args: { name: "node 20 on h" },
    });
    expect(traceEvents.every(({ pid }) => pid === 4711)).toBe(true);
    expect(otherData).toMatchObject({ hostname: "h", uuid: UUID, clock_offset_ns: "1000000002" });
    expect(displayTimeUnit).toBe("ns");
    expect(parsed([]).traceEvents).toEqual([
      { ph: "M", name: "process_name", pid: 1, args: { name: "tbuf" } },
    ]);
  });
});

describe("slices", () => {
  const pairs: SlicePair[] = [
    ["all:begin", "all:end"],
    ["all:begin inner", "all:end inner"],
    ["all:begin third", "all:end third"],
  ];
  const names = ["begin", "end", "begin inner", "end inner", "begin third", "end third", "none"];
  const anyRecords = fc
    .array(fc.record({ name: fc.constantFrom(...names), cpu: fc.nat(2) }), { maxLength: 40 })
    .map((steps) =>
      steps.map(({ name, cpu }, n) =>
        recordOf(name, name === "none" ? {} : { n }, { cpu, timestamp: BigInt(n) }),
      ),
    );

  it("open and close as in a viewer: strictly nested on each thread, under one name", () => {
    fc.assert(
      fc.property(anyRecords, (some) => {
        const open = new Map<number, string[]>();
        for (const { ph, name, tid = -1 } of timed(some, { slices: pairs })) {
          const stack = open.get(tid) ?? [];
          open.set(tid, stack);
          if (ph === "B") stack.push(name);
          if (ph === "E") expect(stack.pop()).toBe(name);
        }
      }),
    );
  });

  it("leave no record out", () => {
    fc.assert(
      fc.property(anyRecords, (some) => {
        const told = timed(some, { slices: pairs }).map(({ args }) => args.n);
        const numbers = some.map(({ fields }) => fields.n);
        expect(told.filter((n) => n !== undefined)).toEqual(numbers.filter((n) => n !== undefined));
      }),
    );
  });

  it("are all that well-nested pairs become", () => {
    const { tree } = fc.letrec<{ tree: string[] }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constant<string[]>([]),
        fc
          .tuple(fc.constantFrom("", " inner", " third"), tie("tree"), tie("tree"))
          .map(([suffix, within, after]) => {
            return [`begin${suffix}`, ...within, `end${suffix}`, ...after];
          }),
      ),
    }));
    fc.assert(
      fc.property(tree, (steps) => {
        const some = steps.map((name, n) => recordOf(name, { n }, { timestamp: BigInt(n) }));
        const phases = timed(some, { slices: pairs }).map(({ ph }) => ph);
        expect(phases).toEqual(steps.map((name) => (name.startsWith("begin") ? "B" : "E")));
      }),
    );
  });

  it("close what was open within them, and do not close what is not open", () => {
    const steps = ["end", "begin", "begin inner", "begin third", "end", "end inner"];
    const some = steps.map((name, n) => recordOf(name, { n }));
    const told = timed(some, { slices: pairs }).map(({ ph, name, args }) => [ph, name, args.n]);
    expect(told).toEqual([
      ["i", "all:end", 0],
      ["B", "all:begin", 1],
      ["B", "all:begin inner", 2],
      ["B", "all:begin third", 3],
      ["E", "all:begin third", undefined],
      ["E", "all:begin inner", undefined],
      ["E", "all:begin", 4],
      ["i", "all:end inner", 5],
    ]);
  });

  it.each<[string, SlicePair[]]>([
    ["begins and ends", [["a:b", "a:b"]]],
    [
      "begins slices of two pairs",
      [
        ["a:b", "a:c"],
        ["a:b", "a:d"],
      ],
    ],
    [
      "ends slices of two pairs",
      [
        ["a:b", "a:c"],
        ["a:d", "a:c"],
      ],
    ],
    [
      "ends one and begins another",
      [
        ["a:b", "a:c"],
        ["a:c", "a:d"],
      ],
    ],
  ])("are refused where an event %s", (_what, slices) => {
    expect(() => [...toChrome([], { slices })]).toThrow(TraceError);
  });
});
