// A hypervisor whose threads are instances in this one thread: one runs at a time, and any of them can
// be stopped, or die, before any access to the shared memory.

import * as layout from "../../assembly/public/layout.js";
import * as ops from "../../assembly/public/ops.js";
import { type WasmMemory, wasm } from "../../src/memory/wasm.js";
import { Memory } from "./memory.js";
import { SteppedCore } from "./stepper.js";

const PAGE_FRAMES = 65536 / layout.FRAME_BYTES;
const IMAGE = layout.HYPERCALL_AT + ops.TBC_TRACE_AT;
const encoder = new TextEncoder();

/** What a trace is created with; the sizes in bytes. */
export interface TraceShape {
  readonly subbufBytes: number;
  readonly subbufCount: number;
  readonly overwrite?: boolean;
  /** A bit a CPU; all of them by default. */
  readonly cpus?: number;
}

export interface FacilityShape {
  readonly name: string;
  readonly bytes: number;
  readonly events: number;
}

export class SteppedHypervisor {
  readonly memory: Memory;
  readonly #memory: WasmMemory;

  constructor(frames = 192, cpus = 6) {
    const pages = Math.ceil(frames / PAGE_FRAMES);
    this.#memory = new wasm.Memory({ initial: pages, maximum: pages, shared: true });
    this.memory = new Memory(this.#memory.buffer as unknown as SharedArrayBuffer);
    if (new SteppedCore(this.#memory).core.boot(frames, cpus)) throw new Error("boot failed");
  }

  thread(tid: number): SteppedThread {
    return new SteppedThread(tid, new SteppedCore(this.#memory), this.memory);
  }
}

/** What one thread does; each of these is one call into the hypervisor. */
export class SteppedThread {
  readonly tid: number;
  readonly stepped: SteppedCore;
  readonly #memory: Memory;

  constructor(tid: number, stepped: SteppedCore, memory: Memory) {
    this.tid = tid;
    this.stepped = stepped;
    this.#memory = memory;
  }

  join(): number {
    return this.stepped.core.cpu_join(this.tid, this.tid, 0);
  }

  claim(): number {
    return this.stepped.core.dom0_claim(this.tid);
  }

  /** An operation on a trace that exists (OP_). */
  control(op: number, name: string): number {
    this.#name(name);
    return this.stepped.core.tb_control(op);
  }

  create(name: string, { subbufBytes, subbufCount, overwrite, cpus = -1 }: TraceShape): number {
    const { words, bytes } = this.#memory;
    bytes.fill(0, IMAGE, IMAGE + layout.TRACE_BYTES);
    words[(IMAGE + layout.TRACE_SUBBUF_BYTES_AT) / 4] = subbufBytes;
    words[(IMAGE + layout.TRACE_SUBBUF_COUNT_AT) / 4] = subbufCount;
    words[(IMAGE + layout.TRACE_MODE_AT) / 4] = overwrite
      ? layout.MODE_OVERWRITE
      : layout.MODE_DISCARD;
    words[(IMAGE + layout.TRACE_CPU_SET_AT) / 4] = cpus;
    // Of the first 64 events the even ones.
    bytes.fill(0x55, IMAGE + layout.TRACE_EVENT_SET_AT, IMAGE + layout.TRACE_EVENT_SET_AT + 8);
    return this.control(ops.OP_CREATE, name);
  }

  /** Gives back the first sub-buffer that dom0 has not read. */
  consume(name: string, cpu: number): number {
    const { words, longs } = this.#memory;
    words[(layout.HYPERCALL_AT + ops.TBC_CPU_AT) / 4] = cpu;
    if (this.control(ops.OP_GET_INFO, name)) return 1;
    longs[(layout.HYPERCALL_AT + ops.TBC_OLD_AT) / 8] =
      longs[(layout.HYPERCALL_AT + ops.TBC_CONSUMED_AT) / 8] ?? 0n;
    longs[(layout.HYPERCALL_AT + ops.TBC_UNTIL_AT) / 8] = 0n;
    return this.control(ops.OP_CONSUME, name);
  }

  /** Registers a facility whose definition is made of its name. @returns its first event or -1 */
  facility({ name, bytes, events }: FacilityShape): number {
    const { core } = this.stepped;
    const at = core.cpu_scratch_at();
    if (at === 0) return -1;
    this.#memory.bytes.fill(name.charCodeAt(0), at, at + bytes);
    this.#memory.bytes.set(encoder.encode(name), at);
    return core.facility_register(name.length, bytes, events);
  }

  #name(name: string): void {
    const { words, bytes } = this.#memory;
    words[(IMAGE + layout.TRACE_NAME_BYTES_AT) / 4] = name.length;
    bytes.set(encoder.encode(name), IMAGE + layout.TRACE_NAME_AT);
  }
}
