// Chrome trace events: valid JSON for whatever a trace holds, with nothing lost on the way to it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import {
  metadataHeader,
  openTraceFiles,
  type RecordEntry,
  type TraceEntry,
} from "../../src/ctf/index.js";
import { TraceError } from "../../src/errors.js";
import { defineFacility, event, type FieldType, field, u32 } from "../../src/event/index.js";
import { core } from "../../src/facilities/index.js";
import { type ChromeOptions, type SlicePair, toChrome } from "../../src/formats/chrome.js";
import { UUID } from "../lib/ctf-traces.js";
import { entries, eventOf, recordOf } from "../lib/entries.js";

interface ChromeEvent {
  readonly ph: "M" | "i" | "B" | "X" | "b" | "e";
  readonly name: string;
  readonly cat?: string;
  readonly s?: string;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: string;
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
          const { fields } = entry;
          const definition = eventOf(entry.event.slice("all:".length));
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
      ...toChrome([
        {
          kind: "record",
          cpu: 0,
          timestamp: 0n,
          event,
          eventClass: eventClassOf(odd.name, definition),
          fields,
        },
      ]),
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

describe("labels", () => {
  const events = {
    plain: event([field("n", u32)], { label: "in plain words" }),
    none: [field("n", u32)],
  };
  const some = defineFacility("some", events).events.map((definition): RecordEntry => {
    const eventClass = eventClassOf("some", definition);
    const { name } = eventClass;
    return { kind: "record", cpu: 0, timestamp: 5n, event: name, eventClass, fields: { n: 1 } };
  });

  it("are what events are called, where they have one", () => {
    expect(timed(some)).toMatchObject([
      { name: "in plain words", cat: "some" },
      { name: "some:none", cat: "some" },
    ]);
    expect(timed(some, { names: true })).toMatchObject([
      { name: "some:plain", cat: "some" },
      { name: "some:none", cat: "some" },
    ]);
  });

  it("are what slices are called, and pairs are still named by events", () => {
    const slices = [["some:plain", "some:none"]] as const;
    expect(timed(some, { slices })).toMatchObject([{ ph: "X", name: "in plain words" }]);
    expect(timed(some, { slices, names: true })).toMatchObject([{ ph: "X", name: "some:plain" }]);
    const by = [["some:plain", "some:none", "n"]] as const;
    const [begin, end] = timed(some, { slices: by });
    expect([begin?.ph, begin?.name, end?.ph, end?.name]).toEqual([
      "b",
      "in plain words",
      "e",
      "in plain words",
    ]);
  });
});

describe("threads and the process", () => {
  const info = (cpu: number, name: string): RecordEntry => {
    const definition = core.events.find((each) => each.name === "domain_info");
    if (!definition) throw new Error("no event");
    const fields = { dom: 1, vcpu: cpu, tid: 5, name };
    const eventClass = eventClassOf("core", definition);
    return { kind: "record", cpu, timestamp: 0n, event: "core:domain_info", eventClass, fields };
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
      tid: 0,
      ts: 0,
      ph: "M",
      name: "process_name",
      pid: 4711,
      args: { name: "node 20 on h" },
    });
    expect(traceEvents.every(({ pid }) => pid === 4711)).toBe(true);
    expect(otherData).toMatchObject({ hostname: "h", uuid: UUID, clock_offset_ns: "1000000002" });
    expect(displayTimeUnit).toBe("ns");
    expect(parsed([]).traceEvents).toEqual([
      { ph: "M", name: "process_name", pid: 1, tid: 0, ts: 0, args: { name: "tbuf" } },
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
  interface Step {
    readonly name: string;
    readonly cpu: number;
    readonly lost: boolean;
  }
  const entryOf = ({ name, cpu, lost }: Step, n: number): TraceEntry => {
    const timestamp = BigInt(n * 1000);
    if (lost) return { kind: "loss", cpu, records: 1, timestamp, since: undefined };
    return recordOf(name, name === "none" ? {} : { n }, { cpu, timestamp });
  };
  const anySteps = fc.array(
    fc.record({
      name: fc.constantFrom(...names),
      cpu: fc.nat(2),
      lost: fc.nat(20).map((n) => n === 0),
    }),
    { maxLength: 40 },
  );
  /** The records' numbers in an event's arguments: those of a slice are in two members. */
  const numbersIn = ({ args }: ChromeEvent): unknown[] => {
    const parts = args as { begin?: { n?: unknown }; end?: { n?: unknown }; n?: unknown };
    return [parts.n, parts.begin?.n, parts.end?.n].filter((n) => n !== undefined);
  };
  const told = (steps: readonly string[], options: ChromeOptions = { slices: pairs }) =>
    timed(
      steps.map((name, n) => entryOf({ name, cpu: 0, lost: false }, n)),
      options,
    ).map((event) => [event.ph, event.name, ...numbersIn(event)]);

  it("of a thread are nested or beside each other, and an asynchronous one has both its ends", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const events = timed(steps.map(entryOf), { slices: pairs });
        const whole = events.filter(({ ph }) => ph === "X");
        for (const a of whole) {
          for (const b of whole) {
            if (a === b || a.tid !== b.tid) continue;
            const [aEnd, bEnd] = [a.ts + (a.dur ?? 0), b.ts + (b.dur ?? 0)];
            const within = (a.ts <= b.ts && bEnd <= aEnd) || (b.ts <= a.ts && aEnd <= bEnd);
            expect(within || aEnd <= b.ts || bEnd <= a.ts).toBe(true);
          }
        }
        const ends = events.filter(({ ph }) => ph === "e");
        for (const { id, name, cat, ts } of ends) {
          const begins = events.filter((each) => each.ph === "b" && each.id === id);
          expect(begins).toMatchObject([{ name, cat }]);
          expect(begins[0]?.ts).toBeLessThanOrEqual(ts);
        }
      }),
    );
  });

  it("leave no record out", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const some = steps.map(entryOf);
        const shown = timed(some, { slices: pairs }).flatMap(numbersIn);
        const given = some.flatMap((entry) => (entry.kind === "record" ? entry.fields.n : []));
        const byNumber = (a: unknown, b: unknown) => Number(a) - Number(b);
        expect(shown.sort(byNumber)).toEqual(given.filter((n) => n !== undefined));
      }),
    );
  });

  it("are what well-nested pairs become", () => {
    expect(told(["begin", "begin inner", "end inner", "begin inner", "end inner", "end"])).toEqual([
      ["X", "all:begin inner", 1, 2],
      ["X", "all:begin inner", 3, 4],
      ["X", "all:begin", 0, 5],
    ]);
  });

  it("last from the one record to the other", () => {
    const records = [1000, 4500].map((ns, n) =>
      recordOf(n === 0 ? "begin" : "end", { n }, { timestamp: BigInt(ns) }),
    );
    expect(timed(records, { slices: pairs })).toMatchObject([
      { ph: "X", ts: 1, dur: 3.5, args: { begin: { n: 0 }, end: { n: 1 } } },
    ]);
  });

  it("of two pairs that overlap are asynchronous where they are not nested", () => {
    expect(told(["begin", "begin inner", "end", "end inner"])).toEqual([
      ["X", "all:begin", 0, 2],
      ["b", "all:begin inner", 1],
      ["e", "all:begin inner", 3],
    ]);
  });

  it("without an end are open, without a begin instants", () => {
    expect(told(["end inner", "begin", "begin inner", "end"])).toEqual([
      ["i", "all:end inner", 0],
      ["X", "all:begin", 1, 3],
      ["b", "all:begin inner", 2],
    ]);
    expect(told(["begin", "none", "begin inner"])).toEqual([
      ["i", "all:none"],
      ["B", "all:begin", 0],
      ["B", "all:begin inner", 2],
    ]);
  });

  it("of one pair that may be paired in two ways are instants, and counted", () => {
    const counts: unknown[] = [];
    const options: ChromeOptions = {
      slices: pairs,
      onAmbiguous: (...each) => counts.push(each),
    };
    const steps = ["begin", "begin", "end", "begin", "end", "end", "begin", "end"];
    expect(told(steps, options)).toEqual([
      ...steps.slice(0, 6).map((name, n) => ["i", `all:${name}`, n]),
      ["X", "all:begin", 6, 7],
    ]);
    expect(counts).toEqual([["all:begin", 3]]);
  });

  it("that a loss may have ended are instants, and those after it are slices", () => {
    const steps = ["begin", "begin", "lost", "begin", "lost", "begin", "end"];
    const some = steps.map((name, n) => entryOf({ name, cpu: 0, lost: name === "lost" }, n));
    const shown = timed(some, { slices: pairs }).map((event) => [event.ph, ...numbersIn(event)]);
    expect(shown).toEqual([["i", 0], ["i", 1], ["i"], ["i", 3], ["i"], ["X", 5, 6]]);
  });

  describe("with a field", () => {
    const byN: SlicePair[] = [["all:begin", "all:end", "n"]];
    const at = (name: string, n: number, cpu = 0, ns = 0) =>
      recordOf(name, { n }, { cpu, timestamp: BigInt(ns) });
    const shownBy = (some: readonly TraceEntry[], options: ChromeOptions = { slices: byN }) =>
      timed(some, options).map(({ ph, id, tid, args }) => [ph, id, tid, args.n]);

    it("pair each request with its own end, however they overlap", () => {
      const requests = fc.uniqueArray(
        fc.record({ n: fc.nat(1000), begin: fc.nat(500), takes: fc.nat(500), cpu: fc.nat(1) }),
        { selector: ({ n }) => n, maxLength: 40 },
      );
      fc.assert(
        fc.property(requests, (some) => {
          const records = some.flatMap(({ n, begin, takes, cpu }) => [
            at("begin", n, cpu, begin),
            at("end", n, (cpu + takes) % 2, begin + takes),
          ]);
          records.sort((a, b) => Number(a.timestamp - b.timestamp));
          const counts: unknown[] = [];
          const onAmbiguous = () => counts.push(1);
          const events = timed(records, { slices: byN, onAmbiguous });
          expect(counts).toEqual([]);
          const begins = new Map(events.filter(({ ph }) => ph === "b").map((e) => [e.id, e]));
          const ends = events.filter(({ ph }) => ph === "e");
          expect([begins.size, ends.length]).toEqual([some.length, some.length]);
          for (const { id, args } of ends) expect(begins.get(id)?.args.n).toBe(args.n);
        }),
      );
    });

    it("take what began on the same thread first", () => {
      const some = [at("begin", 1, 0), at("begin", 1, 1), at("end", 1, 1), at("end", 1, 2)];
      expect(shownBy(some)).toEqual([
        ["b", "1", 0, 1],
        ["b", "2", 1, 1],
        ["e", "2", 1, 1],
        ["e", "1", 2, 1],
      ]);
    });

    it("count those that are alike", () => {
      const counts: unknown[] = [];
      const onAmbiguous = (_begin: string, count: number) => counts.push(count);
      const some = [at("begin", 1, 0), at("begin", 1, 1), at("end", 1, 2), at("begin", 1, 0)];
      expect(shownBy(some, { slices: byN, onAmbiguous }).map(([ph]) => ph)).toEqual([..."bbib"]);
      expect(counts).toEqual([2]);
    });

    it("that events do not have are instants", () => {
      const slices: SlicePair[] = [["all:begin", "all:end", "toString"]];
      expect(shownBy([at("begin", 1), at("end", 1)], { slices }).map(([ph]) => ph)).toEqual([
        ..."ii",
      ]);
    });
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
