// Two hypervisors that are driven alike, one by each writer, and compared byte by byte: all of their
// memory, nothing left out. Records go to the binding's functions with times that the test makes up.

import { expect } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { Privcmd } from "../../src/host/privcmd.js";
import { type Cpu, Hypervisor, type TraceMode } from "../../src/index.js";
import { leavesBehind } from "./resources.js";
import { writers } from "./writers.js";

export type Writer = keyof typeof writers;
type Binding = Cpu["binding"];

/** CPUs of a machine: so many instances of this one thread. */
export const CPUS = 2;
/** What `performance.now()` would have read at time 0: not a whole number, so that it matters. */
export const ORIGIN_MS = 5.3;
const TIDS = 100;
const EPOCH = (layout.CONTROL_AT + layout.CTL_EPOCH_AT) / 4;
const WAITING = (layout.CONTROL_AT + layout.CTL_WAITING_AT) / 4;
const COARSE = (layout.CONTROL_AT + layout.CTL_COARSE_AT) / 8;

/** A hypervisor of several CPUs, the first of which is dom0 as well. */
export class Machine {
  readonly views: Binding["views"];
  /** The instance that is dom0. */
  readonly core: Binding["core"];
  readonly privcmd: Privcmd;
  /** The CPUs as tracepoints would see them; one that has left stays. */
  readonly bindings: Binding[];
  readonly #hypervisors: Hypervisor[];
  readonly #memory: Buffer;

  constructor(writer: Writer, memoryBytes = 1 << 19) {
    leavesBehind("words of a machine are set by the test, and its dom0 is the bare core");
    const booted = Hypervisor.boot({ memoryBytes, cpus: CPUS });
    // The same clock for both machines.
    const clock = { timeOriginMs: performance.timeOrigin, bootMs: ORIGIN_MS, wallNs: 0n };
    const handle = { ...booted.handle(), clock };
    this.#memory = Buffer.from(handle.memory.buffer);
    this.#hypervisors = Array.from({ length: CPUS }, () => Hypervisor.join(handle));
    this.bindings = [];
    for (let cpu = 0; cpu < CPUS; cpu++) this.join(cpu, writer);
    const { core, views } = this.binding(0);
    this.core = core;
    this.views = views;
    expect(core.dom0_claim(TIDS)).toBe(0);
    this.privcmd = new Privcmd({ core, views, mayRecord: () => false }, () => {});
  }

  binding(cpu: number): Binding {
    return this.bindings[cpu] as Binding;
  }

  /** Joins, after it has left if it is there. */
  join(cpu: number, writer: Writer): void {
    this.leave(cpu);
    const hypervisor = this.#hypervisors[cpu] as Hypervisor;
    const joined = hypervisor.attach({ current: false, tid: TIDS + cpu, writer: writers[writer] });
    this.bindings[cpu] = joined.binding;
  }

  leave(cpu: number): void {
    this.#hypervisors[cpu]?.cpu?.detach();
  }

  word(at: number): number {
    return this.views.data.getUint32(at, true);
  }

  long(at: number): bigint {
    return this.views.data.getBigUint64(at, true);
  }

  create(name: string, mode: TraceMode, subbufBytes: number, subbufCount: number, events = [255]) {
    const cpuSet = new Uint8Array(32).fill(255);
    const eventSet = Uint8Array.from({ length: 512 }, (_, i) => events[i % events.length] ?? 0);
    const arguments_ = { name, mode, subbufBytes, subbufCount, cpuSet, eventSet, pattern: "" };
    return this.privcmd.create(arguments_);
  }

  /** Address of a ring, 0 when there is none. */
  ring(name: string, cpu: number): number {
    const info = this.privcmd.getCpuInfo(name, cpu);
    return typeof info === "object" ? info.ringMfn * layout.FRAME_BYTES : 0;
  }

  /** Sets an empty ring to a position, as tests-wasm/machine.ts, startAt, does. */
  startAt(ring: number, position: bigint, records: bigint): void {
    const { data } = this.views;
    const bytes = this.word(ring + layout.RING_SUBBUF_BYTES_AT);
    const count = this.word(ring + layout.RING_SUBBUF_COUNT_AT);
    for (let back = count - 1; back >= 0; back--) {
      const begin = position - BigInt(back * bytes);
      const index = Number((begin / BigInt(bytes)) % BigInt(count));
      const entry = ring + layout.RING_SUBBUFS_AT + index * layout.SUBBUF_ENTRY_BYTES;
      data.setBigUint64(entry + layout.SUBBUF_BEGIN_AT, begin, true);
      data.setBigUint64(entry + layout.SUBBUF_RECORDS_AT, records, true);
      data.setUint32(entry + layout.SUBBUF_CONTENT_END_AT, bytes, true);
    }
    data.setBigUint64(ring + layout.RING_OFFSET_AT, position, true);
    data.setBigUint64(ring + layout.RING_CONSUMED_AT, position, true);
    data.setBigUint64(ring + layout.RING_TALLY_AT, position & 0xffffffffn, true);
    data.setBigUint64(ring + layout.RING_TAKEN_AT, records, true);
  }

  /** dom0 begins (1) or ends (-1) a wait for the upcall word. */
  waits(change: number): void {
    Atomics.add(this.views.words, WAITING, change);
  }

  /** What keeps the coarse time fresh writes to it. */
  setCoarse(nanoseconds: bigint): void {
    Atomics.store(this.views.longs, COARSE, nanoseconds);
  }

  /** A copy of all memory. */
  image(): Buffer {
    return Buffer.from(Uint8Array.from(this.#memory).buffer);
  }

  /** Throws where the two memories differ, naming the first word that does. */
  expectSame(other: Machine, what: string): void {
    if (this.#memory.equals(other.#memory)) return;
    const at = this.#memory.findIndex((byte, i) => byte !== other.#memory[i]) & ~3;
    const words = [this, other].map((machine) => machine.word(at).toString(16));
    const frame = at - (at % layout.FRAME_BYTES);
    throw new Error(`${what}: word ${at - frame} of the frame at ${frame}: ${words.join(" / ")}`);
  }

  /** To be called when done with it, or what waits for the next epoch keeps the memory. */
  close(): void {
    try {
      for (const hypervisor of this.#hypervisors) hypervisor.close();
    } finally {
      Atomics.notify(this.views.words, EPOCH);
    }
  }
}

/** Calls the record function of as many words. */
export function recordWords(
  { core }: Binding,
  event: number,
  now: number,
  words: readonly number[],
) {
  const { record0, record1, record2, record3, record4, record5, record6, record7 } = core;
  const all = [record0, record1, record2, record3, record4, record5, record6, record7];
  const call = all[words.length] as (event: number, now: number, ...words: number[]) => void;
  call(event, now, ...words);
}

/**
 * Records `count` payloads of `bytes` from the scratch area, which is filled with something that
 * depends on `seed`.
 */
export function recordScratch(
  binding: Binding,
  event: number,
  now: number,
  bytes: number,
  count: number,
  seed: number,
) {
  const { core, views } = binding;
  const scratch = core.cpu_scratch_at();
  const wanted = (bytes >>> 0) * (count >>> 0) + 3 * (count >>> 0);
  const filled = scratch === 0 ? 0 : Math.min(wanted, layout.SCRATCH_BYTES);
  for (let i = 0; i < filled; i++) views.bytes[scratch + i] = (seed + i * 37) & 255;
  core.record(event, now, bytes, count);
}
