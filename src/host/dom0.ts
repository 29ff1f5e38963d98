/// <reference lib="esnext.disposable" preserve="true" />
// dom0: the one thread that controls and reads. Its two faces are over the same hypercalls: the
// seed's operations (`ops`) and the typed ones (`createTrace` and what it returns).

import type { ClockBase, CpuClock } from "../clock/clock.js";
import { makeDisposable } from "../dispose.js";
import type { CoreExports } from "../memory/core.js";
import type { MemoryViews } from "../memory/views.js";
import { Claim, type Dom0Thread } from "./claim.js";
import { Dom0Context } from "./context.js";
import { readClocks } from "./cpu-clocks.js";
import { type CreateTraceOptions, createTrace } from "./create-trace.js";
import type { EvtchnHandler, EvtchnOptions, VirqHandler } from "./evtchn.js";
import type { RegisteredFacility } from "./facility-table.js";
import type { ForeignMapping } from "./foreign-map.js";
import { Trace } from "./trace-control.js";
import { SeedOps } from "./xen-ops.js";

export class Dom0 {
  /** `using`: closes it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  /** The seed's operations, returning 0 or 1. */
  readonly ops: SeedOps;
  readonly clock: ClockBase;
  readonly #context: Dom0Context;
  readonly #claim: Claim;

  /** Throws TraceError `dom0-taken`, `bad-option`, or `corrupt`. Made by `Hypervisor.dom0`. */
  constructor(exports: CoreExports, views: MemoryViews, thread: Dom0Thread) {
    this.#claim = new Claim(exports, views, thread);
    this.#context = new Dom0Context(this.#claim);
    this.clock = thread.clock;
    this.ops = new SeedOps(this.#context);
    makeDisposable(this, () => this.close());
    // What another dom0 has left in quarantine.
    if (!this.#claim.first) this.#context.settling.now();
  }

  /**
   * Creates a trace, stopped. Every CPU that exists gets a buffer at once, others when they join.
   * Throws TraceError `name-bad`, `name-in-use`, `subbuf-bytes`, `subbuf-count`, `traces-full`,
   * `no-memory`, `pattern` or `bad-option`, naming value and limit; nothing has changed then.
   */
  createTrace(name: string, options: CreateTraceOptions = {}): Trace {
    this.#claim.checkOpen("createTrace");
    return new Trace(this.#context, name, createTrace(this.#context, name, options));
  }

  /**
   * A trace that exists, by name. All objects of one trace share its mappings and its reader. Throws
   * TraceError `name-unknown`.
   */
  openTrace(name: string): Trace {
    this.#claim.checkOpen("openTrace");
    return new Trace(this.#context, name, () => []);
  }

  /**
   * Maps `count` frames from frame `mfn` on, which must be shared with dom0, be the first of a run,
   * and lie in it. Throws TraceError `not-shared`, or `corrupt` when the frame table was overwritten.
   */
  mapForeignRange(mfn: number, count: number): ForeignMapping {
    return this.#context.map(mfn, count);
  }

  /** The facilities that threads have registered so far, in the order of their event ids. */
  facilities(): readonly RegisteredFacility[] {
    this.#claim.checkOpen("facilities");
    return this.#context.facilities.all();
  }

  /**
   * True when the description of a facility made no sense: threads may record events that `facilities` does not tell
   * of. CTF writers leave them out, and count them as lost.
   */
  get hasUnknownEvents(): boolean {
    return this.#context.facilities.hasUnknownEvents;
  }

  /**
   * Calls `handler` when the VIRQ is raised, until `unbind`. One handler a VIRQ; the loops of
   * `Trace.packets` share VIRQ_TBUF with it.
   * @returns the port. Throws TraceError `virq`.
   */
  bindVirq(virq: number, handler: VirqHandler): number {
    this.#claim.checkOpen("bindVirq");
    return this.#context.channels.bindVirq(virq, handler);
  }

  /** Ends the calls for a VIRQ. Throws TraceError `virq` when it is not bound. */
  unbind(virq: number): void {
    this.#context.channels.unbind(virq);
  }

  /**
   * Allocates an event channel: a port by which any thread of the hypervisor can call this one, with
   * `notify(port)` of what it joined. A notification before `bindEvtchn` is kept.
   * @returns the port, for `bindEvtchn` here and `notify` there: 24 to 31, so there are 8 at a time. A port
   *   that was closed may be given again. Throws TraceError `ports-full`.
   */
  allocEvtchn(): number {
    this.#claim.checkOpen("allocEvtchn");
    return this.#context.channels.alloc();
  }

  /**
   * Calls `handler` when the port is notified, until `closeEvtchn`. Notifications that come before the
   * handler is called are one call, so the handler looks for itself what there is to do. Unmasks the port.
   * Throws TraceError `port` when this dom0 has not allocated it, or it has a handler.
   */
  bindEvtchn(port: number, handler: EvtchnHandler): void {
    this.#claim.checkOpen("bindEvtchn");
    this.#context.channels.bindEvtchn(port, handler);
  }

  /** Gives a port of `allocEvtchn` back. Who notifies it from then on is refused. Throws TraceError `port`. */
  closeEvtchn(port: number): void {
    this.#claim.checkOpen("closeEvtchn");
    this.#context.channels.closeEvtchn(port);
  }

  /** Holds the calls of a port back. Throws TraceError `port`. */
  mask(port: number): void {
    this.#context.channels.mask(port);
  }

  /** Lets them through again, at once if the port is pending. Throws TraceError `port`. */
  unmask(port: number): void {
    this.#context.channels.unmask(port);
  }

  /**
   * How VIRQs and notifications are waited for, from the next binding on. What is bound is unbound, and the
   * ports of `allocEvtchn` are closed.
   */
  configureEvents(options: EvtchnOptions): void {
    this.#context.configureEvents(options);
  }

  /**
   * Gives the memory of destroyed traces back as far as it can be. True when every thread has passed
   * a quiescent point since the last stop or destroy, and nothing is in quarantine. Throws TraceError
   * `corrupt` when what is in quarantine was overwritten.
   */
  settle(): boolean {
    return this.#context.settling.settle();
  }

  /** Waits until `settle` is true; false when it is not after `timeoutMs`. Throws as `settle`. */
  settled(timeoutMs = 1000): Promise<boolean> {
    return this.#context.settling.settled(timeoutMs);
  }

  /** The clocks of the CPUs that are, or were: what `describe` of the trace writers takes. */
  clocks(): CpuClock[] {
    return readClocks(this.#claim.views);
  }

  get closed(): boolean {
    return this.#claim.closed;
  }

  /**
   * This thread stops being dom0; traces stay. May be called twice. Throws TraceError `corrupt` when
   * mappings cannot be given back because memory was overwritten; it is closed all the same.
   */
  close(): void {
    this.#context.close();
  }
}
