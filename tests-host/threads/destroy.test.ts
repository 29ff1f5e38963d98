// Destroying traces under three threads at full speed: their frames come back, once nobody can
// write to them any more, and not before (I9).

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import type { Hypervisor } from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { cpuInfo } from "../lib/records.js";
import type { Thread } from "../lib/thread.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();
const { FRAME_BYTES } = layout;
const POISON = 0xa5;

/**
 * Fills frames that were freed, and looks later whether anybody has written to them. Frames that
 * were never handed out stay alone: the hypervisor knows that they are zero and does not zero them.
 */
class Poison {
  readonly #memory: Memory;
  readonly #expected: Uint8Array = new Uint8Array(FRAME_BYTES).fill(POISON);
  /** By frame: how often it had been freed when it was filled. */
  readonly #poisoned = new Map<number, number>();

  constructor(hypervisor: Hypervisor) {
    this.#memory = new Memory(hypervisor);
  }

  /** Fills the free frames that are not filled yet. */
  spread(): number {
    for (const mfn of this.#memory.freeFrames()) {
      const freed = this.#freed(mfn);
      if (freed === 0 || this.#poisoned.get(mfn) === freed) continue;
      this.#bytes(mfn).fill(POISON);
      this.#poisoned.set(mfn, freed);
    }
    return this.#poisoned.size;
  }

  /** Frames that are free, were filled, and hold something else by now. Must be none. */
  written(): number[] {
    const found: number[] = [];
    for (const [mfn, freed] of this.#poisoned) {
      // Handed out since: zeroed then, and written to by its owner.
      if (this.#memory.owner(mfn) !== 0 || this.#freed(mfn) !== freed) this.#poisoned.delete(mfn);
      else if (Buffer.compare(this.#bytes(mfn), this.#expected) !== 0) found.push(mfn);
    }
    return found;
  }

  #freed(mfn: number): number {
    return this.#memory.frame(mfn, layout.FRAME_SHARE_AT) >>> 1;
  }

  #bytes(mfn: number): Uint8Array {
    return this.#memory.bytes.subarray(mfn * FRAME_BYTES, (mfn + 1) * FRAME_BYTES);
  }
}

/** Frames of the buffers of a trace that hold anything. */
function dirtyFrames(memory: Memory, dataMfn: number, count: number): number[] {
  const zero = new Uint8Array(FRAME_BYTES);
  return Array.from({ length: count }, (_, i) => dataMfn + i).filter((mfn) => {
    const bytes = memory.bytes.subarray(mfn * FRAME_BYTES, (mfn + 1) * FRAME_BYTES);
    return Buffer.compare(bytes, zero) !== 0;
  });
}

async function threeWriters(hypervisor: Hypervisor, data = {}): Promise<Thread[]> {
  const threads: Thread[] = [];
  for (let i = 0; i < 3; i++) {
    threads.push(await world.spawn(hypervisor, "thread-load", { data }));
  }
  return threads;
}

describe("destroy, under three threads at full speed", () => {
  it.each([
    ["that never return to their loops", {}],
    ["that return to their loops", { batch: 200 }],
  ])(
    "gives all frames back and lets nobody write to them, threads %s (I9)",
    async (_name, data) => {
      const hypervisor = world.boot({ cpus: 4 });
      const dom0 = hypervisor.dom0();
      const threads = await threeWriters(hypervisor, data);
      const memory = new Memory(hypervisor);
      const poison = new Poison(hypervisor);
      const before = hypervisor.frames().free;
      for (let round = 0; round < 100; round++) {
        const options = { subbufBytes: 4096 << (round % 3), subbufCount: 2 + 2 * (round % 2) };
        const mode = round % 2 ? "discard" : "overwrite";
        const trace = dom0.createTrace("round", { ...options, mode });
        for (const { dataMfn } of trace.info().cpus) {
          const frames = (options.subbufBytes * options.subbufCount) / FRAME_BYTES;
          expect(dirtyFrames(memory, dataMfn, frames), "I9: zeroed").toEqual([]);
        }
        trace.start();
        await sleep(round % 4);
        if (round % 3 === 0) trace.drain(() => {});
        trace.destroy();
        expect(await dom0.settled(5000)).toBe(true);
        expect(hypervisor.frames().free).toBe(before);
        expect(poison.written(), "I9: written while free").toEqual([]);
        expect(poison.spread()).toBeGreaterThan(0);
      }
      await Promise.all(threads.map((thread) => thread.stop()));
      expect(poison.written(), "I9: written while free").toEqual([]);
      for (const thread of threads) expect(thread.attempts).toBeGreaterThan(1000);
    },
  );

  it("leaves other traces of the same threads exact (I7)", async () => {
    const hypervisor = world.boot({ cpus: 4 });
    const dom0 = hypervisor.dom0();
    const kept = dom0.createTrace("kept", { events: "load", subbufBytes: 1024 });
    kept.start();
    const threads = await threeWriters(hypervisor);
    for (let round = 0; round < 30; round++) {
      const trace = dom0.createTrace("round", { mode: "overwrite", subbufBytes: 1024 });
      trace.start();
      kept.drain(() => {});
      trace.destroy();
      await dom0.settled(5000);
    }
    await Promise.all(threads.map((thread) => thread.stop()));
    for (const { cpu, attempts } of threads) {
      const info = cpuInfo(kept, cpu);
      expect(info.records + info.discardedFull, "I7").toBe(attempts);
    }
  });

  it("keeps frames that dom0 has mapped from their next use (I9)", async () => {
    const hypervisor = world.boot({ cpus: 4 });
    const dom0 = hypervisor.dom0();
    const threads = await threeWriters(hypervisor);
    const before = hypervisor.frames().free;
    const trace = dom0.createTrace("mapped", { subbufBytes: 4096 });
    const [info] = trace.info().cpus;
    if (!info) throw new Error("no buffer");
    const mapping = dom0.mapForeignRange(info.dataMfn, 4);
    const { bytes } = mapping;
    trace.start();
    await until("a record", () => (trace.info().cpus[0]?.records ?? 0) > 0);
    trace.destroy();
    expect(await dom0.settled(5000)).toBe(true);
    expect(hypervisor.frames().free).toBe(before - 4);
    const copy = bytes.slice();
    for (let round = 0; round < 5; round++) {
      const other = dom0.createTrace("other", { subbufBytes: 4096 });
      other.start();
      await sleep(2);
      expect(other.info().cpus.map(({ dataMfn }) => dataMfn)).not.toContain(info.dataMfn);
      other.destroy();
      expect(await dom0.settled(5000)).toBe(true);
    }
    expect(bytes).toEqual(copy);
    expect(mapping.valid).toBe(false);
    mapping.unmap();
    expect(hypervisor.frames().free).toBe(before);
    await Promise.all(threads.map((thread) => thread.stop()));
  });
});

describe("stopped", () => {
  it("tells that no thread writes any more", async () => {
    const hypervisor = world.boot({ cpus: 4 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("a", { mode: "overwrite", subbufBytes: 4096 });
    trace.start();
    await threeWriters(hypervisor);
    for (let round = 0; round < 20; round++) {
      trace.start();
      await sleep(2);
      trace.stop();
      expect(await trace.stopped(5000)).toBe(true);
      const offsets = () => trace.info().cpus.map(({ offset }) => offset);
      const before = offsets();
      await sleep(1);
      expect(offsets()).toEqual(before);
    }
  });
});
