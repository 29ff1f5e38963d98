/// <reference lib="esnext.disposable" preserve="true" />
// The typed face of a trace: what the seed's operations do, with errors that say why, and the
// consumer's loops on top.

import { FRAME_BYTES, TRACE_ACTIVE } from "../../assembly/public/layout.js";
import { REASON_NAME_UNKNOWN, VIRQ_TBUF } from "../../assembly/public/ops.js";
import { unref } from "../clock/unref.js";
import { makeDisposable } from "../dispose.js";
import { badOption, checkOptions, hypercallError, TraceError, warn } from "../errors.js";
import { cpuSlots } from "../memory/control-page.js";
import type { CpuInfo } from "../memory/hypercall-page.js";
import { labelsFull } from "../memory/label-runs.js";
import { dataFrames, isShape } from "../memory/ring.js";
import type { TraceMode } from "../memory/trace-table.js";
import { coreEvents } from "../tracepoint/builtin.js";
import { Consumer } from "./consumer.js";
import type { Dom0Context } from "./context.js";
import { POLL_SLEEP_MILLIS } from "./evtchn.js";
import type { OpenTrace } from "./open-traces.js";
import type { Packet } from "./packet.js";
import { tolerant } from "./tolerant.js";

/** What a trace looks like now. Sizes are in bytes, counts in records; all of it may be stale. */
export interface TraceInfo {
  readonly name: string;
  readonly active: boolean;
  readonly mode: TraceMode;
  readonly subbufBytes: number;
  readonly subbufCount: number;
  /** How many traces of this hypervisor are active. */
  readonly activeTraces: number;
  /** Bytes of memory that the trace holds: buffers and control blocks. */
  readonly memoryBytes: number;
  /** The CPUs that have a buffer, ascending. */
  readonly cpus: readonly CpuInfo[];
  /** CPUs whose shared words made no sense: their buffers are not read any more. */
  readonly corrupt: readonly number[];
  /**
   * Labels that readers see as `(label table full)`, because the memory for texts was full when they were
   * recorded: of all threads and traces since boot, not of this trace alone.
   */
  readonly labelsFull: number;
}

/** What a CPU has lost since the trace was created, by whatever cause. */
export interface CpuLoss {
  readonly cpu: number;
  /** Records. */
  readonly discarded: number;
}

/** What is used of an AbortSignal. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface PacketsOptions {
  /** Ends the loop: what is in the buffers stays there. */
  readonly signal?: AbortSignalLike;
  /** Milliseconds after which sub-buffers that are not full yet are read too. Default 100. */
  readonly pollMs?: number;
  /** False: an open loop does not keep the process alive. Default true. */
  readonly ref?: boolean;
}

/**
 * A trace as one part of a program sees it. Closing it (or leaving its `using` scope) gives back what
 * it has mapped to read; the trace itself goes on.
 */
export class Trace {
  /** `using`: closes it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly name: string;
  readonly #context: Dom0Context;
  readonly #unmatched: () => readonly string[];
  readonly #shared: OpenTrace;
  #closed = false;
  #warned = false;

  /**
   * Made by `Dom0.createTrace` and `Dom0.openTrace`. Throws TraceError `name-unknown`.
   * @param unmatched tells the parts of its selection of events that match none of those that are there
   */
  constructor(context: Dom0Context, name: string, unmatched: () => readonly string[]) {
    if (typeof context.privcmd.getInfo(name) === "number") {
      throw context.privcmd.error("open trace", { name });
    }
    this.name = name;
    this.#context = context;
    this.#unmatched = unmatched;
    this.#shared = context.traces.of(name);
    makeDisposable(this, () => this.close());
  }

  /** Starts recording. A trace that is active already stays so. Throws TraceError. */
  start(): void {
    const { privcmd, claim } = this.#context;
    this.#checkOpen("start");
    this.#check("start", privcmd.start(this.name));
    if (claim.mayRecord()) coreEvents.trace_start(this.name);
  }

  /**
   * Stops recording, and warns of parts of `events` that match no event (see `unmatched`). A thread that is
   * inside a record call right now still publishes that one record; `await trace.stopped()` tells when no
   * thread is any more. Throws TraceError.
   */
  stop(): void {
    const { privcmd, claim, settling } = this.#context;
    this.#checkOpen("stop");
    if (claim.mayRecord()) coreEvents.trace_stop(this.name);
    this.#check("stop", privcmd.stop(this.name));
    settling.soon();
    this.#warnOfUnmatched();
  }

