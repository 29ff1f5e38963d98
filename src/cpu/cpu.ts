/// <reference lib="esnext.disposable" preserve="true" />
// A CPU: the thread that has joined, and its answers to dom0's requests for a quiescent point.

import {
  ABI_VERSION,
  CLOCK_CALLER,
  CLOCK_COARSE,
  CLOCK_PRECISE,
  ERROR_UNKNOWN,
  TID_MAX,
} from "../../assembly/public/layout.js";
import { REASON_THREADS_FULL } from "../../assembly/public/ops.js";
import {
  CallerClock,
  type Clock,
  type ClockKind,
  clockResolutionNs,
  coarseClock,
  type Origin,
  performanceClock,
} from "../clock/clock.js";
import { coarseStepNs, tickerRuns } from "../clock/ticker.js";
import { unref } from "../clock/unref.js";
import { makeDisposable } from "../dispose.js";
import { badOption, hypercallError, TraceError } from "../errors.js";
import { EPOCH_WORD } from "../memory/control-page.js";
import type { CoreExports } from "../memory/core.js";
import { cpuBlockAt, domainOf, noteClock } from "../memory/cpu-table.js";
import { countFrames } from "../memory/frame-table.js";
import { guarded } from "../memory/guarded.js";
import type { MemoryViews } from "../memory/views.js";
import { checkWhole } from "../memory/whole.js";
import { type CpuBinding, enterBinding, leaveBinding } from "./current.js";

/** Without Atomics.waitAsync, a CPU looks at dom0's request this often. */
const POLL_MS = 100;

export interface AttachOptions {
  /** Number of this thread, an integer from 0 to 2^31 - 2, unique among the hypervisor's threads
   * while it lives: `threadId` of Node. Default: a random one, which nobody can reap. */
  readonly tid?: number;
  /**
   * Number of the thread that started this one; when that one is reaped, so is this one. A list names
   * the threads before that one as well, the nearest first: this one is then reaped with each of them,
   * whether those between are CPUs, have been, or never were. Default: none.
   */
  readonly parent?: number | readonly number[];
  /** False: the tracepoints of this thread stay as they are. Default true. */
  readonly current?: boolean;
  /**
   * Where the times of its records come from. An object of the program's own counts as the caller's
   * clock, and is read for each record. All tell the time of this thread's `performance.now()`.
   * Default `"precise"`.
   */
  readonly clock?: ClockKind | Clock;
  /** What writes the records in place of the Wasm module: `jsWriter` of `tbuf/js-writer`, the same
   * protocol in JavaScript, which is slower and there to be compared with. Both write the same bytes. */
  readonly writer?: Writer | undefined;
}

/** What can write a CPU's records. `jsWriter` is one. */
export interface Writer {
  /** @internal What takes the place of the core's exports of the same names. */
  readonly make: (
    core: CoreExports,
    views: MemoryViews,
    cpuBlockAddress: number,
    originMs: number,
  ) => Partial<CoreExports>;
}

export class Cpu {
  /** `using`: detaches it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  /** Index of the slot, 0 to `cpus` - 1: its records are in the stream of this number. */
  readonly index: number;
  /** Number of the domain that this thread is; 0 is dom0. */
  readonly domain: number;
  readonly tid: number;
  /** @internal */
  readonly binding: CpuBinding;
  readonly #core: CoreExports;
  readonly #views: MemoryViews;
  readonly #clock: Clock;
  #detached = false;
  #poll: ReturnType<typeof setInterval> | undefined;

  /** Throws TraceError `bad-option`, `no-cpu`, `no-memory` or as `facility`. Made by `Member.attach`. */
  constructor(
    core: CoreExports,
    views: MemoryViews,
    origin: Origin,
    options: AttachOptions & { readonly tid: number },
  ) {
    const { tid, current = true, writer } = options;
    const line = lineOf(tid, options.parent);
    if (writer !== undefined) checkWriter(writer);
    const { clock, kind, resolutionNs } = clockOf(options.clock ?? "precise", views);
    this.#core = core;
    this.#views = views;
    this.#clock = clock;
    this.tid = tid;
    // Before it holds a CPU: should it die in the middle of joining, its family is known.
    tellAncestors(core, line);
    this.index = core.cpu_join(tid, line[1] ?? tid, origin.ms);
    if (this.index < 0) {
      throw hypercallError("attach", core.reason(), { tid, framesFree: countFrames(views).free });
    }
    // And again: until it held one, what was told might have made room for others.
    tellAncestors(core, line);
    this.domain = domainOf(views, this.index);
    // For dom0, which tells the readers of its traces.
    const errorNs = origin.errorNs ?? ERROR_UNKNOWN;
    noteClock(views, this.index, { kind, resolutionNs, errorNs });
    if (writer) {
      this.#core = { ...core, ...writer.make(core, views, cpuBlockAt(this.index), origin.ms) };
    }
    this.binding = {
      abi: ABI_VERSION,
      core: this.#core,
      views,
      cpu: this.index,
      domain: this.domain,
      now: readerOf(clock),
    };
    makeDisposable(this, () => this.detach());
    this.#answer();
    if (!current) return;
    try {
      enterBinding(this.binding);
    } catch (error) {
      // A facility of this thread was refused: nobody holds this object, so nobody else can detach.
      this.detach();
      throw error;
    }
  }

