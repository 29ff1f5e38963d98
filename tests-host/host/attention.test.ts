// Attention, bit 31 of the enabled words, makes every disabled tracepoint cost a call. Whoever raised
// it lowers it: no dom0 that has closed or died leaves it raised, and a new dom0 settles what the one
// before it left in quarantine.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { Hypervisor } from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { freshDir, record } from "../lib/record.js";
import { until, useWorld } from "../lib/world.js";

const world = useWorld();

function start() {
  const hypervisor = world.boot({ cpus: 4, memoryBytes: 1 << 20 });
  // A CPU that does not answer while this test does not return to its event loop.
  const other = Hypervisor.join(hypervisor.handle());
  other.attach({ current: false });
  const memory = new Memory(hypervisor);
  return { hypervisor, other, memory };
}

describe("attention", () => {
  it("is lowered by a dom0 that closes right after a stop", () => {
    const { hypervisor, memory } = start();
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("a");
    trace.start();
    trace.stop();
    expect(memory.attention()).toBe(layout.EVENTS_MAX);
    dom0.close();
    expect(memory.attention()).toBe(0);
  });

  it("is lowered in time after a stop by the seed's operations", async () => {
    const { hypervisor, memory } = start();
    const { ops } = hypervisor.dom0();
    ops.create("a", 4096);
    ops.start("a");
    ops.stop("a");
    await until("attention is lowered", () => memory.attention() === 0);
    ops.destroy("a");
    await until("attention is lowered again", () => memory.attention() === 0);
    await until("the quarantine is empty", () => memory.quarantined() === 0);
  });

  it("is lowered by the next dom0, which settles what it finds in quarantine (I9)", async () => {
    const { hypervisor, memory } = start();
    const free = hypervisor.frames().free;
    hypervisor.dom0().createTrace("a").destroy();
    expect(memory.quarantined()).toBe(1);
    hypervisor.close();
    expect([memory.attention(), memory.quarantined()]).toEqual([0, 1]);
    hypervisor.dom0();
    await until("the quarantine is empty", () => memory.quarantined() === 0);
    expect(hypervisor.frames().free).toBe(free);
    await until("attention is lowered", () => memory.attention() === 0);
  });

  it("is lowered by who reaps a dom0 that has died", () => {
    const { hypervisor, other, memory } = start();
    const trace = other.dom0(77).createTrace("a");
    trace.start();
    trace.stop();
    expect(hypervisor.reap(77)).toBe(0);
    expect(memory.attention()).toBe(0);
  });

  it("is not left raised by a recording that ends before its program", async () => {
    // The program is busy from before the end of the recording until after it, and answers nothing.
    const args = ["-T", "1", "-e", "core"];
    const { code, stdout } = await record(freshDir(), "record-attention.mjs", args);
    expect([code, stdout]).toEqual([0, "raised 0\n"]);
  });
});
