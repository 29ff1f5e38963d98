/// <reference lib="esnext.disposable" preserve="true" />
// dom0: the one thread that controls and reads. Its two faces are over the same hypercalls: the
// seed's operations (`ops`) and the typed ones (`createTrace` and what it returns).

import {
  CPUS_MAX,
  TRACE_CPU_SET_BYTES,
  TRACE_EVENT_SET_BYTES,
} from "../../assembly/public/layout.js";
import { answerTime } from "../clock/calibrate.js";
import type { ClockBase, CpuClock, Origin } from "../clock/clock.js";
import type { Cpu } from "../cpu/cpu.js";
import { currentBinding } from "../cpu/current.js";
import { makeDisposable } from "../dispose.js";
import { badOption, checkOptions, TraceError } from "../errors.js";
import {
  type EventSelection,
  parseSelection,
  type Selection,
  selects,
  selectsAll,
  unmatchedParts,
} from "../event/selection.js";
import { cpuSlots } from "../memory/control-page.js";
import type { CoreExports } from "../memory/core.js";
import { type TraceMode, traceIndex } from "../memory/trace-table.js";
import type { MemoryViews } from "../memory/views.js";
import { claimDom0 } from "./claim.js";
import { tolerant } from "./consumer.js";
import { readClocks } from "./cpu-clocks.js";
import { EventChannels, type EvtchnOptions, type VirqHandler } from "./evtchn.js";
import { FacilityTable, type RegisteredFacility } from "./facility-table.js";
import { ForeignMapping } from "./foreign-map.js";
import { type Hypercalls, hypercallsOf } from "./hypercalls.js";
import { OpenTraces } from "./open-traces.js";
import { Privcmd } from "./privcmd.js";
import { Trace, type TraceHost } from "./trace-control.js";
import { SeedOps } from "./xen-ops.js";

export interface CreateTraceOptions {
  /** Bytes of a sub-buffer: a power of two, 64 to 64 MiB. Default 64 KiB. */
  readonly subbufBytes?: number;
  /** Sub-buffers of each CPU's buffer: a power of two, 2 to 64. Default 4. */
  readonly subbufCount?: number;
  /** What happens to a record that finds the buffer full. Default "discard". */
  readonly mode?: TraceMode;
  /**
   * Events to record, as `tbuf record -e` takes them: `"app"`, `"app:request"`, `"sched,mem"`,
   * `"0x0002f000"`; also of facilities that come later. Default `"all"`.
   */
  readonly events?: EventSelection;
  /** Indices of the CPUs to record. Default: all, also those that come later. */
  readonly cpus?: readonly number[];
  /**
   * True: throws TraceError `bad-option` when a part of `events` matches no event of the facilities that are
   * registered by now; those of a thread are when it attaches. Default false: a part that has matched nothing by
   * the end is told by a warning, when the trace is stopped or destroyed.
   */
  readonly strict?: boolean;
}

const CREATE_OPTIONS = ["subbufBytes", "subbufCount", "mode", "events", "cpus", "strict"];

/** Milliseconds between two looks at whether all threads have passed a quiescent point. */
const SETTLE_MS = 1;
const SETTLE_MS_MAX = 100;
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

export class Dom0 {
  /** `using`: closes it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  /** The seed's operations, returning 0 or 1. */
  readonly ops: SeedOps;
  readonly clock: ClockBase;
  readonly #core: Hypercalls;
  readonly #views: MemoryViews;
  readonly #privcmd: Privcmd;
  readonly #facilities: FacilityTable;
  readonly #traces = new OpenTraces();
  readonly #mayRecord: () => boolean;
  readonly #origin: () => Origin;
  readonly #stopAnswering: () => void;
  /** This thread is dom0 no more. */
  readonly #release: () => void;
  #channels: EventChannels;
  #closed = false;
  #settling = false;

  /** Throws TraceError `dom0-taken`, `bad-option`, or `corrupt`. Made by `Hypervisor.dom0`. */
  constructor(exports: CoreExports, views: MemoryViews, { tid, clock, cpu, origin }: Dom0Thread) {
    const core = hypercallsOf(exports);
    this.#release = claimDom0(core, views, tid);
    this.clock = clock;
    this.#origin = origin;
    this.#core = core;
    this.#views = views;
    // Its own control operations are recorded on its own CPU, and on no other hypervisor's.
    this.#mayRecord = () => {
      const binding = cpu()?.binding;
      return binding !== undefined && currentBinding() === binding;
    };
    const destroyed = (name: string) => this.#traces.end(name);
    this.#privcmd = new Privcmd(core, views, this.#mayRecord, destroyed);
    this.ops = new SeedOps(this.#privcmd, () => this.#settleSoon());
    // Reading descriptions maps and unmaps frames all the time: that is no event of the program's.
    const quietMap = (mfn: number, count: number) =>
      new ForeignMapping(
        core,
        views,
        mfn,
        count,
        () => false,
        () => this.#closed,
      );
    this.#facilities = new FacilityTable(views, quietMap);
    this.#channels = new EventChannels(core, views);
    this.#stopAnswering = answerTime(views, origin);
    makeDisposable(this, () => this.close());
    // What another dom0 has left in quarantine.
    this.#settleSoon();
  }

