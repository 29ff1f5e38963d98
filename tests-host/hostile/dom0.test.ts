// Any word of the hypervisor's tables is scribbled on, and then everything that dom0 can do is done: it
// throws nothing but TraceError, no timer throws, and all of it ends (I10).

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { type Dom0, Hypervisor, TraceError } from "../../src/index.js";
import { type Scribble, scribbles, tolerated, Victim } from "../lib/hostile.js";
import { cpuInfo } from "../lib/records.js";
import { sleep, useWorld } from "../lib/world.js";

const world = useWorld();
afterEach(() => {
  vi.useRealTimers();
});

const code = (code: string) => expect.objectContaining({ name: "TraceError", code });

/** Lets nothing through but TraceError, also of what is awaited. */
async function toleratedSoon(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
  }
}

/** All operations of dom0 but for those that read a trace, which `Victim.read` does. */
const operations: [string, (victim: Victim, dom0: Dom0) => unknown][] = [
  ["settle", (_, dom0) => dom0.settle()],
  ["clocks", (_, dom0) => dom0.clocks()],
  ["facilities", (_, dom0) => dom0.facilities()],
  ["frames", ({ hypervisor }) => hypervisor.frames()],
  ["mapForeignRange", (_, dom0) => dom0.mapForeignRange(20, 1).unmap()],
  ["mapForeignRange of many", (_, dom0) => dom0.mapForeignRange(20, 0x7fffffff)],
  ["mapForeignRange of the last", (_, dom0) => dom0.mapForeignRange(0xfffffff, 1)],
  ["bindVirq", (_, dom0) => dom0.bindVirq(3, () => {})],
  ["mask", (_, dom0) => dom0.mask(3)],
  ["unmask", (_, dom0) => dom0.unmask(3)],
  ["unbind", (_, dom0) => dom0.unbind(3)],
  ["configureEvents", (_, dom0) => dom0.configureEvents({ pollMs: 5 })],
  ["openTrace", (_, dom0) => dom0.openTrace("load")],
  ["createTrace", (_, dom0) => dom0.createTrace("more", { events: "load", subbufBytes: 1024 })],
  ["start", ({ trace }) => trace.start()],
  ["losses", ({ trace }) => trace.losses()],
  ["ops.getInfo", (_, dom0) => dom0.ops.getInfo("load", 1)],
  ["ops.consume", (_, dom0) => dom0.ops.consume("load", 1, 0)],
  ["ops.create", (_, dom0) => dom0.ops.create("seed", 4096)],
  ["ops.stop", (_, dom0) => dom0.ops.stop("load")],
  ["ops.destroy", (_, dom0) => dom0.ops.destroy("seed")],
  ["stop", ({ trace }) => trace.stop()],
  ["destroy", ({ trace }) => trace.destroy()],
  ["trace.close", ({ trace }) => trace.close()],
];

/** A number of words of the area, and operations in some order. */
const plan = (all: fc.Arbitrary<readonly Scribble[]>) =>
  fc.record({
    all,
    read: fc.boolean(),
    dying: fc.boolean(),
    order: fc.shuffledSubarray(operations, { minLength: 5 }),
  });

