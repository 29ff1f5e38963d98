/// <reference lib="esnext.disposable" preserve="true" />
// A recording in one call: boots, creates and starts a trace, reads it while the program runs, and ends all
// of it in the right order. Where the packets go is the caller's business.

import { VIRQ_TBUF } from "../../assembly/public/ops.js";
import { unref } from "../clock/unref.js";
import type { HypervisorHandle } from "../cpu/member.js";
import { disposable } from "../dispose.js";
import { TraceError } from "../errors.js";
import type { EventSelection } from "../event/selection.js";
import type { CpuLoss, Dom0, Packet, Trace } from "../host/index.js";
import { Hypervisor } from "../hypervisor.js";
import { sizesFor } from "./sizes.js";

const TRACE_NAME = "xen";
const POLL_MS = 100;
const BYTES = 256 * 1024;
const THREADS = 64;

export interface RecordingOptions {
  /** Which events to record, as `tbuf record -e` takes them, or a list of such texts. Default "all". */
  readonly events?: EventSelection;
  /** Bytes of each thread's buffer, rounded down to a power of two. Default 262144. */
  readonly bytes?: number;
  /** Most threads that record at a time, 1 to 256. Default 64. */
  readonly threads?: number;
  /** Milliseconds after which records are read from a buffer that is not full. Default 100. */
  readonly pollMs?: number;
  /** Called once if the output fails while the program runs; `stop` throws the same error. */
  readonly onError?: (error: unknown) => void;
}

export const RECORDING_OPTIONS = ["events", "bytes", "threads", "pollMs", "onError"];

/** Takes a trace's packets: `CtfWriter` and `TraceFiles` do. */
export interface PacketOutput<Result> {
  write(packet: Packet): void;
  finish(losses?: Iterable<CpuLoss>): Result;
}

/** A recording that runs until `stop`. Made by `record`. */
export class Recording<Result> {
  /** `await using`: stops it. Only where the runtime has Symbol.asyncDispose. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly hypervisor: Hypervisor;
  readonly trace: Trace;
  readonly #dom0: Dom0;
  readonly #output: PacketOutput<Result>;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #ending: () => void;
  #failure: { readonly error: unknown } | undefined;
  #ended: { readonly result: Result } | undefined;
  #stopping: Promise<Result> | undefined;

  /**
   * Throws TraceError `bad-option` or `unsupported`, and what `open` throws; nothing is left behind then.
   * @param ending runs once when the recording ends, however it does: takes away what was put in place for it
   */
  constructor(
    options: RecordingOptions,
    open: (dom0: Dom0) => PacketOutput<Result>,
    ending: () => void = () => {},
  ) {
    const { bytes = BYTES, threads = THREADS, events = "all", pollMs = POLL_MS } = options;
    const { memoryBytes, cpus, ...buffer } = sizesFor("record", bytes, threads);
    this.hypervisor = Hypervisor.boot({ memoryBytes, cpus });
    try {
      this.#dom0 = this.hypervisor.dom0();
      this.hypervisor.attach();
      this.trace = this.#dom0.createTrace(TRACE_NAME, { ...buffer, events });
      this.#output = open(this.#dom0);
    } catch (error) {
      this.hypervisor.close();
      throw error;
    }
    this.#onError = options.onError;
    this.#ending = disposable(ending).dispose;
    this.trace.start();
    // Neither the timer nor the VIRQ keeps the process alive: the program ends as it would untraced.
    this.#dom0.configureEvents({ ref: false });
    this.#dom0.bindVirq(VIRQ_TBUF, () => this.#read(false));
    this.#timer = unref(setInterval(() => this.#read(true), pollMs));
    const symbol: symbol | undefined = Symbol.asyncDispose;
    if (symbol) Object.defineProperty(this, symbol, { value: () => this.stop().then(() => {}) });
  }

  /** What another thread needs to record as well: `attachThread(join(handle))` there. */
  handle(): HypervisorHandle {
    return this.hypervisor.handle();
  }

  /**
   * Ends the recording: waits until no thread is inside a record call any more (at most a second), writes
   * what is left, and gives all memory back. A second call returns the same. Throws what the output threw.
   */
  stop(): Promise<Result> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<Result> {
    if (this.#ended) return this.#ended.result;
    this.trace.stop();
    await this.trace.stopped();
    return this.end();
  }

  /**
   * @internal As `stop`, at once: for a process that ends now and cannot wait. Records that other threads
   * are writing right now may be missing.
   */
  end(): Result {
    if (this.#ended) return this.#ended.result;
    clearInterval(this.#timer);
    try {
      this.#ending();
      this.trace.stop();
      while (this.#read(true) > 0);
      const result = this.#output.finish(this.trace.losses());
      if (!this.#failure) this.#ended = { result };
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.trace.destroy();
      this.hypervisor.close();
    }
    if (!this.#ended) throw this.#failure?.error;
    return this.#ended.result;
  }

  /** Takes the packets there are. After a failure nothing is read any more. @returns their number */
  #read(partial: boolean): number {
    if (this.#failure) return 0;
    try {
      return this.trace.drain((packet) => this.#output.write(packet), { partial });
    } catch (error) {
      this.#failure = { error };
      // From now on tracepoints cost next to nothing again.
      this.trace.stop();
      this.#onError?.(error);
      return 0;
    }
  }

  /** The error that ended the recording early, undefined while all is well. */
  get failure(): unknown {
    return this.#failure?.error;
  }
}

/** Throws TraceError `bad-option` for a callback that is not a function. */
export function checkOnError(what: string, onError: unknown): void {
  if (onError === undefined || typeof onError === "function") return;
  throw new TraceError("bad-option", `${what}: onError must be a function, got ${typeof onError}`);
}
