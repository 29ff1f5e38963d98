// Threads that record in batches at full speed, with either writer: what was attempted is accounted
// for to the last record (I7), also where they are killed, and each batch appears at once (I3).

import { describe, expect, it } from "vitest";
import {
  CPU_RINGS_AT,
  CPUS_AT,
  FRAME_BYTES,
  RING_BATCH_AT,
  RING_OFFSET_AT,
  RING_TALLY_AT,
} from "../../assembly/public/layout.js";
import {
  bytes,
  facility,
  field,
  type Hypervisor,
  type Packet,
  type TraceMode,
  u32,
} from "../../src/index.js";
import { LoadCheck, loadOf } from "../lib/load.js";
import { cpuInfo, lostOf, stillOf } from "../lib/records.js";
import type { Thread } from "../lib/thread.js";
import { sleep, until, useWorld } from "../lib/world.js";
import { Machine, recordScratch } from "../lib/writer-twin.js";

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

function firstSequence({ bytes }: Packet): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
}

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

describe("the Wasm writer", () => {
  it("that dies between the tally and the offset of a batch has written nothing of it (I12)", () => {
    const machine = new Machine("wasm");
    machine.create("t", "discard", 256, 4);
    machine.privcmd.start("t");
    const record = (count: number, seed: number) =>
      recordScratch(machine.binding(0), 1, 10, 8, count, seed);
    record(2, 1);
    // Of all stores of a record call, the publication alone asks for an address that is a multiple
    // of 8: at a ring that lies askew, the writer gets as far as that, and no further.
    const ring = machine.ring("t", 0);
    const askew = machine.views.bytes.length - 2 * FRAME_BYTES + 4;
    const pointer = CPUS_AT + CPU_RINGS_AT;
    expect(machine.word(pointer)).toBe(ring);
    machine.views.bytes.copyWithin(askew, ring, ring + FRAME_BYTES);
    machine.views.data.setUint32(pointer, askew, true);
    expect(() => record(5, 2)).toThrow(/unaligned/);
    machine.views.bytes.copyWithin(ring, askew, askew + FRAME_BYTES);
    machine.views.bytes.fill(0, askew, askew + FRAME_BYTES);
    machine.views.data.setUint32(pointer, ring, true);

    expect(machine.long(ring + RING_OFFSET_AT)).toBe(32n);
    expect(machine.long(ring + RING_TALLY_AT)).toBe((7n << 32n) | 112n);
    expect(machine.word(ring + RING_BATCH_AT)).toBe(4);
    expect(machine.privcmd.getCpuInfo("t", 0)).toMatchObject({ records: 2, offset: 32 });
    machine.join(0, "wasm");
    expect(machine.long(ring + RING_TALLY_AT)).toBe((2n << 32n) | 32n);
    expect(machine.word(ring + RING_BATCH_AT)).toBe(0);
    record(3, 3);
    expect(machine.privcmd.getCpuInfo("t", 0)).toMatchObject({ records: 5, offset: 80 });
    machine.close();
  });
});

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
      let discarded = 0;
      const take = (packet: Packet): void => {
        // All discards lie between two sub-buffers, and each has taken its payload with it: the first
        // record is the one behind them, also where that is in the middle of a batch.
        const first = firstSequence(packet);
        const before = check.of(packet.cpu).records;
        if (options.mode === "discard") expect(first - 1 - before).toBe(discarded);
        discarded = packet.discarded;
        check.packet(packet);
      };
      const end = performance.now() + RUN_MS;
      while (performance.now() < end) {
        trace.drain(take, { partial: false });
        await sleep(1);
      }
      await thread.stop();
      trace.drain(take);
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
