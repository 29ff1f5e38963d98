// Events that took time: what counts as one, and how formats show it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import {
  defineFacility,
  type FieldType,
  field,
  i64,
  string,
  u32,
  u64,
} from "../../src/event/index.js";
import { TOOK } from "../../src/facilities/took.js";
import { type ChromeOptions, toChrome } from "../../src/formats/chrome.js";
import { type TextOptions, toText } from "../../src/formats/text.js";
import type { RecordEntry, TraceEntry } from "../../src/trace/index.js";
import { takesTime, tookOf } from "../../src/trace/index.js";
import { recordOf } from "../lib/entries.js";
import { tookRecord, tookRecords } from "../lib/took.js";

const fieldsOf = (fields: Record<string, FieldType>) => {
  const list = Object.entries(fields).map(([name, type]) => field(name, type));
  const [definition] = defineFacility("f", { e: list }).events;
  if (!definition) throw new Error("no event");
  return eventClassOf("f", definition);
};

describe("what took time", () => {
  it("is what tbuf's own facilities begin with, wherever the two fields are", () => {
    const own = Object.fromEntries(TOOK.map(({ name, type }) => [name, type]));
    expect(takesTime(fieldsOf({ ...own, n: u32 }))).toBe(true);
    expect(takesTime(fieldsOf({ n: u32, duration: u64, s: string, start: u64 }))).toBe(true);
  });

  it("has both fields, of 64 bits and without a sign", () => {
    expect(takesTime(fieldsOf({ start: u64 }))).toBe(false);
    expect(takesTime(fieldsOf({ duration: u64, begin: u64 }))).toBe(false);
    for (const type of [u32, i64, string]) {
      expect(takesTime(fieldsOf({ start: u64, duration: type }))).toBe(false);
      expect(takesTime(fieldsOf({ start: type, duration: u64 }))).toBe(false);
    }
  });

  it("tells when it began and how long it lasted", () => {
    expect(tookOf(tookRecord({ start: 5n, duration: 7n }))).toEqual({ start: 5n, duration: 7n });
    expect(tookOf(recordOf("none", {}))).toBeUndefined();
  });
});

interface Shown {
  readonly ph: string;
  readonly ts: number;
  readonly dur: number;
  readonly tid: number;
  readonly id: string;
  readonly name: string;
  readonly args: { n: number };
}

const shown = (some: Iterable<TraceEntry>, options?: ChromeOptions): Shown[] => {
  const json = JSON.parse([...toChrome(some, options)].join("")) as { traceEvents: Shown[] };
  return json.traceEvents.filter(({ ph }) => ph !== "M");
};

/** As doubles tell microseconds, to the nanosecond. */
const ns = (us: number) => Math.round(us * 1000);

interface Slice {
  readonly tid: number;
  readonly n: number;
  readonly start: number;
  readonly end: number;
}

const slicesOf = (events: readonly Shown[]): Slice[] =>
  events
    .filter(({ ph }) => ph === "X")
    .map(({ ts, dur, tid, args: { n } }) => ({ tid, n, start: ns(ts), end: ns(ts) + ns(dur) }));

const asyncOf = (events: readonly Shown[]): Slice[] =>
  events
    .filter(({ ph }) => ph === "b")
    .map(({ ts, id, tid, args: { n } }) => {
      const ends = events.filter((each) => each.ph === "e" && each.id === id && each.tid === tid);
      expect(ends).toHaveLength(1);
      return { tid, n, start: ns(ts), end: ns(ends[0]?.ts ?? 0) };
    });

const cut = (a: Slice, b: Slice) =>
  a.tid === b.tid && a.start < b.start && b.start < a.end && a.end < b.end;
const areCut = (a: Slice, b: Slice) => cut(a, b) || cut(b, a);

const byNumber = (slices: readonly Slice[]) => [...slices].sort((a, b) => a.n - b.n);

