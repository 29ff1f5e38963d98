// The seed's operations: exactly 0 or 1, and the reason for a 1 in words.

import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { CpuInfo } from "../../src/host/index.js";
import { type Dom0, facility, field, type Hypervisor, u32 } from "../../src/index.js";
import { decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const seedTest = facility("seed_test", { step: [field("n", u32)] });

let hypervisor: Hypervisor;
let dom0: Dom0;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
  dom0 = hypervisor.dom0();
});

const cpu0 = () => dom0.ops.getInfo("a", 0) as CpuInfo;

/** Records until the CPU has left this many sub-buffers. */
function fill(subbufs: number, bytes: number): void {
  for (let n = 0; cpu0().offset < subbufs * bytes; n++) seedTest.step(n);
}

describe("create, start, stop, destroy", () => {
  it("return 0, and do what the typed face sees", () => {
    expect(dom0.ops.create("a", 4096)).toBe(0);
    const trace = dom0.openTrace("a");
    expect(trace.info()).toMatchObject({ mode: "discard", subbufBytes: 1024, subbufCount: 4 });
    expect(dom0.ops.start("a")).toBe(0);
    expect(dom0.ops.start("a")).toBe(0);
    expect(trace.info()).toMatchObject({ active: true, activeTraces: 1 });
    expect(dom0.ops.stop("a")).toBe(0);
    expect(dom0.ops.stop("a")).toBe(0);
    expect(trace.info()).toMatchObject({ active: false, activeTraces: 0 });
    expect(dom0.ops.destroy("a")).toBe(0);
  });

  const refused: [string, string, () => number][] = [
    ["create with a name in use", "a trace of that name exists", () => dom0.ops.create("a", 4096)],
    [
      "create without a name",
      "a trace's name has 1 to 63 bytes of UTF-8",
      () => dom0.ops.create("", 4096),
    ],
    [
      "create of 1000 bytes",
      "not a power of two within the limits",
      () => dom0.ops.create("b", 1000),
    ],
    [
      "create of 258 bytes",
      "not a power of two within the limits",
      () => dom0.ops.create("b", 258),
    ],
    [
      "create of 128 bytes",
      "not a power of two within the limits",
      () => dom0.ops.create("b", 128),
    ],
    [
      "create of 2^34 bytes",
      "not a power of two within the limits",
      () => dom0.ops.create("b", 2 ** 34),
    ],
    ["create of too much", "not enough free frames in a row", () => dom0.ops.create("b", 1 << 20)],
    ["start of no trace", "no trace has that name", () => dom0.ops.start("b")],
    ["stop of no trace", "no trace has that name", () => dom0.ops.stop("b")],
    ["destroy of no trace", "no trace has that name", () => dom0.ops.destroy("b")],
    ["get_info of no trace", "no trace has that name", () => dom0.ops.getInfo("b") as number],
    [
      "get_info of a CPU too many",
      "that CPU has no buffer in the trace",
      () => dom0.ops.getInfo("a", 2) as number,
    ],
    [
      "get_info of CPU 2^32",
      "that CPU has no buffer in the trace",
      () => dom0.ops.getInfo("a", 2 ** 32) as number,
    ],
    ["consume of no trace", "no trace has that name", () => dom0.ops.consume("b", 0, 0)],
    [
      "consume of a CPU too many",
      "that CPU has no buffer in the trace",
      () => dom0.ops.consume("a", 9, 0),
    ],
    [
      "consume of CPU 2^32",
      "that CPU has no buffer in the trace",
      () => dom0.ops.consume("a", 2 ** 32, 0),
    ],
    [
      "consume from another place",
      "the reader does not stand there",
      () => dom0.ops.consume("a", 0, 1024),
    ],
    [
      "consume from half a byte",
      "the reader does not stand there",
      () => dom0.ops.consume("a", 0, 0.5),
    ],
    [
      "consume of what is not full",
      "not a position of that sub-buffer up to offset",
      () => dom0.ops.consume("a", 0, 0),
    ],
  ];
  it.each(refused)("return 1 and the reason for %s, and change nothing", (_name, reason, call) => {
    hypervisor.attach({ current: false });
    expect(dom0.ops.create("a", 4096)).toBe(0);
    const before = hypervisor.frames().free;
    const info = cpu0();
    expect(call()).toBe(1);
    expect(dom0.ops.reason()).toBe(reason);
    expect(hypervisor.frames().free).toBe(before);
    expect(cpu0()).toEqual(info);
  });

  it("return nothing but 0 and 1, whatever they are given", () => {
    hypervisor.attach({ current: false });
    const number = fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger(), fc.constant(-0));
    const name = fc.oneof(fc.constantFrom("a", "b"), fc.string(), fc.string({ unit: "binary" }));
    const zeroOrOne = expect.toBeOneOf([0, 1]);
    fc.assert(
      fc.property(name, number, number, (text, a, b) => {
        const { ops } = dom0;
        const results = [
          ops.create(text, a),
          ops.start(text),
          ops.consume(text, a, b),
          ops.stop(text),
        ];
        expect(results).toEqual(results.map(() => zeroOrOne));
        const info = ops.getInfo(text, a);
        if (typeof info === "number") expect(info).toBe(1);
        expect(ops.destroy(text)).toEqual(zeroOrOne);
        expect(ops.destroy(text)).toBe(1);
      }),
      { numRuns: 200 },
    );
    hypervisor.close();
    expect(world.adopt(hypervisor).dom0().settle()).toBe(true);
  });
});

