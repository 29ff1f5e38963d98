// Creating, starting, stopping and destroying traces: what is refused, and that nothing has changed
// then; what is counted.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CreateTraceOptions } from "../../src/index.js";
import { refusal } from "../lib/refusal.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

function setUp(memoryBytes = 1 << 20) {
  const hypervisor = world.boot({ cpus: 2, memoryBytes });
  hypervisor.attach({ current: false });
  const dom0 = hypervisor.dom0();
  dom0.createTrace("taken", { subbufBytes: 1024 });
  return { hypervisor, dom0 };
}

describe("createTrace", () => {
  it("makes a stopped trace of the shape asked for, with a buffer for each CPU", () => {
    const { hypervisor, dom0 } = setUp();
    const before = hypervisor.frames().free;
    const trace = dom0.createTrace("a", { subbufBytes: 4096, subbufCount: 8, mode: "overwrite" });
    expect(trace.info()).toMatchObject({
      name: "a",
      active: false,
      mode: "overwrite",
      subbufBytes: 4096,
      subbufCount: 8,
      activeTraces: 0,
      // The trace's control frame, the ring's, and 8 of data.
      memoryBytes: 10 * 4096,
      corrupt: [],
      labelsFull: 0,
    });
    expect(trace.info().cpus).toMatchObject([{ cpu: 0, offset: 0, consumed: 0, records: 0 }]);
    expect(hypervisor.frames().free).toBe(before - 10);
  });

  it("takes every shape within the limits", async () => {
    const { dom0 } = setUp(4 << 20);
    for (const subbufBytes of [64, 128, 4096, 65536, 131072]) {
      for (const subbufCount of [2, 4, 16]) {
        const trace = dom0.createTrace("a", { subbufBytes, subbufCount });
        expect(trace.info()).toMatchObject({ subbufBytes, subbufCount });
        trace.destroy();
        await dom0.settled(5000);
      }
    }
  });

  it("takes names of 1 to 63 bytes of UTF-8", () => {
    const { dom0 } = setUp();
    for (const name of ["a", "a".repeat(63), "\u{1f680}".repeat(15), "with space", "\u0000"]) {
      expect(dom0.createTrace(name, { subbufBytes: 1024 }).info().name).toBe(name);
      expect(dom0.openTrace(name).info().active).toBe(false);
      expect(dom0.ops.destroy(name)).toBe(0);
    }
  });
});

