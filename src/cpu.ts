/// <reference lib="esnext.disposable" preserve="true" />
// A CPU: the thread that has joined, and its answers to dom0's requests for a quiescent point.

import {
  ABI_VERSION,
  CPU_BLOCK_BYTES,
  CPU_DOMAIN_AT,
  CPUS_AT,
  CTL_EPOCH_AT,
} from "../assembly/public/layout.js";
import { type Clock, type ClockBase, localOrigin, performanceClock } from "./clock.js";
import type { CoreExports } from "./core.js";
import { type CpuBinding, currentBinding, setCurrentBinding } from "./current.js";
import { makeDisposable } from "./dispose.js";
import { hypercallError } from "./errors.js";
import { countFrames } from "./frames.js";
import { controlWord, type MemoryViews } from "./memory.js";
import { jsWriter } from "./writer/index.js";

/** Without Atomics.waitAsync, a CPU looks at dom0's request this often. */
const POLL_MS = 100;

export interface AttachOptions {
  /** Number of this thread, unique among the hypervisor's threads while it lives: `threadId` of
   * Node. Default: a random one, which nobody can reap. */
  readonly tid?: number;
  /** `tid` of the thread that started this one; when that one is reaped, so is this one. */
  readonly parent?: number;
  /** False: the tracepoints of this thread stay as they are. Default true. */
  readonly current?: boolean;
  /** Where time comes from. Default `performance`; it must tell the same time as that. */
  readonly clock?: Clock;
  /** What writes the records: the Wasm module, or the same protocol in JavaScript, which is slower
   * and there to be compared with. Both write the same bytes. Default `"wasm"`. */
  readonly writer?: "wasm" | "js";
}

export class Cpu {
  /** `using`: detaches it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  /** Index of the slot, 0 to `cpus` - 1: its records are in the stream of this number. */
  readonly index: number;
  /** Number of the domain that this thread is; 0 is dom0. */
  readonly domain: number;
  readonly tid: number;
  readonly binding: CpuBinding;
  readonly #core: CoreExports;
  readonly #views: MemoryViews;
  #detached = false;
  #poll: ReturnType<typeof setInterval> | undefined;

  /** Throws TraceError `no-cpu`, `no-memory` or as `facility`. Made by `Hypervisor.attach`. */
  constructor(
    core: CoreExports,
    views: MemoryViews,
    base: ClockBase,
    options: AttachOptions & { readonly tid: number },
  ) {
    const { tid, parent = tid, current = true, clock = performanceClock } = options;
    const originMs = localOrigin(base);
    this.#core = core;
    this.#views = views;
    this.tid = tid;
    this.index = core.join(tid, parent, originMs);
    if (this.index < 0) {
      throw hypercallError("attach", core.reason(), { tid, framesFree: countFrames(views).free });
    }
    const block = CPUS_AT + this.index * CPU_BLOCK_BYTES;
    this.domain = views.data.getUint32(block + CPU_DOMAIN_AT, true);
    if (options.writer === "js") {
      this.#core = { ...core, ...jsWriter(core, views, block, originMs) };
    }
    this.binding = {
      abi: ABI_VERSION,
      core: this.#core,
      views,
      cpu: this.index,
      domain: this.domain,
      now: () => clock.now(),
    };
    makeDisposable(this, () => this.detach());
    this.#answer();
    if (!current) return;
    try {
      setCurrentBinding(this.binding);
    } catch (error) {
      // A facility of this thread was refused: nobody holds this object, so nobody else can detach.
      this.detach();
      throw error;
    }
  }

  get detached(): boolean {
    return this.#detached;
  }

  /** The thread stops being a CPU. What it recorded stays readable. May be called twice. */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    if (currentBinding() === this.binding) setCurrentBinding(undefined);
    clearInterval(this.#poll);
    this.#core.leave();
  }

  /**
   * Passes a quiescent point whenever dom0 asks and the event loop comes round. Costs nothing while
   * dom0 does not ask, and keeps no process alive.
   */
  #answer(): void {
    const index = controlWord(CTL_EPOCH_AT);
    if (typeof Atomics.waitAsync !== "function") {
      this.#poll = setInterval(() => this.#core.quiesce(), POLL_MS);
      (this.#poll as { unref?: () => void }).unref?.();
      return;
    }
    const wait = (): void => {
      if (this.#detached) return;
      // The epoch is read before the answer: one that begins in between ends the wait at once.
      const epoch = Atomics.load(this.#views.words, index);
      this.#core.quiesce();
      const { async, value } = Atomics.waitAsync(this.#views.words, index, epoch);
      if (async) value.then(wait);
      else queueMicrotask(wait);
    };
    wait();
  }
}