describe("get_info and consume", () => {
  it("tell what a CPU holds, and give a sub-buffer back (I1, I6)", () => {
    expect(dom0.ops.create("a", 256)).toBe(0);
    hypervisor.attach();
    expect(cpu0()).toMatchObject({ cpu: 0, offset: 0, consumed: 0, records: 0, taken: 0 });
    dom0.ops.start("a");
    fill(2, 64);
    const before = cpu0();
    expect(before.consumed).toBe(0);
    expect(dom0.ops.consume("a", 0, 0)).toBe(0);
    expect(cpu0()).toMatchObject({ consumed: 64, offset: before.offset });
    expect(dom0.ops.consume("a", 0, 0), "the same again").toBe(1);
    expect(dom0.ops.reason()).toBe("the reader does not stand there");
    expect(dom0.ops.consume("a", 0, 64)).toBe(0);
    expect(dom0.ops.consume("a", 0, 128), "the writer has not left it").toBe(1);
    expect(cpu0().consumed).toBe(128);
  });

  it("let a full buffer take records again (I5)", () => {
    dom0.ops.create("a", 256);
    hypervisor.attach();
    dom0.ops.start("a");
    for (let n = 0; n < 100; n++) seedTest.step(n);
    const full = cpu0();
    expect(full.offset).toBeLessThan(256);
    expect(full.discardedFull).toBeGreaterThan(0);
    expect(dom0.ops.consume("a", 0, 0)).toBe(0);
    seedTest.step(1000);
    expect(cpu0().records).toBe(full.records + 1);
    const records = decode(dom0, drained(dom0.openTrace("a")));
    expect(records.map(({ fields }) => fields.n)).toContain(1000);
  });

  it("return 1 when the writer has pushed the reader on (I6)", () => {
    const trace = dom0.createTrace("a", { mode: "overwrite", subbufBytes: 64, subbufCount: 2 });
    hypervisor.attach();
    trace.start();
    const { consumed } = cpu0();
    for (let n = 0; n < 100; n++) seedTest.step(n);
    expect(dom0.ops.consume("a", 0, consumed)).toBe(1);
    expect(dom0.ops.reason()).toBe("the writer has moved the reader on");
    expect(cpu0().consumed).toBeGreaterThan(consumed);
  });

  it("tell a trace that no CPU has a buffer in", () => {
    dom0.ops.create("a", 4096);
    expect(dom0.ops.getInfo("a")).toMatchObject({ subbufBytes: 1024, activeTraces: 0 });
    expect(dom0.ops.getInfo("a", 0)).toBeUndefined();
  });
});
