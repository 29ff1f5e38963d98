// Any trace as CTF: what goes in is read back, by tbuf and by babeltrace2.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CtfSink, MemoryFiles, openTraceFiles } from "../../src/ctf/index.js";
import { CtfDirSink, openTraceDir } from "../../src/node/index.js";
import {
  EMPTY_SCHEMA,
  type EventClass,
  type FieldClass,
  mergeStreams,
  pump,
  type RecordEntry,
  type TraceEntry,
  type TraceSource,
} from "../../src/trace/index.js";
import { traces } from "../lib/classes.js";
import { babeltraceFiles, metadataOf, oneOfEach, packetOf } from "../lib/ctf-traces.js";
import { all, anyOf, anyValues, entries } from "../lib/entries.js";
import { itWith } from "../lib/peers.js";
import { freshDir } from "../lib/record.js";

/** The files that the sink makes of a trace. */
function written(source: TraceSource): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new MemoryFiles();
  pump(source, new CtfSink(files));
  return files.files();
}

const entriesOf = ({ streams }: TraceSource) => [...mergeStreams(streams)];

/** A source of entries that are in the order of time. */
function sourceOf(some: readonly TraceEntry[], over: Partial<TraceSource["schema"]> = {}) {
  const streams = [{ info: {}, entries: () => some }];
  return { schema: { ...EMPTY_SCHEMA, ...over }, streams };
}

function record(fieldClass: FieldClass, value: unknown, timestamp = 0n, cpu = 0): RecordEntry {
  const eventClass = { name: "e", fields: [{ name: "f", fieldClass }] };
  return { kind: "record", cpu, event: "e", eventClass, timestamp, fields: { f: value } };
}

