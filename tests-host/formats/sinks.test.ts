// Formats as sinks of any trace: whatever the schema, no record and no loss is missing in what comes out.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/errors.js";
import { ChromeSink, toChrome } from "../../src/formats/chrome.js";
import { TextSink, type TextSinkOptions, toText } from "../../src/formats/text.js";
import {
  EMPTY_SCHEMA,
  type FieldClass,
  mergeStreams,
  pump,
  type RecordEntry,
  type TraceEntry,
  type TraceSource,
} from "../../src/trace/index.js";
import { traces } from "../lib/classes.js";
import { entries } from "../lib/entries.js";

const entriesOf = ({ streams }: TraceSource) => [...mergeStreams(streams)];

function textOf(source: TraceSource, options?: TextSinkOptions): string[] {
  const lines: string[] = [];
  pump(source, new TextSink((line) => lines.push(line), options));
  return lines;
}

function chromeOf(source: TraceSource): string {
  let text = "";
  pump(source, new ChromeSink((piece) => (text += piece)));
  return text;
}

/** An entry whose one field is called "f". */
function record(fieldClass: FieldClass, value: unknown): RecordEntry {
  const eventClass = { name: "e", fields: [{ name: "f", fieldClass }] };
  return { kind: "record", cpu: 0, event: "e", eventClass, timestamp: 0n, fields: { f: value } };
}

const integer = { kind: "integer", signed: true, bits: 32 } as const;
const text: FieldClass = { kind: "string" };

const shown: [FieldClass, unknown, string, unknown][] = [
  [{ ...integer, base: 16 }, -255, "-0xff", -255],
  [{ ...integer, base: 8 }, 8, "0o10", 8],
  [{ ...integer, base: 2 }, 5, "0b101", 5],
  [
    { kind: "integer", signed: false, bits: 64, base: 16 },
    2n ** 64n - 1n,
    "0xffffffffffffffff",
    String(2n ** 64n - 1n),
  ],
  [{ kind: "integer", signed: false, bits: 64 }, 7n, "7", 7],
  [
    {
      kind: "enum",
      container: integer,
      members: [
        { label: "few", first: 1, last: 3 },
        { label: "two", first: 2 },
        { label: "many", first: 9 },
      ],
    },
    2,
    '"few" (2)',
    "few",
  ],
  [{ kind: "enum", container: integer, members: [{ label: "few", first: 1, last: 3 }] }, 4, "4", 4],
  [
    {
      kind: "enum",
      container: { kind: "integer", signed: false, bits: 64, base: 16 },
      members: [{ label: "ten", first: 10 }],
    },
    10n,
    '"ten" (0xa)',
    "ten",
  ],
  [
    { kind: "array", element: { kind: "array", element: integer, length: 2 } },
    [
      [1, 2],
      [3, 4],
    ],
    "[[1, 2], [3, 4]]",
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    {
      kind: "struct",
      fields: [
        { name: "b", fieldClass: text },
        { name: "1", fieldClass: { kind: "boolean" } },
      ],
    },
    { b: "x\n", 1: true },
    '{ b = "x\\n", 1 = true }',
    { b: "x\n", 1: true },
  ],
  [{ kind: "struct", fields: [] }, {}, "{ }", {}],
  [
    {
      kind: "variant",
      options: [
        { name: "n", fieldClass: integer },
        { name: "s", fieldClass: text },
      ],
    },
    { option: "s", value: "v" },
    '{ s = "v" }',
    { s: "v" },
  ],
];

describe("values of any class", () => {
  it.each(shown)("%j: %o", (fieldClass, value, line, json) => {
    const entry = record(fieldClass, value);
    expect([...toText([entry])][0]).toMatch(/^\[0\.0{9}\] \(\+\?\.\?{9}\) e: /);
    expect([...toText([entry])][0]).toContain(`{ f = ${line} }\n`);
    const { traceEvents } = JSON.parse([...toChrome([entry])].join(""));
    expect(traceEvents.find(({ ph }: { ph: string }) => ph === "i").args).toEqual({ f: json });
  });
});

describe("the text", () => {
  it("has one visible line for each entry, in their order", () => {
    fc.assert(
      fc.property(traces, (source) => {
        const lines = textOf(source);
        const all = entriesOf(source);
        expect(lines).toHaveLength(all.length);
        for (const [i, line] of lines.entries()) {
          const { cpu, ...entry } = all[i] as TraceEntry;
          expect(line).toContain(`: { cpu_id = ${cpu} }, {`);
          if (entry.kind === "loss") expect(line).toContain(` lost: `);
          if (entry.kind === "loss") expect(line).toContain(`{ records = ${entry.records}`);
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
        }
      }),
    );
  });

  it("is that of toText", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const streams = [{ info: {}, entries: () => some }];
        expect(textOf({ schema: EMPTY_SCHEMA, streams })).toEqual([...toText(some)]);
      }),
    );
  });

  it("takes the wall clock from the schema", () => {
    const streams = [{ info: {}, entries: () => [record(integer, 1)] }];
    const schema = { ...EMPTY_SCHEMA, clock: { offsetNs: 1n } };
    const [line] = textOf({ schema, streams }, { time: "utc" });
    expect(line).toMatch(/^\[1970-01-01T00:00:00\.000000001Z\]/);
    expect(() => textOf({ schema: EMPTY_SCHEMA, streams }, { time: "utc" })).toThrow(TraceError);
  });

  it("tells of entries that are not in the order of time by what they are earlier", () => {
    const at = (timestamp: bigint) => ({ ...record(integer, 1), timestamp });
    expect([...toText([at(5n), at(3n)])][1]).toContain("(-0.000000002)");
  });
});

describe("the JSON", () => {
  it("has an event for each entry, with all its values' names", () => {
    fc.assert(
      fc.property(traces, (source) => {
        const { traceEvents } = JSON.parse(chromeOf(source)) as {
          traceEvents: { ph: string; name: string; tid: number; args: Record<string, unknown> }[];
        };
        const events = traceEvents.filter(({ ph }) => ph === "i");
        const all = entriesOf(source);
        expect(events).toHaveLength(all.length);
        for (const [i, entry] of all.entries()) {
          const { name, tid, args = {} } = events[i] ?? {};
          expect(tid).toBe(entry.cpu);
          if (entry.kind === "loss") expect([name, args.records]).toEqual(["lost", entry.records]);
          else expect(Object.keys(args).sort()).toEqual(namesOf(entry).sort());
        }
      }),
    );
  });

  it("is that of toChrome", () => {
    fc.assert(
      fc.property(entries, (some) => {
        const metadata = { env: { process: 7, hostname: "h" }, uuid: "u", clockOffsetNs: 3n };
        const schema = {
          ...EMPTY_SCHEMA,
          environment: metadata.env,
          uuid: "u",
          clock: { offsetNs: 3n },
        };
        const streams = [{ info: {}, entries: () => some }];
        expect(chromeOf({ schema, streams })).toBe([...toChrome(some, { metadata })].join(""));
      }),
    );
  });
});

/** JSON's parser takes the last of what looks alike, and so does this. */
function namesOf({ eventClass }: RecordEntry): string[] {
  const names = eventClass.fields.map(({ name }) => name.toWellFormed());
  return [...new Set(names)];
}
