/// <reference lib="esnext.disposable" preserve="true" />
// A flight recorder in one call: the newest records of all threads are always in memory, and are saved when
// the program wants them.

import type { HypervisorHandle } from "../cpu/member.js";
import { makeDisposable } from "../dispose.js";
import type { EventSelection } from "../event/selection.js";
import type { Dom0, Trace } from "../host/index.js";
import { Hypervisor } from "../hypervisor.js";
import type { PacketOutput } from "./recording.js";
import { sizesFor } from "./sizes.js";

const TRACE_NAME = "flight";
const BYTES = 1024 * 1024;
const THREADS = 64;

export interface FlightRecorderOptions {
  /** Which events to record, as `tbuf record -e` takes them, or a list of such texts. Default "all". */
  readonly events?: EventSelection;
  /** Newest bytes to keep of each thread's records, rounded down to a power of two. Default 1048576. */
  readonly bytes?: number;
  /** Most threads that record at a time, 1 to 256. Default 64. */
  readonly threads?: number;
}

export const FLIGHT_OPTIONS = ["events", "bytes", "threads"];

/** Always on, until `close`. Made by `flightRecorder`. `Target` is what `save` takes. */
export class FlightRecorder<Target extends unknown[], Result> {
  /** `using`: closes it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly hypervisor: Hypervisor;
  readonly trace: Trace;
  readonly #dom0: Dom0;
  readonly #open: (dom0: Dom0, ...target: Target) => PacketOutput<Result>;
  readonly #closing: () => void;

  /**
   * Throws TraceError `bad-option` or `unsupported`; nothing is left behind then.
   * @param closing runs once when it is closed: takes away what was put in place for it
   */
  constructor(
    options: FlightRecorderOptions,
    open: (dom0: Dom0, ...target: Target) => PacketOutput<Result>,
    closing: () => void = () => {},
  ) {
    const { bytes = BYTES, threads = THREADS, events = "all" } = options;
    const { memoryBytes, cpus, ...buffer } = sizesFor("flightRecorder", bytes, threads);
    this.hypervisor = Hypervisor.boot({ memoryBytes, cpus });
    try {
      this.#dom0 = this.hypervisor.dom0();
      this.hypervisor.attach();
      this.trace = this.#dom0.createTrace(TRACE_NAME, { ...buffer, mode: "overwrite", events });
    } catch (error) {
      this.hypervisor.close();
      throw error;
    }
    this.#open = open;
    this.#closing = closing;
    this.trace.start();
    makeDisposable(this, () => this.close());
  }

  /** What another thread needs to record as well: `attachThread(join(handle))` there. */
  handle(): HypervisorHandle {
    return this.hypervisor.handle();
  }

  /**
   * Saves the newest records of all threads; recording goes on. Everything is saved when the call
   * returns, so it may also be called in a handler of `exit` or `uncaughtException`. Throws TraceError.
   */
  save(...target: Target): Result {
    const output = this.#open(this.#dom0, ...target);
    for (const packet of this.trace.snapshot()) output.write(packet);
    return output.finish();
  }

  /** Ends it and gives the memory back; nothing is saved. May be called twice. */
  close(): void {
    if (this.trace.destroyed) return;
    this.#closing();
    this.trace.destroy();
    this.hypervisor.close();
  }
}