describe("what CtfSink writes", () => {
  it("is read back as it was, whatever the schema and the values", () => {
    fc.assert(
      fc.property(traces, (source) => {
        const read = openTraceFiles(written(source));
        expect(read.schema.events).toEqual(source.schema.events);
        expect([...read.entries()]).toEqual(entriesOf(source));
      }),
      { numRuns: 300 },
    );
  });

  it("is the same whether classes are listed in the schema or come with their records", () => {
    fc.assert(
      fc.property(traces, ({ streams, schema }) => {
        const late = openTraceFiles(written({ streams, schema: { ...schema, events: [] } }));
        expect([...late.entries()]).toEqual(entriesOf({ streams, schema }));
      }),
      { numRuns: 50 },
    );
  });

  itWith("babeltrace2")("is read by babeltrace2, to the last record", () => {
    for (const source of fc.sample(traces, 40)) {
      const files = Object.fromEntries(written(source));
      const { status, stderr, lines } = babeltraceFiles(files, "--clock-cycles");
      const records = source.all.flat().filter(({ kind }) => kind === "record");
      expect([status, stderr.replace(/WARNING: Tracer (may have )?discarded.*\n/g, "")]).toEqual([
        0,
        "",
      ]);
      // An event's name may hold line ends, and babeltrace2 prints them.
      const first = lines.filter((line) => /^\[\d{20}\] /.test(line));
      expect(first).toHaveLength(records.length);
      const lost = [...stderr.matchAll(/discarded (\d+) event/g)].map(([, count]) => Number(count));
      const told = source.all
        .flat()
        .flatMap((entry) => (entry.kind === "loss" ? entry.records : []));
      // babeltrace2 tells nothing of what a stream's first packet lost.
      for (const count of lost) expect(told).toContain(count);
    }
  });

  itWith("babeltrace2")("has for babeltrace2 the values that went in", () => {
    const int: FieldClass = { kind: "integer", signed: true, bits: 12, base: 16 };
    const fields: [string, FieldClass, unknown, string][] = [
      ["wide", { kind: "integer", signed: true, bits: 40 }, -(2n ** 39n), "-549755813888"],
      ["hex", { kind: "integer", signed: false, bits: 32, base: 16 }, 255, "0xFF"],
      [
        "range",
        {
          kind: "enum",
          container: { kind: "integer", signed: false, bits: 64 },
          members: [{ label: "few", first: 1n, last: 3n }],
        },
        2n,
        '( "few" : container = 2 )',
      ],
      [
        "matrix",
        { kind: "array", element: { kind: "array", element: int, length: 2 } },
        [[1, 2]],
        "[ [0] = { items = [ [0] = 0x1, [1] = 0x2 ] } ]",
      ],
      [
        "nested",
        {
          kind: "struct",
          fields: [
            { name: "s", fieldClass: { kind: "string" } },
            { name: "b", fieldClass: { kind: "bytes" } },
          ],
        },
        { s: "abc", b: Uint8Array.of(7) },
        '{ s = "abc", b_length = 1, b = [ [0] = 7 ] }',
      ],
      [
        "either",
        {
          kind: "variant",
          options: [
            { name: "no", fieldClass: { kind: "boolean" } },
            { name: "a text", fieldClass: { kind: "string" } },
          ],
        },
        { option: "a text", value: "yes" },
        '{ "yes" }',
      ],
      [
        "names",
        { kind: "array", element: { kind: "string" }, length: 2 },
        ["x", "y"],
        '{ items = [ [0] = "x", [1] = "y" ] }',
      ],
    ];
    const eventClass: EventClass = {
      name: "every",
      fields: fields.map(([name, fieldClass]) => ({ name, fieldClass })),
    };
    const values = Object.fromEntries(fields.map(([name, , value]) => [name, value]));
    const entry: TraceEntry = {
      kind: "record",
      cpu: 0,
      event: "every",
      eventClass,
      timestamp: 1n,
      fields: values,
    };
    const files = Object.fromEntries(written(sourceOf([entry])));
    const { stderr, lines } = babeltraceFiles(files, "--clock-cycles");
    expect(stderr).toBe("");
    for (const [name, , , shown] of fields) expect(lines[0]).toContain(`${name} = ${shown}`);
  });

  it("declares in tbuf's words what can be said so, for those who read only that", () => {
    const events = [
      ...new Set(
        (fc.sample(entries, 200).flat() as TraceEntry[]).flatMap((e) =>
          e.kind === "record" ? [e.eventClass] : [],
        ),
      ),
    ];
    const { facilities } = openTraceFiles(written(sourceOf([], { events })));
    expect(facilities.length).toBeGreaterThan(0);
    const defined = facilities.flatMap(({ definition }) => definition.events);
    expect(defined).toHaveLength(events.length);
    for (const event of defined) {
      expect(all.events.find(({ name }) => name === event.name)?.fields).toEqual(event.fields);
    }
  });

  it("keeps what the schema says", () => {
    const schema: Partial<TraceSource["schema"]> = {
      uuid: "00112233-4455-6677-8899-aabbccddeeff",
      environment: { tracer_name: "tbuf", hostname: "h", process: 7 },
      clock: { name: "boot", description: "d", offsetNs: 5n, precisionNs: 100 },
      cpuClocks: [{ cpu: 1, clock: "coarse", resolutionNs: 1000, errorNs: 0 }],
    };
    expect(openTraceFiles(written(sourceOf([], schema))).schema).toEqual({ ...schema, events: [] });
  });

  it("says of another tracer's trace who recorded it, and who wrote it", () => {
    const environment = { tracer_name: "other", tracer_major: 2, "odd name": 0.5, "1": "x" };
    const { schema } = openTraceFiles(written(sourceOf([], { environment })));
    expect(schema.environment).toMatchObject({
      tracer_name: "tbuf",
      original_tracer_name: "other",
      original_tracer_major: 2,
      odd_name: "0.5",
      _1: "x",
    });
  });

  it("is in packets of bounded size, and bounded in memory", () => {
    const bytes = new Uint8Array(100_000);
    const some = Array.from({ length: 40 }, (_, i) => record({ kind: "bytes" }, bytes, BigInt(i)));
    const parts: number[] = [];
    const files = {
      append: (_: string, list: readonly Uint8Array[]) => void parts.push(list.at(-1)?.length ?? 0),
      close() {},
    };
    pump(sourceOf(some), new CtfSink(files));
    expect(parts.length).toBeGreaterThan(3);
    expect(Math.max(...parts)).toBeLessThan(1 << 21);
  });
});

