// Event channels as dom0 sees them: handlers for VIRQs and for ports that any thread may notify, waiting for
// the upcall word, and polling where waiting is impossible, or for what a thread that died could no longer
// announce.

import { VIRQS_MAX } from "../../assembly/public/layout.js";
import { PORTS_MAX, REASON_NOT_DOM0, REASON_PORT, REASON_VIRQ } from "../../assembly/public/ops.js";
import { keepAlive } from "../clock/unref.js";
import { hypercallError } from "../errors.js";
import { UPCALL_WORD, virqWord, WAITING_WORD } from "../memory/control-page.js";
import type { MemoryViews } from "../memory/views.js";
import type { Claim } from "./claim.js";
import type { Hypercalls } from "./hypercalls.js";

export { VIRQ_DOM_EXC, VIRQ_TBUF } from "../../assembly/public/ops.js";

/** Milliseconds between two looks at the pending ports; the same figure as xentrace's. */
export const POLL_SLEEP_MILLIS = 100;

/** What is called when a VIRQ is raised. */
export type VirqHandler = () => void;
/** What is called when a port is notified. */
export type EvtchnHandler = () => void;

export interface EvtchnOptions {
  /** Milliseconds between two polls. Default POLL_SLEEP_MILLIS. */
  readonly pollMs?: number;
  /** False: a handler of `bindVirq` or `bindEvtchn` does not keep the process alive. Default true. */
  readonly ref?: boolean;
  /** False: polling only, as in a runtime without Atomics.waitAsync. For tests. */
  readonly wait?: boolean;
}

interface Bound {
  /** Undefined: a port that was allocated. */
  readonly virq: number | undefined;
  /** The handler of `bindVirq` or `bindEvtchn`. */
  handler: VirqHandler | undefined;
  /** Those of `listen`. */
  readonly listeners: Set<VirqHandler>;
}

export class EventChannels {
  readonly #core: Hypercalls;
  readonly #views: MemoryViews;
  readonly #byPort = new Map<number, Bound>();
  readonly #pollMs: number;
  readonly #ref: boolean;
  readonly #canWait: boolean;
  #poll: ReturnType<typeof setInterval> | undefined;
  #waits = false;

  constructor({ core, views }: Claim, options: EvtchnOptions = {}) {
    this.#core = core;
    this.#views = views;
    this.#pollMs = options.pollMs ?? POLL_SLEEP_MILLIS;
    this.#ref = options.ref ?? true;
    this.#canWait = (options.wait ?? true) && views.canWait;
  }

  /**
   * Calls `handler` when the VIRQ is raised; several raises may come as one call. What the VIRQ
   * announces is visible by then, and a raise during the call leads to another call (I11).
   * @returns the port. Throws TraceError `virq` when it has a handler already or does not exist.
   */
  bindVirq(virq: number, handler: VirqHandler): number {
    const known = this.#portOf(virq);
    if (known && this.#byPort.get(known - 1)?.handler) {
      throw hypercallError("bindVirq", REASON_VIRQ, { virq });
    }
    const [port, bound] = this.#bind("bindVirq", virq);
    bound.handler = handler;
    this.#keepAlive();
    return port;
  }

  /** Takes the handler of `bindVirq` away. Throws TraceError `virq` when there is none. */
  unbind(virq: number): void {
    const bound = this.#byPort.get(this.#portOf(virq) - 1);
    if (!bound?.handler) {
      const reason = this.#core.dom0_held() ? REASON_VIRQ : REASON_NOT_DOM0;
      throw hypercallError("unbind", reason, { virq });
    }
    bound.handler = undefined;
    this.#release(bound);
  }

  /**
   * Calls `handler` too when the VIRQ is raised, beside others, without keeping the process alive.
   * @returns what ends that
   */
  listen(virq: number, handler: VirqHandler): () => void {
    const [, bound] = this.#bind("listen", virq);
    bound.listeners.add(handler);
    return () => {
      if (bound.listeners.delete(handler)) this.#release(bound);
    };
  }

