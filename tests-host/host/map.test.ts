// Mapping the hypervisor's frames: bounded views of what is shared with dom0, and nothing else.

import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { type Dom0, type Hypervisor, TraceError } from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { cpuInfo } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const { FRAME_BYTES } = layout;

let hypervisor: Hypervisor;
let dom0: Dom0;
let memory: Memory;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
  dom0 = hypervisor.dom0();
  memory = new Memory(hypervisor);
  hypervisor.attach({ current: false });
});

const code = (expected: string) => expect.objectContaining({ name: "TraceError", code: expected });
const mappings = (mfn: number) => memory.mappings(mfn);

describe("mapForeignRange", () => {
  it("gives a view of exactly the frames asked for", () => {
    const trace = dom0.createTrace("a", { subbufBytes: 4096, subbufCount: 4 });
    const { dataMfn } = cpuInfo(trace, 0);
    for (const count of [1, 2, 3, 4]) {
      const mapping = dom0.mapForeignRange(dataMfn, count);
      expect(mapping).toMatchObject({ mfn: dataMfn, count, valid: true });
      expect(mapping.bytes.buffer).toBe(memory.buffer);
      expect(mapping.bytes.byteOffset).toBe(dataMfn * FRAME_BYTES);
      expect(mapping.bytes.byteLength).toBe(count * FRAME_BYTES);
      mapping.unmap();
    }
  });

  it("maps the control and the hypercall page", () => {
    const page = dom0.mapForeignRange(layout.CONTROL_AT / FRAME_BYTES, 1);
    const view = new DataView(page.bytes.buffer, page.bytes.byteOffset);
    expect(view.getUint32(layout.CTL_MAGIC_AT, true)).toBe(layout.MAGIC);
    dom0.mapForeignRange(layout.HYPERCALL_AT / FRAME_BYTES, 1).unmap();
    page.unmap();
  });

  it("counts every mapping (I9)", () => {
    const { dataMfn } = cpuInfo(dom0.createTrace("a"), 0);
    expect([mappings(dataMfn), memory.owned(dataMfn)]).toEqual([0, true]);
    const all = [1, 2, 3].map(() => dom0.mapForeignRange(dataMfn, 1));
    expect(mappings(dataMfn)).toBe(3);
    for (const mapping of all) mapping.unmap();
    for (const mapping of all) mapping.unmap();
    expect([mappings(dataMfn), memory.owned(dataMfn)]).toEqual([0, true]);
  });
});

describe("mapForeignRange, refused", () => {
  /** Frame and count that are to be refused; negative: counted from something that exists. */
  const refused: [string, () => [number, number]][] = [
    ["frame 0", () => [0, 1]],
    ["the enabled table", () => [layout.ENABLED_AT / FRAME_BYTES, 1]],
    ["the CPU table", () => [layout.CPUS_AT / FRAME_BYTES, 1]],
    ["the frame table", () => [memory.control(layout.CTL_FRAME_TABLE_AT) / FRAME_BYTES, 1]],
    ["a scratch area", () => [memory.cpu(0, layout.CPU_SCRATCH_AT) / FRAME_BYTES, 1]],
    ["a free frame", () => [memory.freeFrames()[0] ?? 0, 1]],
    ["the last frame and one more", () => [memory.frames - 1, 2]],
    ["the frame after the last", () => [memory.frames, 1]],
    ["a frame far away", () => [0x7fffffff, 1]],
    ["frame -1", () => [-1, 1]],
    ["no frame at all", () => [1, 0]],
    ["-1 frames", () => [1, -1]],
    ["the control page and the next", () => [1, 2]],
    ["half a frame", () => [1.5, 1]],
    ["a frame and a half", () => [1, 1.5]],
    ["frame 2^32 + 1", () => [2 ** 32 + 1, 1]],
    ["2^32 + 1 frames", () => [1, 2 ** 32 + 1]],
    ["NaN", () => [Number.NaN, 1]],
  ];
  it.each(refused)("refuses %s, and counts nothing (I9)", (_name, make) => {
    const [mfn, count] = make();
    const before = Array.from({ length: memory.frames }, (_, i) => mappings(i));
    expect(() => dom0.mapForeignRange(mfn, count)).toThrow(code("not-shared"));
    expect(() => dom0.mapForeignRange(mfn, count)).toThrow(`mfn=${mfn}, count=${count}`);
    expect(Array.from({ length: memory.frames }, (_, i) => mappings(i))).toEqual(before);
  });

  it("refuses more frames than the run has, and a start within a run", () => {
    const { dataMfn } = cpuInfo(dom0.createTrace("a", { subbufBytes: 4096, subbufCount: 4 }), 0);
    expect(() => dom0.mapForeignRange(dataMfn, 5)).toThrow(code("not-shared"));
    expect(() => dom0.mapForeignRange(dataMfn + 1, 1)).toThrow(code("not-shared"));
  });

  it("never gives a view beyond what a shared run holds, whatever is asked for", () => {
    dom0.createTrace("a", { subbufBytes: 1024 });
    const number = fc.oneof(fc.integer({ min: -2, max: 300 }), fc.double(), fc.integer());
    fc.assert(
      fc.property(number, fc.oneof(fc.integer({ min: -1, max: 5 }), number), (mfn, count) => {
        let mapping: ReturnType<Dom0["mapForeignRange"]>;
        try {
          mapping = dom0.mapForeignRange(mfn, count);
        } catch (error) {
          expect(error).toBeInstanceOf(TraceError);
          return;
        }
        const { byteOffset, byteLength } = mapping.bytes;
        expect(byteOffset % FRAME_BYTES).toBe(0);
        for (let at = byteOffset; at < byteOffset + byteLength; at += FRAME_BYTES) {
          expect(memory.frame(at / FRAME_BYTES, layout.FRAME_SHARE_AT) & 1).toBe(1);
        }
        mapping.unmap();
      }),
      { numRuns: 500 },
    );
  });
});

