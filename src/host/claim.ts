// Being dom0: what a thread holds from the moment it becomes dom0 to the moment it ceases to be. Both walk
// the hypervisor's tables: where those were overwritten, the claim is given up all the same, or no thread
// could be dom0 any more.

import type { ClockBase, Origin } from "../clock/clock.js";
import type { Cpu } from "../cpu/cpu.js";
import { currentBinding } from "../cpu/current.js";
import { badOption, hypercallError, TraceError } from "../errors.js";
import { DOM0_WORD, DOM0S_WORD } from "../memory/control-page.js";
import type { CoreExports } from "../memory/core.js";
import type { MemoryViews } from "../memory/views.js";
import { type Hypercalls, hypercallsOf } from "./hypercalls.js";

/** Highest number of a thread: the hypervisor notes it plus 1, in 32 bits. */
const TID_MAX = 0xfffffffe;
/** Milliseconds by which another thread's clock may be ahead of this one's. */
const CLOCK_SLACK_MS = 60_000;

/** What dom0 must know of its thread. */
export interface Dom0Thread {
  readonly tid: number;
  readonly clock: ClockBase;
  /** The thread's CPU, if it is one. */
  readonly cpu: () => Cpu | undefined;
  readonly origin: () => Origin;
}

export class Claim {
  readonly core: Hypercalls;
  readonly views: MemoryViews;
  readonly thread: Dom0Thread;
  #closed = false;

  /** Throws TraceError `dom0-taken`, `bad-option`, or `corrupt`. */
  constructor(exports: CoreExports, views: MemoryViews, thread: Dom0Thread) {
    const { tid } = thread;
    if (!Number.isInteger(tid) || tid < 0 || tid > TID_MAX) {
      throw badOption("dom0", "tid", `an integer from 0 to ${TID_MAX}`, tid);
    }
    this.core = hypercallsOf(exports);
    this.views = views;
    this.thread = thread;
    if (this.#orGiveUp(() => this.core.dom0_claim(tid))) {
      throw hypercallError("dom0", this.core.reason(), { tid });
    }
  }

  /** True for the first dom0 since boot: nobody before it can have left anything to do. */
  get first(): boolean {
    return Atomics.load(this.views.words, DOM0S_WORD) === 1;
  }

  /** True once this thread is dom0 no more by this claim; it may be by another one. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Throws TraceError `closed` once it is. */
  checkOpen(what: string): void {
    if (this.#closed) throw new TraceError("closed", `${what}: this dom0 was closed`);
  }

  /** dom0's own operations are recorded on its own CPU, and on no other hypervisor's. */
  mayRecord(): boolean {
    const binding = this.thread.cpu()?.binding;
    return binding !== undefined && currentBinding() === binding;
  }

  /**
   * A time that no thread's record is after, in nanoseconds since boot: this thread's, and what clocks may
   * differ by.
   */
  latest(): bigint {
    const nowMs = performance.now() - this.thread.origin().ms + CLOCK_SLACK_MS;
    return BigInt(Math.max(0, Math.floor(nowMs * 1e6)));
  }

  /** From here on it is closed. `resign` is still to be called. */
  close(): void {
    this.#closed = true;
  }

  /** This thread is dom0 no more. Throws TraceError `corrupt`. */
  resign(): void {
    this.#orGiveUp(() => this.core.dom0_resign());
  }

  #orGiveUp<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const mine = (this.thread.tid + 1) | 0;
      Atomics.compareExchange(this.views.words, DOM0_WORD, mine, 0);
      throw error;
    }
  }
}
