// Scribbling on shared memory, and reading a trace of it: what may come of that, and what may not.

import fc from "fast-check";
import { expect } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import {
  bytes,
  type Cpu,
  type Dom0,
  facility,
  field,
  Hypervisor,
  type Packet,
  type Trace,
  TraceError,
  type TraceMode,
  u32,
} from "../../src/index.js";
import { LoadCheck, loadOf } from "./load.js";
import { Memory } from "./memory.js";
import { cpuInfo, keep, withHeader } from "./records.js";
import type { World } from "./world.js";

export const SUBBUF_BYTES = 256;
export const SUBBUF_COUNT = 4;
/** The CPU whose memory is scribbled on. */
export const VICTIM = 1;

// As fixtures/thread-kit.mjs has it.
facility("load", {
  tick: [field("sequence", u32), field("check", u32)],
  blob: [field("sequence", u32), field("data", bytes)],
});

/** A word to be written: where in an area, and what. */
export interface Scribble {
  readonly at: number;
  readonly value: number;
}

const nasty = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 4, 63, 64, 255, 256, 1024, 4096, 0x7fffffff),
  fc.constantFrom(0x80000000, 0xffffffff, 0xfffffffc, 0xfffff000, 0x100000, 8192),
  fc.nat(4096),
  fc.integer().map((value) => value >>> 0),
);

/** Words of an area of so many bytes; `favourites` are hit as often as all the others together. */
export function scribbles(bytes: number, favourites: readonly number[] = []) {
  const anywhere = fc.nat(bytes / 4 - 1).map((word) => word * 4);
  const at = favourites.length ? fc.oneof(fc.constantFrom(...favourites), anywhere) : anywhere;
  return fc.array(fc.record({ at, value: nasty }), { minLength: 1, maxLength: 6 });
}

/** Three CPUs of this thread, each of which has recorded, and a trace of all of them. */
export class Victim {
  readonly hypervisor: Hypervisor;
  readonly dom0: Dom0;
  readonly trace: Trace;
  readonly memory: Memory;
  readonly check: LoadCheck;
  readonly attempts: number[] = [0, 0, 0];
  readonly #cpus: readonly Cpu[];
  readonly #tick: number;

  constructor(world: World, mode: TraceMode) {
    world.scribbled();
    this.hypervisor = world.boot({ cpus: 3, memoryBytes: 1 << 20 });
    this.memory = new Memory(this.hypervisor);
    this.dom0 = this.hypervisor.dom0();
    const options = { events: "load", mode, subbufBytes: SUBBUF_BYTES, subbufCount: SUBBUF_COUNT };
    this.trace = this.dom0.createTrace("load", options);
    this.trace.start();
    const handle = this.hypervisor.handle();
    // The first one registers the facility. Not dom0's own instance: it would know the definition,
    // and not read what is scribbled on.
    Hypervisor.join(handle).attach().detach();
    this.#cpus = [0, 1, 2].map(() => Hypervisor.join(handle).attach({ current: false }));
    this.#tick = loadOf(this.dom0).tick;
    this.check = new LoadCheck(this.dom0);
  }

  /** Records on one CPU. */
  record(cpu: number, count: number): void {
    const { core, now } = (this.#cpus[cpu] as Cpu).binding;
    for (let i = 0; i < count; i++) {
      const sequence = ((this.attempts[cpu] ?? 0) + 1) >>> 0;
      this.attempts[cpu] = sequence;
      core.record2(this.#tick, now(), sequence, ~sequence);
    }
  }

  /** Address of the victim's ring, and of its data. */
  get ring(): number {
    return this.memory.word(this.traceFrame + layout.TRACE_DIRECTORY_AT + 4 * VICTIM);
  }

  get data(): number {
    return this.memory.word(this.ring + layout.RING_DATA_AT);
  }

  /** Where the data of a CPU were before the first scribble. */
  dataOf(cpu: number): number {
    return this.#dataFrames[cpu] ?? 0;
  }

  get traceFrame(): number {
    return this.memory.traces()[0] ?? 0;
  }

  scribble(base: number, all: readonly Scribble[]): void {
    for (const { at, value } of all) Atomics.store(this.memory.words, (base + at) / 4, value);
  }

  /** All ways of reading, each of which may throw TraceError and nothing else. */
  async read(): Promise<void> {
    const take = (packet: Packet) => this.#take(packet);
    tolerated(() => this.trace.info());
    tolerated(() => this.trace.snapshot().forEach(look));
    tolerated(() => this.trace.drain(take));
    tolerated(() => this.dom0.facilities());
    try {
      const abort = AbortSignal.timeout(4);
      for await (const packet of this.trace.packets({ signal: abort, pollMs: 1 })) take(packet);
    } catch (error) {
      expect(error).toBeInstanceOf(TraceError);
    }
    tolerated(() => this.trace.drain(take, { partial: false }));
    tolerated(() => this.trace.info());
  }

  /** The other CPUs have lost nothing and go on to work (I10). */
  expectOthersExact(): void {
    for (const cpu of [0, 2]) {
      const info = cpuInfo(this.trace, cpu);
      const stream = this.check.of(cpu);
      const lost = info.discardedFull + info.overwritten;
      expect([cpu, info.taken + lost], "I7").toEqual([cpu, this.attempts[cpu]]);
      expect([cpu, stream.records]).toEqual([cpu, info.taken]);
    }
  }

  #take(packet: Packet): void {
    look(packet);
    const shared = packet.bytes.buffer === this.memory.buffer;
    if (shared) {
      // In discard mode a view, which lies in the buffer of its CPU.
      const mfns = this.#dataFrames;
      const { byteOffset, length } = packet.bytes;
      const begin = mfns[packet.cpu] ?? 0;
      expect(byteOffset).toBeGreaterThanOrEqual(begin);
      expect(byteOffset + length).toBeLessThanOrEqual(begin + SUBBUF_BYTES * SUBBUF_COUNT);
    }
    if (packet.cpu !== VICTIM) this.check.packet(keep(packet));
    else this.check.of(VICTIM);
  }

  /** Addresses of the buffers, from before anything was scribbled. */
  #dataFrames: number[] = [];

  /** To be called before the first scribble. */
  remember(): this {
    const { cpus } = this.trace.info();
    this.#dataFrames = cpus.map(({ dataMfn }) => dataMfn * layout.FRAME_BYTES);
    return this;
  }
}

/** What every packet must be, whatever the memory holds. */
function look(packet: Packet): void {
  const { cpu, records, bytes: data, begin, end } = packet;
  expect(cpu).toBeOneOf([0, 1, 2]);
  expect(records).toBeGreaterThan(0);
  expect(records).toBeLessThanOrEqual(data.length / layout.RECORD_HEADER_BYTES);
  expect(data.length).toBeGreaterThan(0);
  expect(data.length).toBeLessThanOrEqual(SUBBUF_BYTES);
  expect(end >= begin).toBe(true);
  // It can be written: no number of it is refused.
  withHeader(packet);
}

/** Calls, and lets nothing through but TraceError. */
export function tolerated(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
  }
}