const TABLE = layout.FRAME_ENTRY_BYTES;
/** Areas: how many bytes, words that are hit more often, and where. */
const areas: [string, fc.Arbitrary<readonly Scribble[]>, (victim: Victim) => number][] = [
  [
    "the control page",
    scribbles(layout.FRAME_BYTES / 2, [
      layout.CTL_FRAMES_AT,
      layout.CTL_FIRST_FRAME_AT,
      layout.CTL_FRAME_TABLE_AT,
      layout.CTL_CPUS_AT,
      layout.CTL_EPOCH_AT,
      layout.CTL_TRACES_AT,
      layout.CTL_TRACES_AT + 4,
      layout.CTL_DYING_AT,
      layout.CTL_DYING_AT + 4,
      layout.CTL_FACILITIES_AT,
      layout.CTL_VIRQ_PORT_AT + 12,
    ]),
    () => layout.CONTROL_AT,
  ],
  [
    "the CPU table",
    scribbles(3 * layout.CPU_BLOCK_BYTES, [
      layout.CPU_STATE_AT,
      layout.CPU_BLOCK_BYTES + layout.CPU_STATE_AT,
      layout.CPU_ACK_AT,
    ]),
    () => layout.CPUS_AT,
  ],
  [
    "the frame table",
    scribbles(40 * TABLE, [
      20 * TABLE + layout.FRAME_RUN_AT,
      20 * TABLE + layout.FRAME_SHARE_AT,
      20 * TABLE + layout.FRAME_COUNT_AT,
    ]),
    ({ memory }) => memory.control(layout.CTL_FRAME_TABLE_AT),
  ],
  [
    "a trace frame",
    scribbles(layout.TRACE_BYTES - 4, [
      layout.TRACE_STATE_AT,
      layout.TRACE_INDEX_AT,
      layout.TRACE_SUBBUF_BYTES_AT,
      layout.TRACE_SUBBUF_COUNT_AT,
      layout.TRACE_DIRECTORY_AT,
      layout.TRACE_EPOCH_AT,
    ]),
    (victim) => victim.traceFrame,
  ],
  [
    "a ring frame",
    scribbles(layout.RING_SUBBUFS_AT, [
      layout.RING_DATA_AT,
      layout.RING_OFFSET_AT + 4,
      layout.RING_CONSUMED_AT + 4,
    ]),
    (victim) => victim.ring,
  ],
];

describe("tables that were scribbled on", () => {
  it.each(areas)("get nothing but TraceErrors out of dom0: %s (I10)", async (_name, all, base) => {
    await fc.assert(
      fc.asyncProperty(plan(all), async ({ all, read, dying, order }) => {
        const victim = new Victim(world, "overwrite").remember();
        const { dom0, hypervisor } = victim;
        for (const cpu of [0, 1, 2]) victim.record(cpu, 20);
        if (read) victim.trace.snapshot();
        if (dying) dom0.createTrace("dying", { subbufBytes: 64 }).destroy();
        const begin = performance.now();
        victim.scribble(base(victim), all);
        for (const [, call] of order) tolerated(() => call(victim, dom0));
        tolerated(() => victim.trace.snapshot());
        tolerated(() => victim.trace.drain(() => {}));
        await toleratedSoon(() => dom0.settled(3));
        tolerated(() => dom0.close());
        expect(dom0.closed).toBe(true);
        tolerated(() => hypervisor.dom0().close());
        expect(performance.now() - begin, "bounded").toBeLessThan(2000);
      }),
      { numRuns: 60 },
    );
  });

  it("do not end the process by the timer that settles", async () => {
    const victim = new Victim(world, "discard").remember();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    victim.trace.stop();
    victim.scribble(layout.CONTROL_AT, [{ at: layout.CTL_DYING_AT, value: 0x7ffff000 }]);
    expect(() => vi.advanceTimersByTime(1000)).not.toThrow();
    expect(() => victim.dom0.settle(), "the next call tells").toThrow(code("corrupt"));
    await expect(victim.dom0.settled(1)).rejects.toThrow(code("corrupt"));
    // What asks for it again is told too, and its timer gives up as well.
    tolerated(() => victim.trace.destroy());
    expect(() => vi.advanceTimersByTime(1000)).not.toThrow();
    victim.scribble(layout.CONTROL_AT, [{ at: layout.CTL_DYING_AT, value: 0 }]);
    vi.useRealTimers();
    await sleep(5);
  });

  it("are refused where a run is said to lie beyond the memory", () => {
    const victim = new Victim(world, "discard").remember();
    const { dom0, memory } = victim;
    const { dataMfn } = cpuInfo(victim.trace, 1);
    const table = memory.control(layout.CTL_FRAME_TABLE_AT);
    const entry = table + dataMfn * layout.FRAME_ENTRY_BYTES;
    const mappings = memory.mappings(dataMfn);
    victim.scribble(entry, [{ at: layout.FRAME_RUN_AT, value: 20 }]);
    expect(() => dom0.mapForeignRange(dataMfn, 1000)).toThrow(code("not-shared"));
    expect(memory.mappings(dataMfn), "and not mapped").toBe(mappings);
  });

  it("are told as corrupt where a buffer has more sub-buffers than entries", () => {
    const victim = new Victim(world, "discard").remember();
    victim.record(1, 30);
    victim.scribble(victim.traceFrame, [
      { at: layout.TRACE_SUBBUF_BYTES_AT, value: 4 },
      { at: layout.TRACE_SUBBUF_COUNT_AT, value: 256 },
    ]);
    expect(() => victim.trace.snapshot()).toThrow(code("corrupt"));
    expect(() => victim.trace.drain(() => {})).toThrow(code("corrupt"));
  });

  it("let go of dom0, although what it has mapped cannot be given back", () => {
    const victim = new Victim(world, "discard").remember();
    const { hypervisor, memory, dom0 } = victim;
    const table = memory.control(layout.CTL_FRAME_TABLE_AT);
    victim.scribble(layout.CONTROL_AT, [{ at: layout.CTL_FRAME_TABLE_AT, value: 0x7ffff000 }]);
    expect(() => dom0.close()).toThrow(code("corrupt"));
    expect(dom0.closed).toBe(true);
    dom0.close();
    expect(() => hypervisor.dom0()).toThrow(code("corrupt"));
    victim.scribble(layout.CONTROL_AT, [{ at: layout.CTL_FRAME_TABLE_AT, value: table }]);
    const other = Hypervisor.join(hypervisor.handle());
    expect(other.dom0().openTrace("load").info().name).toBe("load");
    other.close();
  });
});

