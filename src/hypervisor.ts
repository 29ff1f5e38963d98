/// <reference lib="esnext.disposable" preserve="true" />
// Booting a hypervisor, and joining it from other threads.

import {
  ABI_VERSION,
  CONTROL_AT,
  CPUS_MAX,
  CTL_ABI_AT,
  CTL_MAGIC_AT,
  CTL_STATE_AT,
  FRAME_BYTES,
  FRAMES_MAX,
  HYPERCALL_AT,
  MAGIC,
  STATE_READY,
} from "../assembly/public/layout.js";
import { askTime, type CalibrateOptions } from "./calibrate.js";
import { capabilities } from "./capabilities.js";
import { type ClockBase, localOrigin, type Origin, readClockBase } from "./clock.js";
import { type CoreExports, coreModule, instantiate } from "./core.js";
import { type AttachOptions, Cpu } from "./cpu.js";
import { makeDisposable } from "./dispose.js";
import { checkOptions, hypercallError, TraceError } from "./errors.js";
import { countFrames, type Frames } from "./frames.js";
import { Dom0 } from "./host/dom0.js";
import { isShared, type MemoryViews, viewsOf } from "./memory.js";
import { readThreads, type ThreadInfo } from "./threads.js";
import { Ticker, type TickerOptions, tickUntil } from "./ticker.js";
import { type WasmMemory, type WasmModule, wasm } from "./wasm.js";

const WASM_PAGE_BYTES = 65536;

export interface BootOptions {
  /** Bytes of shared memory, all of it reserved at once; a multiple of 65536. Default 16 MiB. */
  readonly memoryBytes?: number;
  /** Most threads that can be CPUs at a time, 1 to 256. Default 64. */
  readonly cpus?: number;
  /**
   * False: memory that no other thread can join, as in a page that is not cross-origin isolated.
   * Default: what `capabilities.crossThread` says. Throws TraceError `unsupported` for true where
   * memory cannot be shared.
   */
  readonly shared?: boolean;
}

/** What another thread needs to join: send it by postMessage or workerData. */
export interface HypervisorHandle {
  readonly kind: "tbuf-hypervisor";
  readonly abi: number;
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly clock: ClockBase;
}

/**
 * This thread's instance of a hypervisor. Several hypervisors in one process share nothing.
 *
 * Closing it (or leaving its `using` scope) makes this thread stop being a CPU and dom0; the memory
 * goes when the last thread has let go of it.
 */
export class Hypervisor {
  /** `using`: closes it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly #handle: HypervisorHandle;
  readonly #core: CoreExports;
  readonly #views: MemoryViews;
  readonly #shared: boolean;
  /** This thread's number where the program gives none: then nobody can reap it. */
  readonly #tid = 0x40000000 + Math.floor(Math.random() * 0x3ffffff0);
  #origin: Origin;
  #cpu: Cpu | undefined;
  #dom0: Dom0 | undefined;

  private constructor(handle: HypervisorHandle) {
    this.#handle = handle;
    this.#core = instantiate(handle.module, handle.memory);
    this.#views = viewsOf(handle.memory);
    this.#shared = isShared(handle.memory);
    this.#origin = localOrigin(handle.clock);
    makeDisposable(this, () => this.close());
  }