  /** Holds a port's calls back; it stays pending meanwhile. Throws TraceError `port`. */
  mask(port: number): void {
    if (this.#core.evtchn_mask(asU32(port), true))
      throw hypercallError("mask", this.#core.reason(), { port });
  }

  /** Lets a port's calls through again, at once if it is pending. Throws TraceError `port`. */
  unmask(port: number): void {
    if (this.#core.evtchn_mask(asU32(port), false))
      throw hypercallError("unmask", this.#core.reason(), { port });
  }

  /**
   * Allocates a port by which any thread can notify this one: `Member.notify`. What is notified before
   * `bindEvtchn` is kept.
   * @returns the port, 24 to 31. Throws TraceError `ports-full`.
   */
  alloc(): number {
    const port = this.#core.evtchn_alloc();
    if (port < 0) {
      const limit = PORTS_MAX - VIRQS_MAX;
      throw hypercallError("allocEvtchn", this.#core.reason(), { limit });
    }
    this.#byPort.set(port, { virq: undefined, handler: undefined, listeners: new Set() });
    this.#start();
    return port;
  }

  /**
   * Calls `handler` when the port is notified; several notifications may come as one call. What the
   * notifying thread wrote before is visible by then, and a notification during the call leads to another
   * call (I11). Unmasks the port. Throws TraceError `port` when it is not allocated, or has a handler.
   */
  bindEvtchn(port: number, handler: EvtchnHandler): void {
    const bound = this.#allocated("bindEvtchn", port);
    if (bound.handler) throw hypercallError("bindEvtchn: it has a handler", REASON_PORT, { port });
    bound.handler = handler;
    this.#keepAlive();
    this.unmask(port);
  }

  /** Gives an allocated port back; its handler is called no more. Throws TraceError `port`. */
  closeEvtchn(port: number): void {
    this.#allocated("closeEvtchn", port);
    this.#byPort.delete(port);
    this.#core.evtchn_close(port);
    this.#rest();
  }

  /** Unbinds everything, and closes the ports that are allocated. May be called twice. */
  close(): void {
    for (const [port, { virq }] of this.#byPort) {
      if (virq === undefined) this.#core.evtchn_close(port);
      else this.#core.evtchn_unbind(virq);
    }
    this.#byPort.clear();
    this.#stop();
  }

  #allocated(what: string, port: number): Bound {
    const bound = this.#byPort.get(port);
    if (bound && bound.virq === undefined) return bound;
    const reason = this.#core.dom0_held() ? REASON_PORT : REASON_NOT_DOM0;
    throw hypercallError(what, reason, { port });
  }

  /** The VIRQ's port + 1, as the control page has it: 0 when it is not bound. */
  #portOf(virq: number): number {
    if (!(virq >>> 0 === virq && virq < VIRQS_MAX)) return 0;
    return Atomics.load(this.#views.words, virqWord(virq));
  }

  #bind(what: string, virq: number): [port: number, bound: Bound] {
    const known = this.#portOf(virq) - 1;
    const present = this.#byPort.get(known);
    if (present) return [known, present];
    const port = this.#core.evtchn_bind(asU32(virq));
    if (port < 0) throw hypercallError(what, this.#core.reason(), { virq, limit: VIRQS_MAX });
    const bound: Bound = { virq, handler: undefined, listeners: new Set() };
    this.#byPort.set(port, bound);
    this.#start();
    return [port, bound];
  }

  #release(bound: Bound): void {
    const { virq = VIRQS_MAX, handler, listeners } = bound;
    const port = this.#portOf(virq) - 1;
    if (!handler && listeners.size === 0 && this.#byPort.get(port) === bound) {
      this.#byPort.delete(port);
      this.#core.evtchn_unbind(virq);
    }
    this.#rest();
  }

  /** Stops when nothing is bound any more. */
  #rest(): void {
    if (this.#byPort.size === 0) this.#stop();
    else this.#keepAlive();
  }

  #start(): void {
    if (this.#poll !== undefined) return;
    // The interval can also keep the process alive, which a pending Atomics.waitAsync does not.
    this.#poll = setInterval(() => this.#dispatch(), this.#pollMs);
    this.#keepAlive();
    if (!this.#canWait) return;
    // Pairs with upcall in evtchn.ts of the hypervisor: `waiting` first, then the look at the word.
    this.#waiting(1);
    this.#wait();
  }

  #stop(): void {
    if (this.#poll === undefined) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
    if (!this.#canWait) return;
    this.#waiting(-1);
    // Ends the wait, which would keep this object and the memory for ever.
    Atomics.notify(this.#views.words, UPCALL_WORD);
  }

  /** Says that dom0 is about to wait (1) or has stopped waiting (-1). */
  #waiting(change: number): void {
    if (this.#core.dom0_held()) Atomics.add(this.#views.words, WAITING_WORD, change);
  }

  /** The process is kept alive while a handler of `bindVirq` or `bindEvtchn` is there, if it shall be. */
  #keepAlive(): void {
    const wanted = this.#ref && [...this.#byPort.values()].some(({ handler }) => handler);
    keepAlive(this.#poll, wanted);
  }

  #wait(): void {
    if (this.#waits || this.#poll === undefined) return;
    this.#waits = true;
    const { async, value } = Atomics.waitAsync(this.#views.words, UPCALL_WORD, 0);
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
    const ready = this.#core.evtchn_take();
    for (let rest = ready; rest !== 0; rest &= rest - 1) {
      const port = 31 - Math.clz32(rest & -rest);
      const bound = this.#byPort.get(port);
      if (!bound) continue;
      if (bound.handler) callHandler(bound.handler);
      for (const listener of [...bound.listeners]) callHandler(listener);
    }
  }
}

/** What is no u32 would reach the hypervisor as another number: 1.5 as 1, 2^32 as 0. */
function asU32(value: number): number {
  return value >>> 0 === value ? value : 0xffffffff;
}

/** A handler that throws must not keep the other ports from their calls. */
function callHandler(handler: VirqHandler | EvtchnHandler): void {
  try {
    handler();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
