// Batches: `writeMany` leaves the records that as many calls of the tracepoint would have left.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CreateTraceOptions,
  enumOf,
  f32,
  f64,
  facility,
  field,
  i16,
  string,
  u32,
  u64,
} from "../../src/index.js";
import { cpuInfo, decode, drained, fieldsOf } from "../lib/records.js";
import { useWorld } from "../lib/world.js";
import { writers } from "../lib/writers.js";

const world = useWorld();
const batch = facility("batch", {
  none: [],
  one: [field("a", u32)],
  pair: [field("a", u32), field("b", i16)],
  wide: [field("a", u64), field("b", f64), field("c", f32)],
  member: [field("a", enumOf({ x: 1, y: 2 }))],
  text: [field("a", string)],
});

function booted(options: CreateTraceOptions = {}, writer: keyof typeof writers = "wasm") {
  const hypervisor = world.boot();
  const cpu = hypervisor.attach({ writer: writers[writer], clock: "caller" });
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("batch", { events: "batch", ...options });
  trace.start();
  const fields = (event: string) => fieldsOf(decode(dom0, drained(trace)), `batch:${event}`);
  return { hypervisor, dom0, cpu, trace, fields };
}

describe.each(["wasm", "js"] as const)("writeMany with the %s writer", (writer) => {
  it("records what single calls do", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(0xffffffff), fc.integer({ min: -32768, max: 32767 })), {
          maxLength: 300,
        }),
        fc.constantFrom(64, 256, 4096),
        (pairs, subbufBytes) => {
          const { trace, fields, hypervisor } = booted({ subbufBytes, subbufCount: 64 }, writer);
          batch.pair.writeMany(Int32Array.from(pairs.flat()));
          const info = cpuInfo(trace, 0);
          expect(info.records + info.discardedFull).toBe(pairs.length);
          const wanted = pairs.slice(0, info.records).map(([a, b]) => ({ a, b }));
          expect(fields("pair")).toEqual(wanted);
          hypervisor.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("takes words as they are stored: 64 bits low word first, floats by their bits", () => {
    const { fields } = booted({}, writer);
    const words = new Int32Array(10);
    const view = new DataView(words.buffer);
    for (const [i, at] of [0, 20].entries()) {
      view.setBigUint64(at, 2n ** 40n + BigInt(i), true);
      view.setFloat64(at + 8, Math.PI * i, true);
      view.setFloat32(at + 16, 0.5 + i, true);
    }
    batch.wide.writeMany(words);
    expect(fields("wide")).toEqual([
      { a: 2n ** 40n, b: 0, c: 0.5 },
      { a: 2n ** 40n + 1n, b: Math.PI, c: 1.5 },
    ]);
  });

  it("gives all records of a batch one time", () => {
    const { dom0, trace } = booted({}, writer);
    batch.one.writeMany(new Int32Array(100));
    const times = new Set(decode(dom0, drained(trace)).map(({ timestamp }) => timestamp));
    expect(times.size).toBe(1);
  });

  it("records more than the scratch area holds, and part of what it is given", () => {
    const { trace, fields } = booted({ subbufBytes: 1 << 18 }, writer);
    const words = Int32Array.from({ length: 10_001 }, (_, i) => i);
    batch.pair.writeMany(words, 5000);
    expect(cpuInfo(trace, 0).records).toBe(5000);
    expect(fields("pair").at(-1)).toEqual({ a: 9998, b: 9999 });
  });

  it("counts an event without fields by its count alone", () => {
    const { trace } = booted({ subbufBytes: 1 << 18 }, writer);
    batch.none.writeMany(new Int32Array(0), 5000);
    batch.none.writeMany(new Int32Array(0));
    expect(cpuInfo(trace, 0).records).toBe(5000);
  });

  it("loses what finds no room, counted to the record (I7)", () => {
    const { trace, fields } = booted({ subbufBytes: 64, subbufCount: 2 }, writer);
    batch.one.writeMany(Int32Array.from({ length: 100 }, (_, i) => i));
    const info = cpuInfo(trace, 0);
    expect(info.records + info.discardedFull).toBe(100);
    // Five of 12 bytes in each sub-buffer of 64.
    expect(fields("one")).toEqual(Array.from({ length: 10 }, (_, a) => ({ a })));
  });

  it("overwrites the oldest in overwrite mode", () => {
    const { trace, fields } = booted(
      { subbufBytes: 64, subbufCount: 2, mode: "overwrite" },
      writer,
    );
    batch.one.writeMany(Int32Array.from({ length: 98 }, (_, i) => i));
    const info = cpuInfo(trace, 0);
    expect(info.records).toBe(98);
    const left = fields("one").map(({ a }) => a);
    expect(left).toEqual([90, 91, 92, 93, 94, 95, 96, 97]);
    expect(cpuInfo(trace, 0).overwritten).toBe(90);
  });

  it("does nothing where nobody wants it", () => {
    const { cpu, trace } = booted({ events: "batch:pair" }, writer);
    batch.one.writeMany(new Int32Array(10));
    expect(cpuInfo(trace, 0).records).toBe(0);
    cpu.detach();
    batch.pair.writeMany(new Int32Array(10));
    expect(cpuInfo(trace, 0).records).toBe(0);
  });
});

describe("writeMany refuses", () => {
  it.each([
    [
      "an event that varies in size",
      () => batch.text.writeMany(new Int32Array(4)),
      /vary in size: event=text/,
    ],
    [
      "half a record",
      () => batch.pair.writeMany(new Int32Array(3)),
      /words.length=3 .* of 2 words: event=pair/,
    ],
    [
      "more than there is",
      () => batch.pair.writeMany(new Int32Array(4), 3),
      /words.length=4 is not 3 records/,
    ],
    ["a count that is none", () => batch.pair.writeMany(new Int32Array(4), -1), /not -1 records/],
    ["what are no words", () => batch.pair.writeMany([1, 2] as never), /no Int32Array: event=pair/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