describe("in Chrome trace events", () => {
  it("is a slice where it was, with its other fields", () => {
    const record = tookRecord({ start: 1500n, duration: 2500n, n: 7, timestamp: 9000n, cpu: 3 });
    const [event, ...more] = shown([record]);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ ph: "X", ts: 1.5, dur: 2.5, tid: 3, name: "took:work" });
    expect(event?.args).toEqual({ n: 7 });
  });

  it("is there once, when it was and on its thread, whatever overlaps it", () => {
    fc.assert(
      fc.property(tookRecords, (records) => {
        const events = shown(records);
        const slices = slicesOf(events);
        const told = byNumber([...slices, ...asyncOf(events)]);
        const expected = records.map(({ cpu: tid, fields: { start, duration, n } }) => {
          return { tid, n, start: Number(start), end: Number(start) + Number(duration) };
        });
        expect(told).toEqual(byNumber(expected as Slice[]));
        for (const a of slices) expect(slices.filter((b) => areCut(a, b))).toEqual([]);
      }),
    );
  });

  it("leaves its thread's row only where it does not fit in", () => {
    fc.assert(
      fc.property(tookRecords, (records) => {
        const events = shown(records);
        const slices = slicesOf(events);
        for (const each of asyncOf(events)) {
          expect(slices.some((slice) => areCut(slice, each))).toBe(true);
        }
      }),
    );
  });

  it("makes way for slices of two records, and they for it", () => {
    const pair = (start: number, end: number) => [
      recordOf("begin", { n: 0 }, { timestamp: BigInt(start) }),
      recordOf("end", { n: 0 }, { timestamp: BigInt(end) }),
    ];
    const slices = [["all:begin", "all:end"]] as const;
    const phases = (some: Iterable<TraceEntry>) => shown(some, { slices }).map(({ ph }) => ph);
    const work = (start: bigint, timestamp: bigint) =>
      tookRecord({ start, duration: timestamp - start, timestamp });
    // Within, and across, told before and after.
    expect(phases([...pair(10, 20), work(5n, 30n)])).toEqual(["X", "X"]);
    expect(phases([...pair(10, 20), work(15n, 30n)])).toEqual(["X", "b", "e"]);
    const [begin, end] = pair(10, 20) as [RecordEntry, RecordEntry];
    expect(phases([begin, work(5n, 15n), end])).toEqual(["X", "b", "e"]);
    // What has no end crosses what began before it and was over then.
    expect(phases([begin, work(5n, 15n)])).toEqual(["X", "b"]);
    expect(phases([begin, work(12n, 15n)])).toEqual(["X", "B"]);
  });

  it("stays right when there are more slices than anybody remembers", () => {
    function* many(): Generator<RecordEntry> {
      for (let n = 0; n < 70_000; n++) {
        const start = BigInt(n * 10);
        yield tookRecord({ start, duration: 10n, n, timestamp: start + 10n });
      }
      // Around all of them, which nobody can know any more; and across the last.
      yield tookRecord({ start: 0n, duration: 700_001n, timestamp: 700_001n });
      yield tookRecord({ start: 699_995n, duration: 7n, timestamp: 700_002n });
      yield tookRecord({ start: 699_990n, duration: 20n, timestamp: 700_010n });
    }
    const events = shown(many());
    expect(events.slice(0, 70_000).every(({ ph }) => ph === "X")).toBe(true);
    expect(events.slice(70_000).map(({ ph }) => ph)).toEqual(["b", "e", "b", "e", "X"]);
  });
});

describe("in text", () => {
  const record = tookRecord({ start: 1_500_000_000n, duration: 2_500_000n, n: 7, timestamp: 2n });
  const line = (options?: TextOptions) => [...toText([record], options)].join("");

  it("says when it began as all times of the line are said", () => {
    expect(line()).toMatch(/\}, \{ start = 1\.500000000, duration = 0\.002500000, n = 7 \}\n$/);
    expect(line({ time: "utc", clockOffsetNs: 0n })).toMatch(
      /\}, \{ start = 1970-01-01T00:00:01\.500000000Z, duration = 0\.002500000, n = 7 \}\n$/,
    );
  });

  it("leaves out what differs from run to run when only distances are asked for", () => {
    expect(line({ time: "delta" })).toMatch(/\}, \{ duration = 0\.002500000, n = 7 \}\n$/);
  });
});
