// Threads that die, hang or block: what they published is read, nobody else notices, and their CPU
// has a next owner (I8, I12).

import { describe, expect, it } from "vitest";
import type { Dom0, Hypervisor, Trace } from "../../src/index.js";
import { LoadCheck } from "../lib/load.js";
import { cpuInfo, decode, drained, fieldsOf, lostOf, stillOf } from "../lib/records.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();

function start(mode: "discard" | "overwrite" = "discard") {
  const hypervisor = world.boot({ cpus: 4 });
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("load", { events: "load", mode, subbufBytes: 4096 });
  trace.start();
  return { hypervisor, dom0, trace };
}

describe("a thread that is told to join while a trace is active", () => {
  it.each(["discard", "overwrite"] as const)(
    "is recorded from its first record on, %s",
    async (mode) => {
      const { hypervisor, dom0, trace } = start(mode);
      const thread = await world.spawn(hypervisor, "thread-load", { data: { limit: 100 } });
      await until("100 records", () => thread.attempts === 100);
      await thread.stop();
      const records = fieldsOf(decode(dom0, drained(trace)), "load");
      expect(records.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 100 }, (_, i) => i + 1),
      );
    },
  );
});

describe("a thread in an endless loop", () => {
  it.each(["spin", "block"])("is read to its last record (%s)", async (after) => {
    const { hypervisor, dom0, trace } = start();
    const thread = await world.spawn(hypervisor, "thread-load", { data: { limit: 300, after } });
    await until("300 records", () => thread.attempts === 300);
    await sleep(5);
    const check = new LoadCheck(dom0);
    trace.drain(check.packet);
    expect(check.of(thread.cpu)).toMatchObject({ records: 300, last: 300, missing: 0 });
    expect(thread.over).toBe(false);
  });

  it.each(["spin", "block"])(
    "keeps frames in quarantine until it is reaped (%s, I9)",
    async (after) => {
      const { hypervisor, dom0, trace } = start();
      const thread = await world.spawn(hypervisor, "thread-load", { data: { limit: 300, after } });
      await until("300 records", () => thread.attempts === 300);
      await sleep(5);
      const before = hypervisor.frames().free;
      trace.destroy();
      expect(await dom0.settled(50)).toBe(false);
      expect(hypervisor.frames().free).toBe(before);
      await thread.terminate();
      expect(thread.reap()).toBe(1);
      expect(await dom0.settled(5000)).toBe(true);
      // One control frame, one ring frame, four data frames.
      expect(hypervisor.frames().free).toBe(before + 6);
    },
  );

  it("does not keep dom0 from its other work (I10)", async () => {
    const { hypervisor, dom0, trace } = start();
    const data = { limit: 10, after: "spin" };
    const thread = await world.spawn(hypervisor, "thread-load", { data });
    await until("10 records", () => thread.attempts === 10);
    await sleep(5);
    trace.stop();
    expect(await trace.stopped(20)).toBe(false);
    for (let i = 0; i < 20; i++) dom0.createTrace("again").destroy();
    expect(trace.info().active).toBe(false);
  });
});

/** A victim is killed at a random moment, a bystander goes on. */
async function killed(
  { hypervisor, dom0, trace }: { hypervisor: Hypervisor; dom0: Dom0; trace: Trace },
  rounds: number,
  reading: boolean,
) {
  const bystander = await world.spawn(hypervisor, "thread-load");
  const check = new LoadCheck(dom0);
  let attempts = 0;
  let died = 0;
  let cpu = -1;
  for (let round = 0; round < rounds; round++) {
    const victim = await world.spawn(hypervisor, "thread-load");
    if (round > 0) expect(victim.cpu, "the slot's next owner").toBe(cpu);
    cpu = victim.cpu;
    const end = performance.now() + Math.random() * 40;
    while (performance.now() < end) {
      if (reading) trace.drain(check.packet);
      await sleep(1);
    }
    await victim.terminate();
    trace.drain(check.packet);
    attempts += victim.attempts;
    died++;
    const info = cpuInfo(trace, cpu);
    expect(stillOf(info), "I12: all that was published is read").toBe(0);
    // The call in which it died has published its record or has not.
    expect(info.taken + lostOf(info)).toBeLessThanOrEqual(attempts);
    expect(info.taken + lostOf(info)).toBeGreaterThanOrEqual(attempts - died);
    const stream = check.of(cpu);
    expect(stream.records).toBe(info.taken);
    expect(victim.reap()).toBe(1);
    // The next owner counts from 1 again, but time goes on (I8): `end` stays.
    stream.last = 0;
  }
  await bystander.stop();
  trace.drain(check.packet);
  const info = cpuInfo(trace, bystander.cpu);
  expect(info.taken + lostOf(info), "I7 of the bystander").toBe(bystander.attempts);
  expect(check.of(bystander.cpu).records).toBe(info.taken);
  expect(trace.info().corrupt).toEqual([]);
}

describe("a thread that is terminated while it records", () => {
  it.each(["discard", "overwrite"] as const)(
    "leaves what it published, its slot, and the others undisturbed, %s (I8, I12)",
    (mode) => killed(start(mode), 8, true),
  );

  it.each(["discard", "overwrite"] as const)(
    "leaves what it published when nobody has read meanwhile, %s (I12)",
    (mode) => killed(start(mode), 4, false),
  );

  it("is read by a snapshot as well", async () => {
    const { hypervisor, dom0, trace } = start("overwrite");
    const thread = await world.spawn(hypervisor, "thread-load");
    await sleep(20);
    await thread.terminate();
    const check = new LoadCheck(dom0);
    for (const packet of trace.snapshot()) check.packet(packet);
    expect(check.of(thread.cpu).last).toBeGreaterThanOrEqual(thread.attempts - 1);
    expect(check.of(thread.cpu).records).toBe(stillOf(cpuInfo(trace, thread.cpu)));
  });

  it("holds its CPU until it is reaped, and no longer", async () => {
    const { hypervisor } = start();
    const first = await world.spawn(hypervisor, "thread-load", { data: { limit: 1 } });
    await first.terminate();
    const second = await world.spawn(hypervisor, "thread-load", { data: { limit: 1 } });
    expect(second.cpu).not.toBe(first.cpu);
    expect(first.reap()).toBe(1);
    expect(first.reap()).toBe(0);
    const third = await world.spawn(hypervisor, "thread-load", { data: { limit: 1 } });
    expect(third.cpu).toBe(first.cpu);
  });
});
