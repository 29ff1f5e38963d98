// A hypervisor's shared memory as a test reads it and scribbles on it: by the public layout only.

import * as layout from "../../assembly/public/layout.js";
import type { Hypervisor } from "../../src/index.js";

/** A closed or open sub-buffer's entry. */
export interface SubbufEntry {
  readonly begin: number;
  readonly records: number;
  readonly contentEnd: number;
}

export class Memory {
  readonly buffer: SharedArrayBuffer;
  readonly words: Uint32Array;
  readonly longs: BigUint64Array;
  readonly bytes: Uint8Array;

  constructor(source: Hypervisor | SharedArrayBuffer) {
    this.buffer = source instanceof SharedArrayBuffer ? source : source.views.buffer;
    this.words = new Uint32Array(this.buffer);
    this.longs = new BigUint64Array(this.buffer);
    this.bytes = new Uint8Array(this.buffer);
  }

  word(at: number): number {
    return Atomics.load(this.words, at / 4);
  }

  long(at: number): number {
    return Number(Atomics.load(this.longs, at / 8));
  }

  control(at: number): number {
    return this.word(layout.CONTROL_AT + at);
  }

  /** A word of the frame table. */
  frame(mfn: number, at: number): number {
    const table = this.control(layout.CTL_FRAME_TABLE_AT);
    return this.word(table + mfn * layout.FRAME_ENTRY_BYTES + at);
  }

  owner(mfn: number): number {
    return this.frame(mfn, layout.FRAME_OWNER_AT);
  }

  get frames(): number {
    return this.control(layout.CTL_FRAMES_AT);
  }

  get firstFrame(): number {
    return this.control(layout.CTL_FIRST_FRAME_AT);
  }

  get cpus(): number {
    return this.control(layout.CTL_CPUS_AT);
  }

  /** A word of a CPU's block. */
  cpu(cpu: number, at: number): number {
    return this.word(layout.CPUS_AT + cpu * layout.CPU_BLOCK_BYTES + at);
  }

  /** Addresses of the control frames of all traces, those in quarantine last. */
  traces(): number[] {
    return [layout.CTL_TRACES_AT, layout.CTL_DYING_AT].flatMap((table) =>
      Array.from({ length: layout.TRACES_MAX }, (_, i) => this.control(table + i * 4)).filter(
        (at) => at !== 0,
      ),
    );
  }

  /** How often the run that starts at this frame is mapped. */
  mappings(mfn: number): number {
    return this.frame(mfn, layout.FRAME_COUNT_AT) & ~layout.FRAME_OWNED;
  }

  /** Whether its owner still has a reference to the run that starts at this frame. */
  owned(mfn: number): boolean {
    return (this.frame(mfn, layout.FRAME_COUNT_AT) & layout.FRAME_OWNED) !== 0;
  }

  /** Addresses of the rings of a trace. */
  rings(trace: number): number[] {
    return Array.from({ length: layout.CPUS_MAX }, (_, cpu) =>
      this.word(trace + layout.TRACE_DIRECTORY_AT + cpu * 4),
    ).filter((at) => at !== 0);
  }

  entry(ring: number, index: number): SubbufEntry {
    const at = ring + layout.RING_SUBBUFS_AT + index * layout.SUBBUF_ENTRY_BYTES;
    return {
      begin: this.long(at + layout.SUBBUF_BEGIN_AT),
      records: this.long(at + layout.SUBBUF_RECORDS_AT),
      contentEnd: this.word(at + layout.SUBBUF_CONTENT_END_AT),
    };
  }

  /** On how many events dom0 has its attention bit raised. */
  attention(): number {
    const bit = 2 ** layout.ENABLED_ATTENTION_BIT;
    const begin = layout.ENABLED_AT / 4;
    return this.words.subarray(begin, begin + layout.EVENTS_MAX).filter((word) => word >= bit)
      .length;
  }

  /** Names of the traces that exist. */
  names(): string[] {
    return Array.from({ length: layout.TRACES_MAX }, (_, i) =>
      this.control(layout.CTL_TRACES_AT + i * 4),
    ).flatMap((at) => {
      if (at === 0) return [];
      const name = at + layout.TRACE_NAME_AT;
      // A copy: text decoders refuse shared memory.
      const bytes = this.bytes.slice(name, name + this.word(at + layout.TRACE_NAME_BYTES_AT));
      return [new TextDecoder().decode(bytes)];
    });
  }

  /** How many destroyed traces are in quarantine. */
  quarantined(): number {
    return Array.from({ length: layout.TRACES_MAX }, (_, i) =>
      this.control(layout.CTL_DYING_AT + i * 4),
    ).filter((at) => at !== 0).length;
  }

  freeFrames(): number[] {
    const free: number[] = [];
    for (let mfn = this.firstFrame; mfn < this.frames; mfn++) {
      if (this.owner(mfn) === 0) free.push(mfn);
    }
    return free;
  }

  /** Whether a frame is of the run that some slot has for its texts of labels. */
  #isOfLabels(mfn: number): boolean {
    return Array.from({ length: this.cpus }, (_, cpu) => this.cpu(cpu, layout.CPU_LABELS_AT)).some(
      (at) => {
        const first = at / layout.FRAME_BYTES;
        const order = this.frame(first, layout.FRAME_RUN_AT) - 1;
        return at !== 0 && mfn >= first && mfn < first + 2 ** order;
      },
    );
  }

  /** Owners of the frames that are neither free nor the hypervisor's, each with its count; but for texts of labels. */
  owners(): Map<number, number> {
    const owners = new Map<number, number>();
    for (let mfn = this.firstFrame; mfn < this.frames; mfn++) {
      const owner = this.owner(mfn);
      if (owner === layout.OWNER_LABELS && this.#isOfLabels(mfn)) continue;
      if (owner > layout.OWNER_XEN) owners.set(owner, (owners.get(owner) ?? 0) + 1);
    }
    return owners;
  }
}
