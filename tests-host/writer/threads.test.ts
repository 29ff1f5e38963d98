// Threads with either writer at full speed in one trace, dom0 reading meanwhile: what was attempted
// is accounted for to the last record (I7), and all that is read is whole and in order (I3, I8).

import { describe, expect, it } from "vitest";
import type { Writer } from "../../src/index.js";
import { LoadCheck } from "../lib/load.js";
import { cpuInfo, lostOf, stillOf } from "../lib/records.js";
import type { Thread } from "../lib/thread.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();
const RUN_MS = 500;
const WRITERS = ["js", "wasm"] as const;

const shapes = [
  { subbufBytes: 256, subbufCount: 2 },
  { subbufBytes: 4096, subbufCount: 4 },
  { subbufBytes: 262144, subbufCount: 8 },
];
const modes = ["discard", "overwrite"] as const;
const cases = modes.flatMap((mode) => shapes.map((shape) => ({ mode, ...shape })));

describe("what is no writer", () => {
  it.each(["js", null, {}])("is refused, and no CPU taken: %j", (writer) => {
    const hypervisor = world.boot({ cpus: 1 });
    const refused = () => hypervisor.attach({ writer: writer as unknown as Writer });
    expect(refused).toThrow(/attach: writer must be `jsWriter` of tbuf\/js-writer, got/);
    expect(hypervisor.attach().index).toBe(0);
  });
});

describe("a thread with each writer, in one trace", () => {
  it.each(cases)("is accounted for: $mode, $subbufCount of $subbufBytes bytes", async (options) => {
    const hypervisor = world.boot({ memoryBytes: 32 << 20, cpus: 3 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("load", { events: "load", ...options });
    trace.start();
    const threads: Thread[] = [];
    for (const writer of WRITERS) {
      threads.push(await world.spawn(hypervisor, "writer-load", { data: { writer } }));
    }
    const check = new LoadCheck(dom0);
    const end = performance.now() + RUN_MS;
    while (performance.now() < end) {
      trace.drain(check.packet);
      await sleep(1);
    }
    await Promise.all(threads.map((thread) => thread.stop()));
    for (const drained of [false, true]) {
      if (drained) trace.drain(check.packet);
      for (const thread of threads) {
        const info = cpuInfo(trace, thread.cpu);
        const stream = check.of(thread.cpu);
        expect(thread.attempts).toBeGreaterThan(1000);
        expect(info.taken + stillOf(info) + lostOf(info), "I7").toBe(thread.attempts);
        expect(info.records + info.discardedFull + info.discardedBig).toBe(thread.attempts);
        expect(stream.records).toBe(info.taken);
        expect(info.discardedBig).toBe(0);
        if (options.mode === "discard") expect(info.overwritten).toBe(0);
        else expect(info.discardedFull).toBeLessThan(thread.attempts / 100);
        if (!drained) continue;
        expect(stillOf(info)).toBe(0);
        expect(stream.missing + thread.attempts - stream.last).toBe(lostOf(info));
        expect(stream.discarded).toBe(lostOf(info));
      }
    }
    expect(trace.info().corrupt).toEqual([]);
  });
});

describe("a thread with the writer in JavaScript", () => {
  it.each(modes)("leaves what it published when it is killed, %s mode", async (mode) => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("load", { events: "load", mode, subbufBytes: 1024 });
    trace.start();
    let check: LoadCheck | undefined;
    let before = 0;
    for (let life = 0; life < 8; life++) {
      // Each takes over from the other.
      const writer = WRITERS[life % 2];
      const thread = await world.spawn(hypervisor, "writer-load", { data: { writer } });
      check ??= new LoadCheck(dom0);
      await sleep(20 + Math.random() * 20);
      await thread.kill();
      const info = cpuInfo(trace, thread.cpu);
      const done = info.records + info.discardedFull;
      // It may have died in a call that it had begun.
      expect(thread.attempts - (done - before)).toBeOneOf([0, 1]);
      before = done;
      trace.drain(check.packet);
      expect(stillOf(cpuInfo(trace, thread.cpu))).toBe(0);
      // The next owner of the slot counts from 1 again.
      check.of(thread.cpu).last = 0;
    }
    expect(trace.info().corrupt).toEqual([]);
  });

  it("answers dom0 when it never returns to its loop", async () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    dom0.createTrace("kept", { events: "load", mode: "overwrite" }).start();
    const data = { writer: "js" };
    const thread = await world.spawn(hypervisor, "writer-load", { data });
    await until("it records", () => thread.attempts > 1000);
    for (let round = 0; round < 5; round++) {
      const trace = dom0.createTrace(`t${round}`, { events: "load", mode: "discard" });
      trace.start();
      await sleep(5);
      trace.destroy();
      expect(await dom0.settled(5000)).toBe(true);
    }
    expect(await thread.stop()).toBe(0);
  });
});