  /**
   * Creates a trace, stopped. Every CPU that exists gets a buffer at once, others when they join.
   * Throws TraceError `name-bad`, `name-in-use`, `subbuf-bytes`, `subbuf-count`, `traces-full`,
   * `no-memory`, `pattern` or `bad-option`, naming value and limit; nothing has changed then.
   */
  createTrace(name: string, options: CreateTraceOptions = {}): Trace {
    this.#checkOpen("createTrace");
    checkOptions("createTrace", options, CREATE_OPTIONS);
    const { subbufBytes = 65536, subbufCount = 4, mode = "discard", events = "all" } = options;
    if (mode !== "discard" && mode !== "overwrite") {
      throw badOption("createTrace", "mode", '"discard" or "overwrite"', mode);
    }
    const selection = selectionOf(events);
    const all = selectsAll(selection);
    const looked = all ? [] : this.#facilities.all().slice();
    const unmatched = () => unmatchedParts(selection, () => this.#facilities.all());
    if (options.strict) refuseUnmatched(unmatched());
    const failed = this.#privcmd.create({
      name,
      subbufBytes,
      subbufCount,
      mode,
      cpuSet: cpuSetOf(options.cpus),
      eventSet: all ? ones(TRACE_EVENT_SET_BYTES) : eventSetOf(selection, looked),
      pattern: all ? "" : selection.text,
    });
    if (failed) throw this.#privcmd.error("create trace", { name, subbufBytes, subbufCount });
    // Facilities that were registered between the look and the creation.
    if (!all) this.#enableSelected(name, selection, this.#facilities.all().slice(looked.length));
    return this.#trace(name, unmatched);
  }

  /**
   * A trace that exists, by name. All objects of one trace share its mappings and its reader. Throws
   * TraceError `name-unknown`.
   */
  openTrace(name: string): Trace {
    this.#checkOpen("openTrace");
    return this.#trace(name, () => []);
  }

  #trace(name: string, unmatched: () => readonly string[]): Trace {
    if (typeof this.#privcmd.getInfo(name) === "number") {
      throw this.#privcmd.error("open trace", { name });
    }
    const host: TraceHost = {
      name,
      unmatched,
      shared: this.#traces.of(name),
      checkOpen: (what) => this.#checkOpen(what),
      cpus: cpuSlots(this.#views),
      privcmd: this.#privcmd,
      facilities: this.#facilities,
      map: (mfn, count) => this.mapForeignRange(mfn, count),
      now: () => this.#latest(),
      fence: this.#core.fence,
      views: this.#views,
      mayRecord: this.#mayRecord,
      onVirq: (virq, handler) => this.#channels.listen(virq, handler),
      settled: (timeoutMs) => this.settled(timeoutMs),
      settleSoon: () => this.#settleSoon(),
    };
    return new Trace(host);
  }

  /**
   * Maps `count` frames from frame `mfn` on, which must be shared with dom0, be the first of a run,
   * and lie in it. Throws TraceError `not-shared`, or `corrupt` when the frame table was overwritten.
   */
  mapForeignRange(mfn: number, count: number): ForeignMapping {
    this.#checkOpen("mapForeignRange");
    const closed = () => this.#closed;
    return new ForeignMapping(this.#core, this.#views, mfn, count, this.#mayRecord, closed);
  }

  /** The facilities that threads have registered so far, in the order of their event ids. */
  facilities(): readonly RegisteredFacility[] {
    this.#checkOpen("facilities");
    return this.#facilities.all();
  }

  /**
   * Calls `handler` when the VIRQ is raised, until `unbind`. One handler a VIRQ; the loops of
   * `Trace.packets` share VIRQ_TBUF with it.
   * @returns the port. Throws TraceError `virq`.
   */
  bindVirq(virq: number, handler: VirqHandler): number {
    this.#checkOpen("bindVirq");
    return this.#channels.bindVirq(virq, handler);
  }

  /** Ends the calls for a VIRQ. Throws TraceError `virq` when it is not bound. */
  unbind(virq: number): void {
    this.#channels.unbind(virq);
  }

  /** Holds the calls of a port back. Throws TraceError `port`. */
  mask(port: number): void {
    this.#channels.mask(port);
  }

  /** Lets them through again, at once if the port is pending. Throws TraceError `port`. */
  unmask(port: number): void {
    this.#channels.unmask(port);
  }

  /** How VIRQs are waited for, from the next binding on. Bound ones must be unbound first. */
  configureEvents(options: EvtchnOptions): void {
    this.#channels.close();
    this.#channels = new EventChannels(this.#core, this.#views, options);
  }

  /**
   * Gives the memory of destroyed traces back as far as it can be. True when every thread has passed
   * a quiescent point since the last stop or destroy, and nothing is in quarantine. Throws TraceError
   * `corrupt` when what is in quarantine was overwritten.
   */
  settle(): boolean {
    this.#checkOpen("settle");
    return this.#core.settle() === 1;
  }

  /** Waits until `settle` is true; false when it is not after `timeoutMs`. Throws as `settle`. */
  async settled(timeoutMs = 1000): Promise<boolean> {
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

  /**
   * Settles until that is done, without keeping the process alive: while threads have not answered,
   * disabled tracepoints cost them a call now and then. Where memory is corrupt it gives up without a
   * word: nobody could catch an error of a timer. The next call that settles tells it.
   */
  #settleSoon(pauseMs = SETTLE_MS): void {
    if (this.#settling) return;
    this.#settling = true;
    const timer = setTimeout(() => {
      this.#settling = false;
      if (this.#closed || tolerant(() => this.settle())) return;
      this.#settleSoon(Math.min(2 * pauseMs, SETTLE_MS_MAX));
    }, pauseMs);
    (timer as { unref?: () => void }).unref?.();
  }

  /** A time that no thread's record is after: this thread's, and what clocks may differ by. */
  #latest(): bigint {
    const nowMs = performance.now() - this.#origin().ms + CLOCK_SLACK_MS;
    return BigInt(Math.max(0, Math.floor(nowMs * 1e6)));
  }

  /** The clocks of the CPUs that are, or were: what `describe` of the trace writers takes. */
  clocks(): CpuClock[] {
    return readClocks(this.#views);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * This thread stops being dom0; traces stay. May be called twice. Throws TraceError `corrupt` when
   * mappings cannot be given back because memory was overwritten; it is closed all the same.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopAnswering();
    this.#channels.close();
    this.#release();
  }

  #enableSelected(
    name: string,
    selection: Selection,
    facilities: readonly RegisteredFacility[],
  ): void {
    if (facilities.length === 0) return;
    const info = this.#privcmd.getInfo(name);
    const index = traceIndex(this.#views, typeof info === "number" ? 0 : info.mfn);
    for (const event of selected(selection, facilities)) this.#core.enableEvent(index, event);
  }

  #checkOpen(what: string): void {
    if (this.#closed) throw new TraceError("closed", `${what}: this dom0 was closed`);
  }
}

function selectionOf(events: EventSelection): Selection {
  try {
    return parseSelection(events);
  } catch (error) {
    throw new TraceError("bad-option", `createTrace: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function refuseUnmatched(parts: readonly string[]): void {
  if (parts.length === 0) return;
  throw new TraceError(
    "bad-option",
    `createTrace: events: no event is called ${parts.join(", ")}; with strict they must be registered by now, ` +
      "which a thread does for its facilities when it attaches",
  );
}

/** The ids of the selection's events. */
function selected(selection: Selection, facilities: readonly RegisteredFacility[]): number[] {
  return facilities.flatMap(({ firstEvent, definition: { name, events } }) =>
    events.flatMap((event, i) => (selects(selection, name, event) ? [firstEvent + i] : [])),
  );
}

function eventSetOf(selection: Selection, facilities: readonly RegisteredFacility[]): Uint8Array {
  const set = new Uint8Array(TRACE_EVENT_SET_BYTES);
  for (const event of selected(selection, facilities)) {
    set[event >> 3] = (set[event >> 3] ?? 0) | (1 << (event & 7));
  }
  return set;
}

function ones(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0xff);
}

function cpuSetOf(cpus: readonly number[] | undefined): Uint8Array {
  if (cpus === undefined) return ones(TRACE_CPU_SET_BYTES);
  if (!Array.isArray(cpus)) {
    throw badOption("createTrace", "cpus", "a list of CPU numbers such as [0, 1]", cpus);
  }
  const set = new Uint8Array(TRACE_CPU_SET_BYTES);
  for (const cpu of cpus) {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= CPUS_MAX) {
      throw badOption("createTrace", "a CPU in cpus", `an integer from 0 to ${CPUS_MAX - 1}`, cpu);
    }
    set[cpu >> 3] = (set[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  }
  return set;
}
