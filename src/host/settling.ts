// Seeing to it that what a stop or a destroy began comes to its end: every thread has passed a quiescent
// point, and the memory of destroyed traces is free.

import { unref } from "../clock/unref.js";
import type { Claim } from "./claim.js";
import { tolerant } from "./tolerant.js";

/** Milliseconds between two looks at whether all threads have passed a quiescent point. */
const SETTLE_MS = 1;
const SETTLE_MS_MAX = 100;

export class Settling {
  readonly #claim: Claim;
  #underWay = false;

  constructor(claim: Claim) {
    this.#claim = claim;
  }

  /** See `Dom0.settle`. */
  settle(): boolean {
    this.#claim.checkOpen("settle");
    return this.#claim.core.trace_settle() === 1;
  }

  /** See `Dom0.settled`. */
  async settled(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (!this.settle()) {
      // Also when `timeoutMs` is not a number.
      if (!(performance.now() < end)) return false;
      await new Promise<void>((resolve) => {
        setTimeout(resolve, SETTLE_MS);
      });
    }
    return true;
  }

  /** Settles at once, and soon what cannot be yet: as a rule nothing, and the first timer of a program costs 0.5 ms. */
  now(): void {
    if (!tolerant(() => this.settle())) this.soon();
  }

  /**
   * Settles until that is done, without keeping the process alive: while threads have not answered,
   * disabled tracepoints cost them a call now and then. Where memory is corrupt it gives up without a
   * word: nobody could catch an error of a timer. The next call that settles tells it.
   */
  soon(pauseMs = SETTLE_MS): void {
    if (this.#underWay) return;
    this.#underWay = true;
    const timer = setTimeout(() => {
      this.#underWay = false;
      if (this.#claim.closed || tolerant(() => this.settle())) return;
      this.soon(Math.min(2 * pauseMs, SETTLE_MS_MAX));
    }, pauseMs);
    unref(timer);
  }
}