  /**
   * Says what time it is, for the records from here on: a CPU whose clock is `"caller"`.
   * @param now a reading of this thread's `performance.now()`, in milliseconds: one that was taken
   *   once for many records, or the `timeStamp` of an event. A time before the last record's counts
   *   as that one; one that is more than a minute ahead of dom0's clock makes the CPU look corrupt to
   *   dom0. Throws TraceError `bad-option` for what is no time, and with another clock.
   */
  setTime(now: number): void {
    if (!(this.#clock instanceof CallerClock)) {
      throw new TraceError(
        "bad-option",
        'setTime: only a CPU attached with clock: "caller" takes its time from the program',
      );
    }
    this.#clock.set(now);
  }

  get detached(): boolean {
    return this.#detached;
  }

  /**
   * The thread stops being a CPU. What it recorded stays readable. May be called twice. Throws
   * TraceError `corrupt` when the hypervisor's memory was overwritten; it is detached all the same.
   */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    leaveBinding(this.binding);
    clearInterval(this.#poll);
    try {
      guarded("detach", () => this.#core.cpu_leave());
    } finally {
      // A wait that nobody ends would keep this object, and with it the memory, for ever: Chromium has
      // room for some hundred memories. Other CPUs that are woken too wait again.
      Atomics.notify(this.#views.words, EPOCH_WORD);
    }
  }

  /**
   * Passes a quiescent point whenever dom0 asks and the event loop comes round. Costs nothing while
   * dom0 does not ask, and keeps no process alive.
   */
  #answer(): void {
    if (!this.#views.canWait) {
      this.#poll = unref(setInterval(() => this.#core.cpu_quiesce(), POLL_MS));
      return;
    }
    const wait = (): void => {
      if (this.#detached) return;
      // The epoch is read before the answer: one that begins in between ends the wait at once.
      const epoch = Atomics.load(this.#views.words, EPOCH_WORD);
      this.#core.cpu_quiesce();
      const { async, value } = Atomics.waitAsync(this.#views.words, EPOCH_WORD, epoch);
      if (async) value.then(wait);
      else queueMicrotask(wait);
    };
    wait();
  }
}

/** The thread and those that it descends from, the nearest first. Throws TraceError `bad-option`. */
function lineOf(tid: number, parent: number | readonly number[] = []): readonly number[] {
  checkWhole("attach", "tid", tid, TID_MAX);
  const ancestors = (Array.isArray(parent) ? parent : [parent]) as readonly number[];
  for (const each of ancestors) checkWhole("attach", "parent", each, TID_MAX);
  return [tid, ...ancestors];
}

/** Tells who started the threads that this one descends from; of this one itself, `join` does. */
function tellAncestors(core: CoreExports, line: readonly number[]): void {
  for (let i = 2; i < line.length; i++) {
    const [tid, parent] = [line[i - 1] as number, line[i] as number];
    if (core.thread_started_by(tid, parent)) continue;
    throw hypercallError("attach", REASON_THREADS_FULL, { tid, parent });
  }
}

/** Throws TraceError `bad-option`. */
function checkWriter(writer: Writer | null): void {
  if (typeof writer?.make === "function") return;
  throw badOption("attach", "writer", "`jsWriter` of tbuf/js-writer", writer);
}

interface Chosen {
  readonly clock: Clock;
  /** A CLOCK_ value. */
  readonly kind: number;
  /** 0: nobody knows. */
  readonly resolutionNs: number;
}

/** Throws TraceError `bad-option`, or `no-ticker`. */
function clockOf(wanted: ClockKind | Clock, views: MemoryViews): Chosen {
  switch (wanted) {
    case "precise":
      return { clock: performanceClock, kind: CLOCK_PRECISE, resolutionNs: clockResolutionNs() };
    case "coarse":
      if (!tickerRuns(views)) {
        throw new TraceError(
          "no-ticker",
          'attach: clock "coarse" needs a ticker; call startTicker() in one thread first',
        );
      }
      return { clock: coarseClock, kind: CLOCK_COARSE, resolutionNs: coarseStepNs(views) };
    case "caller":
      return { clock: new CallerClock(performance.now()), kind: CLOCK_CALLER, resolutionNs: 0 };
    default:
      if (typeof wanted?.now === "function") {
        return { clock: wanted, kind: CLOCK_CALLER, resolutionNs: 0 };
      }
      throw badOption(
        "attach",
        "clock",
        '"precise", "coarse", "caller" or an object with now()',
        wanted,
      );
  }
}

/** One function for each kind of clock: an engine can inline what is always the same. */
function readerOf(clock: Clock): () => number {
  // Not by the global `performance`: in Node that is an accessor.
  if (clock === performanceClock) return () => performanceClock.now();
  if (clock === coarseClock) return () => Number.NaN;
  return () => clock.now();
}
