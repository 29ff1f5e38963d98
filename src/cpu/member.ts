/// <reference lib="esnext.disposable" preserve="true" />
// A thread that has joined a hypervisor: all that a worker needs to record, without dom0 and without the
// module's bytes, which the handle brings.

import { ABI_VERSION, MAGIC, TID_MAX } from "../../assembly/public/layout.js";
import { askTime, type CalibrateOptions } from "../clock/calibrate.js";
import { type ClockBase, localOrigin, type Origin } from "../clock/clock.js";
import { Ticker, type TickerOptions, tickUntil } from "../clock/ticker.js";
import { makeDisposable } from "../dispose.js";
import { checkOptions, describeValue, hypercallError, TraceError } from "../errors.js";
import { readBootWords } from "../memory/control-page.js";
import { type CoreExports, instantiate } from "../memory/core.js";
import { readThreads, type ThreadInfo } from "../memory/cpu-table.js";
import { countFrames, type Frames } from "../memory/frame-table.js";
import { guarded } from "../memory/guarded.js";
import { isShared, type MemoryViews, viewsOf } from "../memory/views.js";
import { type WasmMemory, type WasmModule, wasm } from "../memory/wasm.js";
import { checkWhole } from "../memory/whole.js";
import { type AttachOptions, Cpu } from "./cpu.js";

const ATTACH_OPTIONS = ["tid", "parent", "current", "clock", "writer"];

/** What another thread needs to join: send it by postMessage or workerData. */
export interface HypervisorHandle {
  readonly kind: "tbuf-hypervisor";
  readonly abi: number;
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly clock: ClockBase;
}

/**
 * This thread's instance of a hypervisor, without dom0: what `join` returns, and what `Hypervisor` is
 * built on. Closing it (or leaving its `using` scope) makes this thread stop being a CPU.
 */
export class Member {
  /** `using`: closes it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  /** @internal */
  readonly core: CoreExports;
  /** @internal */
  readonly views: MemoryViews;
  /** @internal This thread's number where the program gives none: then nobody can reap it. */
  readonly ownTid: number = 0x40000000 + Math.floor(Math.random() * 0x3ffffff0);
  /** @internal */
  origin: Origin;
  readonly #handle: HypervisorHandle;
  #cpu: Cpu | undefined;

  /** @internal The handle must have been checked. */
  constructor(handle: HypervisorHandle) {
    this.#handle = handle;
    this.core = instantiate(handle.module, handle.memory);
    this.views = viewsOf(handle.memory);
    this.origin = localOrigin(handle.clock);
    makeDisposable(this, () => this.close());
  }

  /**
   * Structured-cloneable: what another thread needs to join. Throws TraceError `unsupported` when its
   * memory is not shared.
   */
  handle(): HypervisorHandle {
    if (!isShared(this.#handle.memory)) {
      throw new TraceError("unsupported", "handle: the memory is not shared, so nobody can join");
    }
    return this.#handle;
  }

  /**
   * Makes this thread a CPU, which its tracepoints then record on. Once a thread: until that CPU is
   * detached a second call returns it as it is, whatever its options. Throws TraceError `bad-option`,
   * `no-cpu` when all are in use, `no-memory` when the buffers of the traces that exist do not fit, and
   * as `facility` when one that this thread has defined is refused.
   */
  attach(options: AttachOptions = {}): Cpu {
    checkOptions("attach", options, ATTACH_OPTIONS);
    if (!this.#cpu || this.#cpu.detached) {
      const { tid = this.ownTid } = options;
      this.#cpu = guarded(
        "attach",
        () => new Cpu(this.core, this.views, this.origin, { ...options, tid }),
      );
    }
    return this.#cpu;
  }

  /** This thread's CPU, if it is one. */
  get cpu(): Cpu | undefined {
    return this.#cpu?.detached === false ? this.#cpu : undefined;
  }

  /**
   * Finds out how this thread's clock stands to dom0's, for the CPU that it then attaches as. Needed
   * where threads have clocks of their own (Deno, Bun, browsers): without it their time is taken from
   * `performance.timeOrigin`, with an error that nobody knows. Where the clock is the same, as in
   * Node, it returns at once. dom0 has to return to its event loop meanwhile, so await it.
   * @returns nanoseconds by which this thread's times may be off; undefined: dom0 itself does not know
   * Throws TraceError `no-answer` when no dom0 answers in time, `joined` once this thread is a CPU.
   */
  async calibrate(options: CalibrateOptions = {}): Promise<number | undefined> {
    checkOptions("calibrate", options, ["timeoutMs"]);
    if (this.cpu) throw new TraceError("joined", "calibrate: this thread is a CPU already");
    if (this.origin.errorNs !== 0) {
      this.origin = await askTime(this.views, this.ownTid, options);
    }
    return this.origin.errorNs;
  }