describe("CtfSink refuses", () => {
  const corrupt = expect.objectContaining({ code: "corrupt" });
  const u8: FieldClass = { kind: "integer", signed: false, bits: 8 };

  it("time that goes back, and time that is none", () => {
    expect(() => written(sourceOf([record(u8, 1, 5n), record(u8, 1, 4n)]))).toThrow(corrupt);
    expect(() => written(sourceOf([record(u8, 1, 2n ** 64n)]))).toThrow(corrupt);
    expect(() => written(sourceOf([record(u8, 1, -1n)]))).toThrow(corrupt);
  });

  it.each<[string, FieldClass, unknown]>([
    ["an array of another length", { kind: "array", element: u8, length: 2 }, [1]],
    [
      "an option that is none",
      { kind: "variant", options: [{ name: "a", fieldClass: u8 }] },
      { option: "b", value: 1 },
    ],
    ["a bigint that is none", { kind: "integer", signed: false, bits: 64 }, undefined],
  ])("%s, and leaves nothing of the record", (_what, fieldClass, value) => {
    const files = new MemoryFiles();
    const sink = new CtfSink(files);
    sink.begin(EMPTY_SCHEMA);
    sink.append(record(u8, 1));
    expect(() => sink.append(record(fieldClass, value))).toThrow(corrupt);
    sink.append(record(u8, 2));
    sink.finish();
    const read = [...openTraceFiles(files.files()).entries()];
    expect(read.map((e) => e.kind === "record" && e.fields)).toEqual([{ f: 1 }, { f: 2 }]);
  });

  it("more classes than there are numbers", () => {
    const events = Array.from({ length: 4097 }, (_, i) => ({ name: `e${i}`, fields: [] }));
    const full = expect.objectContaining({ code: "events-full" });
    expect(() => written(sourceOf([], { events }))).toThrow(full);
    expect(
      openTraceFiles(written(sourceOf([], { events: events.slice(1) }))).schema.events,
    ).toHaveLength(4096);
  });

  it("classes that are none", () => {
    const deep = Array.from({ length: 40 }).reduce<FieldClass>(
      (element) => ({ kind: "array", element }),
      u8,
    );
    for (const fieldClass of [
      deep,
      { kind: "integer", signed: true, bits: 65 },
      { kind: "float", bits: 16 },
      { kind: "enum", container: u8, members: [] },
      { kind: "variant", options: [] },
      { kind: "odd" },
    ] as FieldClass[]) {
      const events = [{ name: "e", fields: [{ name: "f", fieldClass }] }];
      expect(() => written(sourceOf([], { events }))).toThrow(TypeError);
    }
  });
});

describe("a trace of tbuf's own, from directory to directory", () => {
  const facilities = [{ firstEvent: 1, definition: all }];

  /** Files of two CPUs that hold every event, and tell of losses. */
  function original(): Record<string, Uint8Array> {
    const streams = [0, 1].map((cpu) => {
      const some = oneOfEach(facilities, ({ fields }) =>
        fields.map(({ type }) => fc.sample(anyOf(type, anyValues), { numRuns: 1, seed: cpu })[0]),
      );
      const half = some.length >> 1;
      const end = some[half]?.time ?? 0n;
      return Buffer.concat([
        packetOf(some.slice(0, half), { cpu, timestampEnd: end }),
        packetOf(some.slice(half), { cpu, sequence: 1, discarded: 3 + cpu }),
      ]);
    });
    const [xen_0 = Buffer.of(), xen_1 = Buffer.of()] = streams;
    return { metadata: Buffer.from(metadataOf(facilities)), xen_0, xen_1 };
  }

  function copied() {
    const files = original();
    const source = openTraceFiles(Object.entries(files));
    const dir = join(freshDir(), "copy");
    pump(source, new CtfDirSink({ dir }));
    return { files, source, dir };
  }

  it("reads equal", () => {
    const { source, dir } = copied();
    const copy = openTraceDir(dir);
    expect([...copy.entries()]).toEqual([...source.entries()]);
    expect(copy.schema).toEqual(source.schema);
    const again = join(freshDir(), "again");
    pump(copy, new CtfDirSink({ dir: again }));
    for (const name of readdirSync(dir)) {
      expect(readFileSync(join(again, name))).toEqual(readFileSync(join(dir, name)));
    }
  });

  itWith("babeltrace2")("reads equal for babeltrace2", () => {
    const { files, dir } = copied();
    const copies = Object.fromEntries(
      readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]),
    );
    const [before, after] = [files, copies].map((each) => babeltraceFiles(each, "--clock-cycles"));
    // Packets may begin and end elsewhere.
    const strip = (lines: readonly string[] = []) =>
      lines.map((line) => line.replace(/\{ (cpu_id = \d+), .*?\}, /, "{ $1 }, "));
    expect(after?.status).toBe(0);
    expect(strip(after?.lines)).toEqual(strip(before?.lines));
    expect(strip(after?.lines).length).toBeGreaterThan(10);
    const lost = (stderr = "") => [...stderr.matchAll(/discarded (\d+)/g)].map(([, n]) => n);
    expect(lost(after?.stderr)).toEqual(lost(before?.stderr));
  });

  it("leaves no directory when the schema cannot be written", () => {
    const dir = join(freshDir(), "trace");
    const events = [{ name: "e", fields: [{ name: "f", fieldClass: { kind: "odd" } }] }];
    const sink = new CtfDirSink({ dir });
    expect(() =>
      sink.begin({ ...EMPTY_SCHEMA, events: events as unknown as EventClass[] }),
    ).toThrow(TypeError);
    expect(() => readdirSync(dir)).toThrow("ENOENT");
  });

  it("can be given up: its files are closed", () => {
    const dir = join(freshDir(), "trace");
    const sink = new CtfDirSink({ dir, channel: "some" });
    sink.begin(EMPTY_SCHEMA);
    sink.append(record({ kind: "boolean" }, true));
    sink.close();
    expect(() => sink.finish()).toThrow(expect.objectContaining({ code: "closed" }));
  });
});
