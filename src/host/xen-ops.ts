// The seed's operations with the seed's answers: 0 success, 1 failure. A thin face over the same
// hypercalls as the typed one; `reason()` tells what a 1 meant.

import { explain } from "../errors.js";
import type { CpuInfo } from "../memory/hypercall-page.js";
import type { Dom0Context } from "./context.js";
import type { Privcmd, TraceControlInfo } from "./privcmd.js";

/** Sub-buffers into which `create` divides its size. */
const SUBBUFS = 4;
const EVERYTHING = 0xff;

export class SeedOps {
  readonly #context: Dom0Context;
  /** Why the last operation was refused, where that was not by the hypervisor. */
  #refused: string | undefined;

  /** Made by `Dom0`. */
  constructor(context: Dom0Context) {
    this.#context = context;
  }

  /** For the next operation: why the last one was refused here is forgotten. */
  get #privcmd(): Privcmd {
    this.#refused = undefined;
    return this.#context.privcmd;
  }

  /** @param size bytes of each CPU's buffer, a power of two from 256: four sub-buffers */
  create(name: string, size: number): number {
    return this.#privcmd.create({
      name,
      subbufBytes: size / SUBBUFS,
      subbufCount: SUBBUFS,
      mode: "discard",
      cpuSet: new Uint8Array(32).fill(EVERYTHING),
      eventSet: new Uint8Array(512).fill(EVERYTHING),
      pattern: "",
    });
  }

  destroy(name: string): number {
    return this.#settling(this.#privcmd.destroy(name));
  }

  start(name: string): number {
    return this.#privcmd.start(name);
  }

  stop(name: string): number {
    return this.#settling(this.#privcmd.stop(name));
  }

  /**
   * Gives the sub-buffer that begins at `old` back to the writer of `cpu`.
   * @param old the consumed count that the reader had from get_info
   * @returns 1 when it was pushed, when `old` is not the consumed count, when the writer has not left
   * that sub-buffer yet, or while a loop over the trace's packets, or `drain`, holds a view of that CPU's
   */
  consume(name: string, cpu: number, old: number): number {
    if (this.#context.traces.find(name)?.consumer?.lends(cpu)) {
      this.#refused = "a packet of that CPU is still being read";
      return 1;
    }
    return this.#privcmd.consume(name, cpu, old, 0, 0);
  }

  /** A fresh copy of the control information, with each CPU's counts; 1: failure. */
  getInfo(name: string, cpu?: number): TraceControlInfo | CpuInfo | undefined | number {
    return cpu === undefined ? this.#privcmd.getInfo(name) : this.#privcmd.getCpuInfo(name, cpu);
  }

  /** Why the last operation of this thread returned 1, in words. */
  reason(): string {
    return this.#refused ?? explain(this.#context.privcmd.reason()).words;
  }

  #settling(result: number): number {
    // What stop and destroy ask the threads for.
    if (result === 0) this.#context.settling.soon();
    return result;
  }
}