  /**
   * Parts of the `events` that this trace was created with, such as misspelt names, which match no event
   * that is registered by now. Empty for a trace from `openTrace`. Throws TraceError.
   */
  unmatched(): readonly string[] {
    return this.#unmatched();
  }

  /** Once, and at the end: facilities may come as long as the trace records. */
  #warnOfUnmatched(): void {
    if (this.#warned) return;
    this.#warned = true;
    const parts = tolerant(() => this.unmatched());
    if (parts === "corrupt" || parts.length === 0) return;
    warn("TBUF_NO_EVENT", `trace ${this.name}: no event is called ${parts.join(", ")}`);
  }

  /**
   * Resolves when no thread can be inside a record call that began before the last stop: then a
   * drain reads the last record there is. False after `timeoutMs` without an answer of every thread,
   * such as one that is blocked, or busy and not recording.
   */
  stopped(timeoutMs = 1000): Promise<boolean> {
    return this.#context.settling.settled(timeoutMs);
  }

  /** A fresh copy of the trace's control information. Throws TraceError. */
  info(): TraceInfo {
    const { privcmd, claim } = this.#context;
    const { name } = this;
    const info = this.#controlInfo("info");
    const cpus = cpuSlots(claim.views);
    const cpuInfos: CpuInfo[] = [];
    for (let cpu = 0; cpu < cpus; cpu++) {
      const cpuInfo = tolerant(() => privcmd.getCpuInfo(name, cpu));
      if (typeof cpuInfo === "object") cpuInfos.push(cpuInfo);
    }
    return {
      name,
      active: info.state === TRACE_ACTIVE,
      mode: info.mode,
      subbufBytes: info.subbufBytes,
      subbufCount: info.subbufCount,
      activeTraces: info.activeTraces,
      memoryBytes: FRAME_BYTES * (1 + (1 + dataFrames(info)) * cpuInfos.length),
      cpus: cpuInfos,
      corrupt: this.#shared.consumer?.corrupt() ?? [],
      labelsFull: labelsFull(claim.views),
    };
  }

  /**
   * What each CPU has lost so far: for `finish` of a writer that has got all packets, as records may be
   * lost after the last one. Throws TraceError.
   */
  losses(): CpuLoss[] {
    return this.info().cpus.map(({ cpu, discardedFull, discardedBig, overwritten }) => ({
      cpu,
      discarded: discardedFull + discardedBig + overwritten,
    }));
  }

  /**
   * All records that are in the buffers now, copied; nothing is consumed and nobody is stopped. Safe
   * at any time, also from a handler of `exit`. Throws TraceError.
   */
  snapshot(): Packet[] {
    return this.#reading()
      .readers()
      .flatMap((reader) => reader.snapshot());
  }

