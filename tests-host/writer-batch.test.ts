// Threads that record in batches at full speed, with either writer: what was attempted is accounted
// for to the last record (I7), also where they are killed, and each batch appears at once (I3).

import { describe, expect, it } from "vitest";
import { FRAME_BYTES, RING_OFFSET_AT } from "../assembly/public/layout.js";
import { bytes, facility, field, type Hypervisor, type TraceMode, u32 } from "../src/index.js";
import { LoadCheck, loadOf } from "./lib/load.js";
import { cpuInfo, lostOf, stillOf } from "./lib/records.js";
import type { Thread } from "./lib/thread.js";
import { sleep, until, useWorld } from "./lib/world.js";

const world = useWorld();
const RUN_MS = 300;
const RECORD_BYTES = 16;

// As fixtures/thread-kit.mjs has it.
facility("load", {
  tick: [field("sequence", u32), field("check", u32)],
  blob: [field("sequence", u32), field("data", bytes)],
});

function boot() {
  const hypervisor = world.boot({ memoryBytes: 16 << 20, cpus: 2 });
  const dom0 = hypervisor.dom0();
  // Registers the facility.
  hypervisor.attach().detach();
  return { hypervisor, dom0, event: loadOf(dom0).tick };
}

const spawn = (hypervisor: Hypervisor, writer: string, batch: number, event: number) =>
  world.spawn(hypervisor, "writer-batch", { data: { writer, batch, event } });

const modes: TraceMode[] = ["discard", "overwrite"];
const writers = ["wasm", "js"];
const shapes = [
  { batch: 7, subbufBytes: 256, subbufCount: 2 },
  { batch: 40, subbufBytes: 256, subbufCount: 4 },
  { batch: 16, subbufBytes: 65536, subbufCount: 8 },
];
const cases = writers.flatMap((writer) =>
  modes.flatMap((mode) => shapes.map((shape) => ({ writer, mode, ...shape }))),
);

describe("a thread that records in batches", () => {
  it.each(cases)(
    "is accounted for: $writer, $mode, $batch in $subbufCount of $subbufBytes bytes",
    async (options) => {
      const { writer, batch, ...shape } = options;
      const { hypervisor, dom0, event } = boot();
      const trace = dom0.createTrace("load", { events: "load", ...shape });
      trace.start();
      const thread = await spawn(hypervisor, writer, batch, event);
      const check = new LoadCheck(dom0);
      const end = performance.now() + RUN_MS;
      while (performance.now() < end) {
        trace.drain(check.packet);
        await sleep(1);
      }
      await thread.stop();
      trace.drain(check.packet);
      const info = cpuInfo(trace, thread.cpu);
      const stream = check.of(thread.cpu);
      expect(thread.attempts).toBeGreaterThan(1000);
      expect(info.taken + lostOf(info), "I7").toBe(thread.attempts);
      expect(info.records + info.discardedFull).toBe(thread.attempts);
      expect(info.discardedBig).toBe(0);
      expect(stillOf(info)).toBe(0);
      expect(stream.records).toBe(info.taken);
      expect(stream.missing + thread.attempts - stream.last).toBe(lostOf(info));
      expect(trace.info().corrupt).toEqual([]);
    },
  );

  it.each(modes)("leaves exact counts wherever it is killed, %s mode", async (mode) => {
    const { hypervisor, dom0, event } = boot();
    const trace = dom0.createTrace("load", { events: "load", mode, subbufBytes: 1024 });
    trace.start();
    const batch = 100;
    let check = new LoadCheck(dom0);
    let before = 0;
    for (let life = 0; life < 10; life++) {
      const thread: Thread = await spawn(hypervisor, writers[life % 2] ?? "", batch, event);
      await sleep(10 + Math.random() * 20);
      await thread.terminate();
      // As it was left, and as the slot is handed on.
      const left = cpuInfo(trace, thread.cpu);
      thread.reap();
      const info = cpuInfo(trace, thread.cpu);
      expect(info).toEqual(left);
      const done = info.records + info.discardedFull;
      // It may have died in a batch that it had begun.
      expect(thread.attempts - (done - before)).toBeGreaterThanOrEqual(0);
      expect(thread.attempts - (done - before)).toBeLessThanOrEqual(batch);
      before = done;
      const stream = check.of(thread.cpu);
      const taken = info.taken;
      trace.drain(check.packet);
      const after = cpuInfo(trace, thread.cpu);
      expect(stillOf(after)).toBe(0);
      expect(stream.records, "what is there is what is counted").toBe(after.taken - taken);
      // The next owner of the slot counts from 1 again.
      check = new LoadCheck(dom0);
    }
    expect(trace.info().corrupt).toEqual([]);
  });

  it.each(writers)(
    "is seen with whole batches, or as much as a sub-buffer holds: %s",
    async (writer) => {
      const { hypervisor, dom0, event } = boot();
      const options = {
        events: "load",
        mode: "overwrite",
        subbufBytes: 1024,
        subbufCount: 8,
      } as const;
      const trace = dom0.createTrace("load", options);
      trace.start();
      const batch = 12;
      const thread = await spawn(hypervisor, writer, batch, event);
      await until("it records", () => thread.attempts > 1000);
      const { ringMfn } = cpuInfo(trace, thread.cpu);
      const longs = new BigUint64Array(hypervisor.handle().memory.buffer);
      const at = (ringMfn * FRAME_BYTES + RING_OFFSET_AT) / 8;
      // A record never ends where its sub-buffer ends.
      const most = 1024 / RECORD_BYTES - 1;
      const seen = new Set<number>();
      await until("many positions", () => {
        for (let i = 0; i < 5000; i++) seen.add(Number(Atomics.load(longs, at)));
        return seen.size >= 300;
      });
      await thread.stop();
      const parts = [...seen].filter((offset) => {
        const inSubbuf = (offset % 1024) / RECORD_BYTES;
        const records = Math.floor(offset / 1024) * most + inSubbuf;
        return records % batch !== 0 && inSubbuf !== 0 && inSubbuf !== most;
      });
      expect(parts).toEqual([]);
    },
  );
});
