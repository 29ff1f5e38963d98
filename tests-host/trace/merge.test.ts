// The merge of any streams: in order, and nothing is lost. The merge of CTF packets is tested with CTF.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EMPTY_SCHEMA,
  mergeStreams,
  piecesOf,
  pump,
  type TraceEntry,
  type TraceSchema,
} from "../../src/trace/index.js";
import { traces } from "../lib/classes.js";

/** Writes down what is done with it. */
function diary(output: (piece: string) => void) {
  return {
    begin: ({ uuid }: TraceSchema) => output(`begin ${uuid}`),
    append: ({ kind, timestamp }: TraceEntry) => output(`${kind} ${timestamp}`),
    finish: () => output("finish"),
  };
}

describe("mergeStreams", () => {
  it("has all entries of all streams, each stream's in its order, all in that of time and CPU", () => {
    fc.assert(
      fc.property(traces, ({ streams, all }) => {
        const merged = [...mergeStreams(streams)];
        for (const [cpu, own] of all.entries()) {
          expect(merged.filter((entry) => entry.cpu === cpu)).toEqual(own);
        }
        expect(merged).toHaveLength(all.flat().length);
        for (const [i, entry] of merged.entries()) {
          const before = merged[i - 1];
          if (!before) continue;
          expect(before.timestamp <= entry.timestamp).toBe(true);
          if (before.timestamp === entry.timestamp)
            expect(before.cpu).toBeLessThanOrEqual(entry.cpu);
        }
      }),
    );
  });

  it("closes the streams that are open when one cannot be opened", () => {
    let closed = 0;
    const open = {
      info: {},
      entries: () => ({
        [Symbol.iterator]: () => ({
          next: () => ({ done: true as const, value: undefined }),
          return: () => {
            closed++;
            return { done: true as const, value: undefined };
          },
        }),
      }),
    };
    const broken = {
      info: {},
      entries(): Iterable<TraceEntry> {
        throw new Error("no such file");
      },
    };
    expect(() => [...mergeStreams([open, broken, open])]).toThrow("no such file");
    expect(closed).toBe(1);
  });
});

describe("pump and piecesOf", () => {
  it("begin, append each entry, and finish, once", () => {
    fc.assert(
      fc.property(traces, ({ streams }) => {
        const schema = { ...EMPTY_SCHEMA, uuid: "u" };
        const seen: string[] = [];
        pump(
          { schema, streams },
          diary((piece) => seen.push(piece)),
        );
        const told = Array.from(mergeStreams(streams), (e) => `${e.kind} ${e.timestamp}`);
        expect(seen).toEqual(["begin u", ...told, "finish"]);
        expect([...piecesOf(mergeStreams(streams), diary, schema)]).toEqual(seen);
      }),
    );
  });

  it("give what came before an error, and do not finish", () => {
    function* failing(): Generator<TraceEntry> {
      yield { kind: "loss", cpu: 0, records: 1, timestamp: 5n, since: undefined };
      throw new Error("torn");
    }
    const streams = [{ info: {}, entries: failing }];
    const seen: string[] = [];
    const output = (piece: string) => void seen.push(piece);
    expect(() => pump({ schema: EMPTY_SCHEMA, streams }, diary(output))).toThrow("torn");
    expect(seen).toEqual(["begin undefined", "loss 5"]);
    const pieces: string[] = [];
    expect(() => {
      for (const piece of piecesOf(failing(), diary)) pieces.push(piece);
    }).toThrow("torn");
    expect(pieces).toEqual(seen);
  });

  it("read no further than they are asked", () => {
    let read = 0;
    function* entries(): Generator<TraceEntry> {
      for (; ; read++) yield { kind: "loss", cpu: 0, records: 1, timestamp: 0n, since: undefined };
    }
    const pieces = piecesOf(entries(), diary);
    for (let i = 0; i < 4; i++) pieces.next();
    expect(read).toBe(2);
  });
});