describe("createTrace, refused", () => {
  const big = { subbufBytes: 1 << 26, subbufCount: 64 };
  const refused: [string, string, CreateTraceOptions, string, RegExp][] = [
    ["an empty name", "", {}, "name-bad", /name="".*limit=63/],
    ["a name of 64 bytes", "x".repeat(64), {}, "name-bad", /name="x{64}".*limit=63/],
    ["a name of 32 letters and 64 bytes", "é".repeat(32), {}, "name-bad", /limit=63/],
    ["a name in use", "taken", {}, "name-in-use", /name="taken"/],
    ["sub-buffers of 32 bytes", "a", { subbufBytes: 32 }, "subbuf-bytes", /=32,.*limit=67108864/],
    ["sub-buffers of 96 bytes", "a", { subbufBytes: 96 }, "subbuf-bytes", /=96,.*limit=/],
    ["sub-buffers of 0 bytes", "a", { subbufBytes: 0 }, "subbuf-bytes", /=0,.*limit=/],
    ["sub-buffers of -64 bytes", "a", { subbufBytes: -64 }, "subbuf-bytes", /=-64,/],
    ["sub-buffers of 64.5 bytes", "a", { subbufBytes: 64.5 }, "subbuf-bytes", /=64.5,/],
    ["sub-buffers of NaN bytes", "a", { subbufBytes: Number.NaN }, "subbuf-bytes", /=NaN,/],
    ["sub-buffers of 128 MiB", "a", { subbufBytes: 1 << 27 }, "subbuf-bytes", /limit=67108864/],
    [
      "sub-buffers of 4 GiB and 64",
      "a",
      { subbufBytes: 2 ** 32 + 64 },
      "subbuf-bytes",
      /=4294967360/,
    ],
    ["buffers of 4 GiB", "a", big, "subbuf-bytes", /limit=16777216/],
    ["1 sub-buffer", "a", { subbufCount: 1 }, "subbuf-count", /subbufCount=1,.*limit=64/],
    ["3 sub-buffers", "a", { subbufCount: 3 }, "subbuf-count", /subbufCount=3,.*limit=64/],
    ["128 sub-buffers", "a", { subbufCount: 128 }, "subbuf-count", /=128,.*limit=64/],
    ["4.5 sub-buffers", "a", { subbufCount: 4.5 }, "subbuf-count", /=4.5,/],
    ["2^32 + 4 sub-buffers", "a", { subbufCount: 2 ** 32 + 4 }, "subbuf-count", /=4294967300/],
    ["no room", "a", { subbufBytes: 1 << 20 }, "no-memory", /subbufBytes=1048576.*framesFree=\d+/],
    ["a mode", "a", { mode: "ring" as "discard" }, "bad-option", /mode must be/],
    ["a CPU of 256", "a", { cpus: [0, 256] }, "bad-option", /0 to 255, got 256/],
    ["a CPU of -1", "a", { cpus: [-1] }, "bad-option", /0 to 255, got -1/],
    ["half a CPU", "a", { cpus: [0.5] }, "bad-option", /0 to 255, got 0.5/],
    ["an empty selection", "a", { events: "" }, "bad-option", /events/],
    ["a selection with a hole", "a", { events: "sched,,mem" }, "bad-option", /sched,,mem/],
    ["a selection that is no text", "a", { events: 5 as never }, "bad-option", /a text .*got 5/],
    ["a mask of 33 bits", "a", { events: "0x1ffffffff" }, "bad-option", /0x1ffffffff/],
    ["a selection of 1409 bytes", "a", { events: "e".repeat(1409) }, "pattern", /limit=1408/],
  ];
  it.each(refused)("names what is wrong with %s, and changes nothing", (...row) => {
    const [, name, options, code, message] = row;
    const { hypervisor, dom0 } = setUp();
    const before = hypervisor.frames().free;
    const error = refusal(() => dom0.createTrace(name, options));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("undefined");
    expect(hypervisor.frames().free).toBe(before);
    expect(dom0.openTrace("taken").info().activeTraces).toBe(0);
    if (name !== "taken") expect(refusal(() => dom0.openTrace(name)).code).toMatch(/^name-/);
  });

  it("takes 31 traces, and names the limit at the next", () => {
    const { hypervisor, dom0 } = setUp();
    for (let i = 1; i < 31; i++) dom0.createTrace(`t${i}`, { subbufBytes: 64 });
    const before = hypervisor.frames().free;
    const error = refusal(() => dom0.createTrace("t31", { subbufBytes: 64 }));
    expect(error.code).toBe("traces-full");
    expect(error.message).toMatch(/limit=31/);
    expect(hypervisor.frames().free).toBe(before);
    dom0.ops.destroy("t1");
  });

  it("gives every frame back when the buffers of the last CPUs do not fit (I9)", () => {
    const { hypervisor, dom0 } = setUp(6 * 65536);
    hypervisor.attach();
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 20 }),
        fc.constantFrom(2, 4, 8, 16, 32, 64),
        (exp, n) => {
          const before = hypervisor.frames().free;
          try {
            dom0.createTrace("a", { subbufBytes: 2 ** exp, subbufCount: n });
          } catch (error) {
            expect(error).toMatchObject({ code: "no-memory" });
            expect(hypervisor.frames().free).toBe(before);
            return;
          }
          dom0.ops.destroy("a");
          // This thread answers in its event loop only: as dom0's it asks for that here.
          hypervisor.cpu?.detach();
          expect(dom0.settle()).toBe(true);
          hypervisor.attach({ current: false });
          expect(hypervisor.frames().free).toBe(before);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("start and stop", () => {
  it("count an active trace once, however often it is started", () => {
    const { dom0 } = setUp();
    const [a, b] = [dom0.createTrace("a"), dom0.createTrace("b")];
    const active = () => a.info().activeTraces;
    expect(active()).toBe(0);
    a.start();
    a.start();
    expect(active()).toBe(1);
    b.start();
    expect([active(), a.info().active, b.info().active]).toEqual([2, true, true]);
    a.stop();
    a.stop();
    expect([active(), a.info().active, b.info().active]).toEqual([1, false, true]);
    a.start();
    expect(active()).toBe(2);
  });
});

describe("destroy", () => {
  it("takes an active trace from everybody, and counts it no more", async () => {
    const { hypervisor, dom0 } = setUp();
    const before = hypervisor.frames().free;
    const [a, b] = [dom0.createTrace("a"), dom0.createTrace("b")];
    a.start();
    b.start();
    a.destroy();
    expect(a.destroyed).toBe(true);
    expect(b.info().activeTraces).toBe(1);
    b.destroy();
    expect(await dom0.settled(5000)).toBe(true);
    expect(hypervisor.frames().free).toBe(before);
  });

  it("frees the name at once", () => {
    const { dom0 } = setUp();
    for (let i = 0; i < 5; i++) dom0.createTrace("same", { subbufBytes: 1024 }).destroy();
  });

  const after: [
    string,
    string,
    (trace: ReturnType<ReturnType<typeof setUp>["dom0"]["createTrace"]>) => unknown,
  ][] = [
    ["start", "name-unknown", (trace) => trace.start()],
    ["stop", "name-unknown", (trace) => trace.stop()],
    ["info", "name-unknown", (trace) => trace.info()],
    ["destroy", "name-unknown", (trace) => trace.destroy()],
    ["drain", "stale", (trace) => trace.drain(() => {})],
    ["snapshot", "stale", (trace) => trace.snapshot()],
  ];
  it.each(after)("has %s refused from then on (%s)", (_name, code, call) => {
    const { dom0 } = setUp();
    const trace = dom0.createTrace("a");
    trace.drain(() => {});
    trace.destroy();
    const error = refusal(() => call(trace));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/a/);
  });

  it("ends a loop of packets", async () => {
    const { dom0 } = setUp();
    const trace = dom0.createTrace("a");
    const loop = (async () => {
      for await (const _ of trace.packets({ pollMs: 5 }));
    })();
    trace.destroy();
    await expect(loop).resolves.toBeUndefined();
  });
});