describe("a number that the hypervisor would take for another", () => {
  it.each([-1, 1.5, 0xffffffff, 2 ** 32 + 5, Number.NaN])("is refused: dom0(%d)", (tid) => {
    const hypervisor = world.boot({ cpus: 1 });
    expect(() => hypervisor.dom0(tid)).toThrow(code("bad-option"));
    expect(hypervisor.dom0(7).closed).toBe(false);
  });

  it.each([-1, 1.5, 0x7fffffff, 0xffffffff, 2 ** 32, 2 ** 32 + 1, Number.NaN])(
    "is refused: CPU %d",
    (cpu) => {
      const dom0 = world.boot({ cpus: 2 }).dom0();
      dom0.createTrace("a");
      expect(dom0.ops.getInfo("a", cpu)).toBe(1);
      expect(dom0.ops.consume("a", cpu, 0)).toBe(1);
    },
  );

  it.each([-1, 1.5, 2 ** 32, 2 ** 32 + 20, Number.NaN])(
    "is refused: frame, count, VIRQ, port %d",
    (n) => {
      const dom0 = world.boot({ cpus: 2 }).dom0();
      expect(() => dom0.mapForeignRange(n, 1)).toThrow(code("not-shared"));
      expect(() => dom0.mapForeignRange(20, n)).toThrow(code("not-shared"));
      expect(() => dom0.bindVirq(n, () => {})).toThrow(code("virq"));
      expect(() => dom0.unbind(n)).toThrow(code("virq"));
      expect(() => dom0.mask(n)).toThrow(code("port"));
      expect(() => dom0.unmask(n)).toThrow(code("port"));
    },
  );

  it.each([-64, 0.5, 2 ** 53, 2 ** 64, Number.NaN])("is refused: position %d", (old) => {
    const hypervisor = world.boot({ cpus: 1 });
    const dom0 = hypervisor.dom0();
    hypervisor.attach();
    dom0.createTrace("a");
    expect(dom0.ops.consume("a", 0, old)).toBe(1);
    expect(dom0.ops.reason()).toMatch(/does not stand there/);
  });

  it("ends a wait at once that is not a number of milliseconds", async () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    // A CPU that never answers.
    world.adopt(Hypervisor.join(hypervisor.handle())).attach({ current: false });
    dom0.createTrace("a").stop();
    expect(await dom0.settled(Number.NaN)).toBe(false);
  });
});
