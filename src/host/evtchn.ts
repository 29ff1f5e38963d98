// Event channels as dom0 sees them: handlers for VIRQs, waiting for the upcall word, and polling
// where waiting is impossible, or for what a thread that died could no longer announce.

import { CONTROL_AT, CTL_UPCALL_AT, CTL_VIRQ_PORT_AT } from "../../assembly/public/layout.js";
import { VIRQS_MAX } from "../../assembly/public/ops.js";
import type { CoreExports } from "../core.js";
import { hypercallError } from "../errors.js";
import { controlWord, type MemoryViews } from "../memory.js";

export { VIRQ_DOM_EXC, VIRQ_TBUF } from "../../assembly/public/ops.js";

/** Milliseconds between two looks at the pending ports; the same figure as xentrace's. */
export const POLL_SLEEP_MILLIS = 100;

export type VirqHandler = () => void;

export interface EvtchnOptions {
  /** Milliseconds between two polls. Default POLL_SLEEP_MILLIS. */
  readonly pollMs?: number;
  /** True: bound handlers keep the process alive. Default true. */
  readonly ref?: boolean;
  /** False: polling only, as in a runtime without Atomics.waitAsync. For tests. */
  readonly wait?: boolean;
}

export class EventChannels {
  readonly #core: CoreExports;
  readonly #views: MemoryViews;
  /** By port. */
  readonly #handlers = new Map<number, { virq: number; handler: VirqHandler }>();
  readonly #pollMs: number;
  readonly #ref: boolean;
  readonly #canWait: boolean;
  #poll: ReturnType<typeof setInterval> | undefined;
  #waits = false;

  constructor(core: CoreExports, views: MemoryViews, options: EvtchnOptions = {}) {
    this.#core = core;
    this.#views = views;
    this.#pollMs = options.pollMs ?? POLL_SLEEP_MILLIS;
    this.#ref = options.ref ?? true;
    this.#canWait = (options.wait ?? true) && typeof Atomics.waitAsync === "function";
  }

  /**
   * Calls `handler` when the VIRQ is raised; several raises may come as one call. What the VIRQ
   * announces is visible by then, and a raise during the call leads to another call (I11).
   * @returns the port. Throws TraceError `virq` when it is bound already or does not exist.
   */
  bindVirq(virq: number, handler: VirqHandler): number {
    const port = this.#core.bind(virq);
    if (port < 0) throw hypercallError("bindVirq", this.#core.reason(), { virq, limit: VIRQS_MAX });
    this.#handlers.set(port, { virq, handler });
    if (this.#handlers.size === 1) this.#open();
    return port;
  }

  /** Throws TraceError `virq` when it is not bound. */
  unbind(virq: number): void {
    const port =
      Atomics.load(this.#views.words, (CONTROL_AT + CTL_VIRQ_PORT_AT) / 4 + (virq >>> 0)) - 1;
    if (this.#core.unbind(virq)) {
      throw hypercallError("unbind", this.#core.reason(), { virq });
    }
    this.#handlers.delete(port);
    if (this.#handlers.size === 0) this.close();
  }

  /** Holds a port's calls back; it stays pending meanwhile. Throws TraceError `port`. */
  mask(port: number): void {
    if (this.#core.mask(port)) throw hypercallError("mask", this.#core.reason(), { port });
  }

  /** Lets a port's calls through again, at once if it is pending. Throws TraceError `port`. */
  unmask(port: number): void {
    if (this.#core.unmask(port)) throw hypercallError("unmask", this.#core.reason(), { port });
  }

  /** Unbinds everything. May be called twice. */
  close(): void {
    for (const [, { virq }] of this.#handlers) this.#core.unbind(virq);
    this.#handlers.clear();
    if (this.#poll === undefined) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
    if (this.#canWait) this.#core.waiting(-1);
  }

  #open(): void {
    // The interval also keeps the process alive: a pending Atomics.waitAsync does not.
    this.#poll = setInterval(() => this.#dispatch(), this.#pollMs);
    if (!this.#ref) (this.#poll as { unref?: () => void }).unref?.();
    if (!this.#canWait) return;
    // Pairs with upcall in evtchn.ts of the hypervisor: `waiting` first, then the look at the word.
    this.#core.waiting(1);
    this.#wait();
  }

  #wait(): void {
    if (this.#waits || this.#poll === undefined) return;
    this.#waits = true;
    const { async, value } = Atomics.waitAsync(this.#views.words, controlWord(CTL_UPCALL_AT), 0);
    const woken = (): void => {
      this.#waits = false;
      if (this.#poll === undefined) return;
      this.#dispatch();
      this.#wait();
    };
    if (async) value.then(woken);
    // A turn of the event loop, so that upcalls without end cannot starve timers.
    else setTimeout(woken, 0);
  }

  #dispatch(): void {
    const ready = this.#core.take();
    for (let rest = ready; rest !== 0; rest &= rest - 1) {
      const port = 31 - Math.clz32(rest & -rest);
      const bound = this.#handlers.get(port);
      if (bound) callHandler(bound.handler);
    }
  }
}

/** A handler that throws must not keep the other ports from their calls. */
function callHandler(handler: VirqHandler): void {
  try {
    handler();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