describe("a mapping", () => {
  it("throws closed once it was unmapped", () => {
    const mapping = dom0.mapForeignRange(1, 1);
    mapping.unmap();
    expect(mapping.valid).toBe(false);
    expect(() => mapping.bytes).toThrow(code("closed"));
    expect(() => mapping.bytes).toThrow("mfn=1");
  });

  it("throws stale once its trace was destroyed, at once and for good (I9)", async () => {
    const trace = dom0.createTrace("a", { subbufBytes: 4096 });
    const { ringMfn, dataMfn } = cpuInfo(trace, 0);
    const mappings = [ringMfn, dataMfn].map((mfn) => dom0.mapForeignRange(mfn, 1));
    trace.destroy();
    for (const mapping of mappings) expect(() => mapping.bytes).toThrow(code("stale"));
    expect(await dom0.settled(5000)).toBe(true);
    const next = dom0.createTrace("b", { subbufBytes: 4096 });
    for (const mapping of mappings) expect(() => mapping.bytes).toThrow(code("stale"));
    // Its frames have not been handed out again.
    expect(cpuInfo(next, 0).dataMfn).not.toBe(dataMfn);
    expect(cpuInfo(next, 0).ringMfn).not.toBe(ringMfn);
    const before = hypervisor.frames().free;
    for (const mapping of mappings) mapping.unmap();
    expect(hypervisor.frames().free).toBe(before + 5);
  });

  it("refuses to map what was destroyed", () => {
    const trace = dom0.createTrace("a");
    const { dataMfn } = cpuInfo(trace, 0);
    trace.destroy();
    expect(() => dom0.mapForeignRange(dataMfn, 1)).toThrow(code("not-shared"));
  });

  it("may be given back twice after its trace was destroyed, and counts once (I9)", async () => {
    const before = hypervisor.frames().free;
    const trace = dom0.createTrace("a");
    const { dataMfn } = cpuInfo(trace, 0);
    const mapping = dom0.mapForeignRange(dataMfn, 1);
    trace.destroy();
    mapping.unmap();
    mapping.unmap();
    expect([mappings(dataMfn), memory.owned(dataMfn)]).toEqual([0, true]);
    expect(await dom0.settled(5000)).toBe(true);
    expect(hypervisor.frames().free).toBe(before);
  });

  it("does not keep a drained trace's frames beyond its destruction", async () => {
    const before = hypervisor.frames().free;
    for (let i = 0; i < 5; i++) {
      const trace = dom0.createTrace("a");
      trace.drain(() => {});
      trace.snapshot();
      trace.destroy();
      expect(await dom0.settled(5000)).toBe(true);
      expect(hypervisor.frames().free).toBe(before);
    }
  });
});