  /**
   * Boots a hypervisor in fresh shared memory. Throws TraceError `bad-option` for a size or number
   * out of range, `unsupported` where the runtime cannot make shared memory of that size.
   */
  static boot(options: BootOptions = {}): Hypervisor {
    checkOptions("boot", options, ["memoryBytes", "cpus", "shared"]);
    const { memoryBytes = 16 * 1024 * 1024, cpus = 64 } = options;
    const { shared = capabilities.crossThread } = options;
    const most = Math.floor(((FRAMES_MAX + 1) * FRAME_BYTES) / WASM_PAGE_BYTES) - 1;
    const pages = memoryBytes / WASM_PAGE_BYTES;
    if (!Number.isInteger(pages) || pages < 4 || pages > most) {
      throw new TraceError(
        "bad-option",
        `boot: memoryBytes=${memoryBytes} is not a multiple of ${WASM_PAGE_BYTES} from ` +
          `${4 * WASM_PAGE_BYTES} to ${most * WASM_PAGE_BYTES}`,
      );
    }
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > CPUS_MAX) {
      throw new TraceError("bad-option", `boot: cpus=${cpus} is not from 1 to ${CPUS_MAX}`);
    }
    const hypervisor = new Hypervisor({
      kind: "tbuf-hypervisor",
      abi: ABI_VERSION,
      module: coreModule(shared),
      memory: newMemory(pages, shared),
      clock: readClockBase(),
    });
    hypervisor.#boot((pages * WASM_PAGE_BYTES) / FRAME_BYTES, cpus);
    return hypervisor;
  }

  /**
   * Joins a hypervisor that another thread has booted. Throws TraceError `bad-handle` when this is
   * no handle or no hypervisor is there, `abi-mismatch` (naming both versions) when that thread's
   * copy of this package lays memory out in another way.
   */
  static join(handle: HypervisorHandle): Hypervisor {
    if (
      handle?.kind !== "tbuf-hypervisor" ||
      !(handle.memory instanceof wasm.Memory) ||
      !(handle.module instanceof wasm.Module) ||
      typeof handle.clock?.bootMs !== "number" ||
      handle.memory.buffer.byteLength < HYPERCALL_AT
    ) {
      throw new TraceError("bad-handle", `join: ${typeof handle} is no handle of a hypervisor`);
    }
    checkAbi("the handle", handle.abi);
    const control = new Int32Array(handle.memory.buffer, CONTROL_AT, 16);
    const magic = control[CTL_MAGIC_AT / 4];
    if (Atomics.load(control, CTL_STATE_AT / 4) !== STATE_READY || magic !== MAGIC) {
      throw new TraceError("bad-handle", `join: no hypervisor in that memory, magic=${magic}`);
    }
    checkAbi("the memory", control[CTL_ABI_AT / 4] ?? 0);
    return new Hypervisor(handle);
  }

  #boot(frames: number, cpus: number): void {
    const core = this.#core;
    const failed = core.boot(frames, cpus);
    if (failed) throw hypercallError("boot", core.reason(), { frames, cpus });
  }

  /**
   * Structured-cloneable: what another thread needs to join. Throws TraceError `unsupported` when its
   * memory is not shared.
   */
  handle(): HypervisorHandle {
    if (!this.#shared) {
      throw new TraceError("unsupported", "handle: the memory is not shared, so nobody can join");
    }
    return this.#handle;
  }

  /**
   * Makes this thread a CPU, which its tracepoints then record on. Once a thread; a second call
   * returns the same. Throws TraceError `no-cpu` when all are in use, `no-memory` when the buffers
   * of the traces that exist do not fit, and as `facility` when one that this thread has defined is
   * refused.
   */
  attach(options: AttachOptions = {}): Cpu {
    if (!this.#cpu || this.#cpu.detached) {
      const { tid = this.#tid } = options;
      this.#cpu = new Cpu(this.#core, this.#views, this.#origin, { ...options, tid });
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
    if (this.#origin.errorNs !== 0) {
      this.#origin = await askTime(this.#views, this.#tid, options);
    }
    return this.#origin.errorNs;
  }

  /**
   * Keeps the coarse time fresh from this thread's event loop, for CPUs with `clock: "coarse"`. While
   * the loop is busy, time stands still for them: a thread with little to do is best. One ticker is
   * enough. Keeps no process alive. Throws TraceError `bad-option`.
   */
  startTicker(options: TickerOptions = {}): Ticker {
    return new Ticker(this.#views, this.#origin.ms, options);
  }

  /**
   * Keeps the coarse time fresh from a thread that does nothing else, until `stop`, asked after each
   * tick, returns true. Throws TraceError `bad-option`, and what `Atomics.wait` throws in a thread
   * that may not block: the page of a browser.
   */
  runTicker(stop: () => boolean, options: TickerOptions = {}): void {
    tickUntil(this.#views, this.#origin.ms, stop, options);
  }

  /**
   * Makes this thread dom0, the one that controls and reads traces. Throws TraceError `dom0-taken`
   * while another thread is. A second call returns the same.
   * @param tid number of this thread, by which `reap` may take the claim from it when it has died
   */
  dom0(tid?: number): Dom0 {
    if (!this.#dom0 || this.#dom0.closed) {
      this.#dom0 = new Dom0(this.#core, this.#views, {
        tid: tid ?? this.#tid,
        clock: this.#handle.clock,
        cpu: () => this.cpu,
        origin: () => this.#origin,
      });
    }
    return this.#dom0;
  }

  /**
   * Tells the hypervisor that a thread, and all threads that it started, have died: their CPUs can
   * be used again, and dom0 need not wait for them. Only with proof, such as Node's 'exit' event of
   * the Worker; a wrong word corrupts what that thread still writes.
   * @returns the number of CPUs that were given back
   */
  reap(tid: number): number {
    return this.#core.reap(tid);
  }

  /** The CPUs that thread `tid`, and all threads that came from it, hold now: what `reap` frees. */
  threadsOf(tid: number): ThreadInfo[] {
    const threads = readThreads(this.#views);
    const tids = new Set([tid]);
    // A set's loop also visits what is added meanwhile: children of children.
    for (const each of tids) {
      for (const { tid: child, parent } of threads) if (parent === each) tids.add(child);
    }
    return threads.filter((thread) => tids.has(thread.tid));
  }

  /** Frames of 4096 bytes that are free, and all that there are. */
  frames(): Frames {
    return countFrames(this.#views);
  }

  /** This thread stops being dom0 and a CPU. May be called twice. */
  close(): void {
    this.#dom0?.close();
    this.#cpu?.detach();
  }
}

function checkAbi(where: string, abi: number): void {
  if (abi === ABI_VERSION) return;
  throw new TraceError(
    "abi-mismatch",
    `join: ${where} has ABI version ${abi}, this copy of tbuf has ${ABI_VERSION}`,
  );
}

function newMemory(pages: number, shared: boolean): WasmMemory {
  if (shared && !capabilities.crossThread) {
    throw new TraceError(
      "unsupported",
      "boot: shared=true, and this page is not cross-origin isolated: it may not share memory",
    );
  }
  try {
    // Never grown: other threads would go on with the old, shorter buffer.
    return new wasm.Memory({ initial: pages, maximum: pages, shared });
  } catch (error) {
    throw new TraceError(
      "unsupported",
      `boot: this runtime makes no memory of ${pages * WASM_PAGE_BYTES} bytes`,
      { cause: error },
    );
  }
}