  /**
   * Consumes what is in the buffers now, without waiting: calls `take` for each packet and returns
   * their number. A packet whose `take` throws is not consumed in discard mode. Beside a loop of
   * `packets` each packet goes to one of the two. Throws TraceError; `busy` in discard mode while a
   * loop's packet is still being read, as in that loop's body, or in `take`.
   */
  drain(take: (packet: Packet) => void, options: { partial?: boolean } = {}): number {
    if (typeof take !== "function") {
      throw badOption("drain", "its argument", "a function that is called with each packet", take);
    }
    let packets = 0;
    const pass = this.#reading().pass(options.partial ?? true);
    try {
      for (let step = pass.next(); !step.done; step = pass.next(!this.#closed)) {
        take(step.value);
        packets++;
        if (this.#shared.destroyed) break;
      }
    } finally {
      pass.return();
    }
    return packets;
  }

  /**
   * Packets as they come, until `signal` aborts or the trace is destroyed: full sub-buffers when
   * VIRQ_TBUF announces them, the others after `pollMs`. In discard mode a packet's bytes are good
   * until the next one is asked for, and a packet in which the loop is left (`break`, an exception)
   * is read again later. Throws TraceError; `busy` while another loop reads this trace, by whatever
   * object of it: several readers would each get some of the packets.
   */
  async *packets(options: PacketsOptions = {}): AsyncGenerator<Packet, void, undefined> {
    const { signal, pollMs = POLL_SLEEP_MILLIS, ref = true } = options;
    checkPacketsOptions(options);
    const consumer = this.#reading();
    const release = consumer.claimLoop();
    let wake = (): void => {};
    let raised = false;
    const ring = (): void => {
      raised = true;
      wake();
    };
    let off = (): void => {};
    let pass: ReturnType<Consumer["pass"]> | undefined;
    let partialAt = performance.now() + pollMs;
    try {
      off = this.#context.channels.listen(VIRQ_TBUF, ring);
      signal?.addEventListener("abort", ring);
      while (!signal?.aborted && !this.#ended) {
        raised = false;
        const partial = performance.now() >= partialAt;
        if (partial) partialAt = performance.now() + pollMs;
        pass = consumer.pass(partial);
        let step = pass.next();
        while (!step.done) {
          yield step.value;
          // The loop has asked for more, so it has taken that packet: given back even at the end.
          if (this.#shared.destroyed) return;
          step = pass.next(!signal?.aborted && !this.#closed);
        }
        const pause = Math.max(0, partialAt - performance.now());
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, raised || signal?.aborted ? 0 : pause);
          if (!ref) unref(timer);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      // The loop was left in a packet: its view is given back unread.
      pass?.return();
      release();
      off();
      signal?.removeEventListener("abort", ring);
    }
  }

  /**
   * Stops the trace and takes it from everybody at once; nobody waits. Its memory is free for others
   * when every thread has passed a quiescent point (`dom0.settled()`). What was mapped of it goes
   * stale, and all objects of this trace are destroyed with it. Throws TraceError `name-unknown` when it
   * is destroyed already.
   */
  destroy(): void {
    const { privcmd, settling } = this.#context;
    this.#checkOpen("destroy");
    try {
      this.#check("destroy", privcmd.destroy(this.name));
    } finally {
      // Also where memory is corrupt: attention may have been raised.
      settling.soon();
    }
    this.#warnOfUnmatched();
  }

  /** True once the trace was destroyed, by this object, another one, or `dom0.ops.destroy`. */
  get destroyed(): boolean {
    return this.#shared.destroyed;
  }

  /**
   * Gives back what this object has mapped to read, and ends its loop of `packets`. The trace goes on:
   * `dom0.openTrace` reads on where this object stopped. The last object that reads keeps the frames
   * mapped; a destroyed trace has none. After it all methods throw TraceError `closed`. May be called
   * twice.
   */
  close(): void {
    this.#closed = true;
    this.#shared.release(this);
  }

  get #ended(): boolean {
    return this.#closed || this.#shared.destroyed;
  }

  #reading(): Consumer {
    if (this.#shared.destroyed) {
      throw new TraceError("stale", `trace ${this.name}: it was destroyed`);
    }
    this.#checkOpen("read");
    return this.#shared.read(
      this,
      () => new Consumer(this.#context, { name: this.name, info: this.#controlInfo("read") }),
    );
  }

  /** Another trace may have the name of one that was destroyed: this object is not for that one. */
  #checkOpen(what: string): void {
    const { name } = this;
    if (this.#shared.destroyed) {
      throw hypercallError(`${what} trace`, REASON_NAME_UNKNOWN, { name });
    }
    this.#context.claim.checkOpen(`${what} trace`);
    if (this.#closed) {
      throw new TraceError("closed", `${what} trace: this object of ${name} was closed`);
    }
  }

  #controlInfo(what: string) {
    const { privcmd } = this.#context;
    const { name } = this;
    this.#checkOpen(what);
    const info = privcmd.getInfo(name);
    if (typeof info === "number") throw privcmd.error(`${what} trace`, { name });
    if (!isShape(info)) {
      const { subbufBytes, subbufCount } = info;
      throw new TraceError(
        "corrupt",
        `${what} trace: ${name} has subbufBytes=${subbufBytes}, subbufCount=${subbufCount}`,
      );
    }
    return info;
  }

  #check(what: string, failed: number): void {
    if (failed) throw this.#context.privcmd.error(`${what} trace`, { name: this.name });
  }
}

/** Throws TraceError `bad-option`. */
function checkPacketsOptions(options: PacketsOptions): void {
  checkOptions("packets", options, ["signal", "pollMs", "ref"]);
  const { signal, pollMs = 0 } = options;
  // null is no signal, as for fetch.
  const isNone = signal === undefined || signal === null;
  if (!isNone && typeof signal.addEventListener !== "function") {
    throw badOption("packets", "signal", "an AbortSignal, as AbortController has it", signal);
  }
  if (typeof pollMs !== "number" || !(pollMs >= 0)) {
    throw badOption("packets", "pollMs", "a number of milliseconds from 0", pollMs);
  }
}
