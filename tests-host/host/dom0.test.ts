// Being dom0: one thread at a time, and nobody else controls anything.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { type Dom0, Hypervisor } from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { sleep, useWorld } from "../lib/world.js";

const world = useWorld();
const code = (code: string) => expect.objectContaining({ name: "TraceError", code });

/** A dom0 that still holds its object after another thread has taken its place. */
function deposed() {
  const hypervisor = world.boot();
  const old = hypervisor.dom0(5);
  const trace = old.createTrace("a");
  trace.start();
  const second = world.adopt(Hypervisor.join(hypervisor.handle()));
  hypervisor.reap(5);
  const dom0 = second.dom0(6);
  return { hypervisor, old, trace, dom0 };
}

describe("dom0", () => {
  it("is the same for a second call of the same thread", () => {
    const hypervisor = world.boot();
    expect(hypervisor.dom0()).toBe(hypervisor.dom0());
  });

  it("is refused while another thread is it, and free when that one lets go", () => {
    const hypervisor = world.boot();
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    const dom0 = hypervisor.dom0();
    expect(() => other.dom0()).toThrow(code("dom0-taken"));
    dom0.close();
    dom0.close();
    expect(dom0.closed).toBe(true);
    expect(other.dom0().closed).toBe(false);
    expect(() => hypervisor.dom0()).toThrow(code("dom0-taken"));
  });

  it("leaves its traces to the next one", () => {
    const hypervisor = world.boot();
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    const trace = hypervisor.dom0().createTrace("kept", { subbufBytes: 1024 });
    trace.start();
    hypervisor.close();
    const found = other.dom0().openTrace("kept");
    expect(found.info()).toMatchObject({ name: "kept", active: true, subbufBytes: 1024 });
  });

  it("can be taken again by a thread that has closed it", () => {
    const hypervisor = world.boot();
    const first = hypervisor.dom0();
    first.close();
    const second = hypervisor.dom0();
    expect(second).not.toBe(first);
    expect(second.createTrace("a").info().active).toBe(false);
  });
});

describe("a dom0 that was closed", () => {
  const calls: [string, (dom0: Dom0) => unknown][] = [
    ["createTrace", (dom0) => dom0.createTrace("b")],
    ["openTrace", (dom0) => dom0.openTrace("a")],
    ["mapForeignRange", (dom0) => dom0.mapForeignRange(1, 1)],
    ["facilities", (dom0) => dom0.facilities()],
    ["bindVirq", (dom0) => dom0.bindVirq(4, () => {})],
    ["settle", (dom0) => dom0.settle()],
  ];
  it.each(calls)("refuses %s", (_name, call) => {
    const dom0 = world.boot().dom0();
    dom0.createTrace("a");
    dom0.close();
    expect(() => call(dom0)).toThrow(code("closed"));
  });
});

describe("a thread that is not dom0 any more", () => {
  const typed: [string, (held: ReturnType<typeof deposed>) => unknown][] = [
    ["createTrace", ({ old }) => old.createTrace("b")],
    ["openTrace", ({ old }) => old.openTrace("a")],
    ["start", ({ trace }) => trace.start()],
    ["stop", ({ trace }) => trace.stop()],
    ["info", ({ trace }) => trace.info()],
    ["drain", ({ trace }) => trace.drain(() => {})],
    ["snapshot", ({ trace }) => trace.snapshot()],
    ["destroy", ({ trace }) => trace.destroy()],
    ["mapForeignRange", ({ old }) => old.mapForeignRange(1, 1)],
    ["bindVirq", ({ old }) => old.bindVirq(4, () => {})],
    ["unbind", ({ old }) => old.unbind(4)],
    ["mask", ({ old }) => old.mask(4)],
    ["unmask", ({ old }) => old.unmask(4)],
  ];
  it.each(typed)("is refused %s", (_name, call) => {
    const held = deposed();
    const before = held.hypervisor.frames().free;
    expect(() => call(held)).toThrow(code("not-dom0"));
    expect(held.hypervisor.frames().free).toBe(before);
    expect(held.dom0.openTrace("a").info().active).toBe(true);
  });

  const seed: [string, (dom0: Dom0) => unknown][] = [
    ["create", (dom0) => dom0.ops.create("b", 4096)],
    ["destroy", (dom0) => dom0.ops.destroy("a")],
    ["start", (dom0) => dom0.ops.start("a")],
    ["stop", (dom0) => dom0.ops.stop("a")],
    ["consume", (dom0) => dom0.ops.consume("a", 0, 0)],
    ["get_info", (dom0) => dom0.ops.getInfo("a")],
    ["get_info of a CPU", (dom0) => dom0.ops.getInfo("a", 0)],
  ];
  it.each(seed)("gets 1 from the seed's %s, and the reason", (_name, call) => {
    const { old, dom0 } = deposed();
    expect(call(old)).toBe(1);
    expect(old.ops.reason()).toBe("this thread is not dom0");
    expect(dom0.openTrace("a").info().active).toBe(true);
  });

  it("never settles, and waits for that no longer than it is told", async () => {
    const { old } = deposed();
    expect(old.settle()).toBe(false);
    const begin = performance.now();
    expect(await old.settled(20)).toBe(false);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(19);
  });

  it("leaves the hypercall page alone in every operation", () => {
    const held = deposed();
    const memory = new Memory(held.hypervisor);
    const page = memory.bytes.subarray(
      layout.HYPERCALL_AT,
      layout.HYPERCALL_AT + layout.FRAME_BYTES,
    );
    page.fill(0x5a);
    for (const [, call] of typed) expect(() => call(held)).toThrow();
    for (const [, call] of seed) call(held.old);
    expect(page.every((byte) => byte === 0x5a)).toBe(true);
  });

  it.runIf("waitAsync" in Atomics)("counts its own waits, and none of its successor's", () => {
    const { hypervisor, old, dom0 } = deposed();
    const memory = new Memory(hypervisor);
    const waits = () => memory.control(layout.CTL_WAITING_AT);
    expect(waits()).toBe(0);
    expect(() => old.bindVirq(3, () => {})).toThrow(code("not-dom0"));
    expect(waits()).toBe(0);
    dom0.bindVirq(3, () => {});
    dom0.bindVirq(4, () => {});
    expect(waits()).toBe(1);
    old.close();
    expect(waits()).toBe(1);
    dom0.unbind(3);
    expect(waits()).toBe(1);
    dom0.unbind(4);
    expect(waits()).toBe(0);
  });

  it("leaves its successor's waits alone also when it had waited itself", () => {
    const hypervisor = world.boot();
    const old = hypervisor.dom0(5);
    old.bindVirq(3, () => {});
    const second = world.adopt(Hypervisor.join(hypervisor.handle()));
    hypervisor.reap(5);
    const dom0 = second.dom0(6);
    const memory = new Memory(hypervisor);
    // What the last dom0 left behind is forgotten.
    expect(memory.control(layout.CTL_WAITING_AT)).toBe(0);
    dom0.bindVirq(4, () => {});
    const before = memory.control(layout.CTL_WAITING_AT);
    old.close();
    expect(memory.control(layout.CTL_WAITING_AT)).toBe(before);
  });

  it("does not take VIRQs from its successor", async () => {
    const { old, dom0, hypervisor } = deposed();
    const mine: number[] = [];
    dom0.bindVirq(3, () => mine.push(1));
    expect(() => old.bindVirq(3, () => {})).toThrow(code("not-dom0"));
    hypervisor.attach({ current: false });
    for (let i = 0; i < 200 && mine.length === 0; i++) await sleep(5);
    expect(mine.length).toBeGreaterThan(0);
  });
});