  /**
   * Keeps the coarse time fresh from this thread's event loop, for CPUs with `clock: "coarse"`. While
   * the loop is busy, time stands still for them: a thread with little to do is best. One ticker is
   * enough. Keeps no process alive. Throws TraceError `bad-option`.
   */
  startTicker(options: TickerOptions = {}): Ticker {
    return new Ticker(this.views, this.origin.ms, options);
  }

  /**
   * Keeps the coarse time fresh from a thread that does nothing else, until `stop`, asked after each
   * tick, returns true. Throws TraceError `bad-option`, and what `Atomics.wait` throws in a thread
   * that may not block: the page of a browser.
   */
  runTicker(stop: () => boolean, options: TickerOptions = {}): void {
    tickUntil(this.views, this.origin.ms, stop, options);
  }

  /**
   * Tells the hypervisor that a thread, and all threads that descend from it, have died: their CPUs
   * can be used again, and dom0 need not wait for them. Only with proof, such as Node's 'exit' event
   * of the Worker; a wrong word corrupts what that thread still writes.
   * @param tid number of the thread, 0 to 2^31 - 2. A Worker's `threadId` is -1 after its exit: read
   *   it before.
   * @returns the number of CPUs that were given back. Throws TraceError `bad-option`, and `corrupt`
   *   when the hypervisor's memory was overwritten.
   */
  reap(tid: number): number {
    checkWhole("reap", "tid", tid, TID_MAX);
    return guarded("reap", () => this.core.cpu_reap(tid));
  }

  /**
   * The CPUs that thread `tid`, and all threads that descend from it, hold now: what `reap` frees.
   * Throws as `reap` does.
   */
  threadsOf(tid: number): ThreadInfo[] {
    checkWhole("threadsOf", "tid", tid, TID_MAX);
    return guarded("threadsOf", () => readThreads(this.views, tid));
  }

  /**
   * Calls dom0 by an event channel that it has allocated: `allocEvtchn` there returns the port. What this
   * thread wrote to shared memory before is visible to the handler; notifications that come before it is
   * called are one call. Works in any thread that has joined, be it a CPU or not.
   * @param port 24 to 31. Throws TraceError `port` when no dom0 has allocated it, or dom0 has closed it.
   */
  notify(port: number): void {
    // What is no u32 would reach the hypervisor as another number.
    if (this.core.evtchn_notify(port >>> 0 === port ? port : 0xffffffff)) {
      throw hypercallError("notify", this.core.reason(), { port });
    }
  }

  /** Frames of 4096 bytes that are free, and all that there are. */
  frames(): Frames {
    return guarded("frames", () => countFrames(this.views));
  }

  /** This thread stops being a CPU, until it attaches again. May be called twice. */
  close(): void {
    this.#cpu?.detach();
  }
}

/**
 * Joins a hypervisor that another thread has booted, as `Hypervisor.join` does, for a thread that will
 * not be dom0: bundlers leave dom0 and the module out of the script of a worker that calls nothing
 * else. Throws TraceError `bad-handle` when this is no handle or no hypervisor is there,
 * `abi-mismatch` (naming both versions) when that thread's copy of this package lays memory out in
 * another way.
 */
export function join(handle: HypervisorHandle): Member {
  checkHandle(handle);
  return new Member(handle);
}

/** Throws as `join` does. */
export function checkHandle(handle: HypervisorHandle): void {
  if (
    handle?.kind !== "tbuf-hypervisor" ||
    !(handle.memory instanceof wasm.Memory) ||
    !(handle.module instanceof wasm.Module) ||
    typeof handle.clock?.bootMs !== "number"
  ) {
    throw new TraceError(
      "bad-handle",
      `join: takes what handle() of a hypervisor returned, got ${describeValue(handle)}`,
    );
  }
  checkAbi("the handle", handle.abi);
  const found = readBootWords(handle.memory.buffer);
  if (!found?.ready || found.magic !== MAGIC) {
    throw new TraceError("bad-handle", `join: no hypervisor in that memory, magic=${found?.magic}`);
  }
  checkAbi("the memory", found.abi);
}

function checkAbi(where: string, abi: number): void {
  if (abi === ABI_VERSION) return;
  throw new TraceError(
    "abi-mismatch",
    `join: ${where} has ABI version ${abi}, this copy of tbuf has ${ABI_VERSION}`,
  );
}
