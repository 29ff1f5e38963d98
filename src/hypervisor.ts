// Booting a hypervisor, and being its dom0.

import {
  ABI_VERSION,
  CPUS_MAX,
  FRAME_BYTES,
  FRAMES_MAX,
  TID_MAX,
} from "../assembly/public/layout.js";
import { type ClockBase, readClockBase } from "./clock/clock.js";
import { checkHandle, type HypervisorHandle, Member } from "./cpu/member.js";
import { badOption, checkOptions, hypercallError, TraceError } from "./errors.js";
import { Dom0 } from "./host/dom0.js";
import { capabilities } from "./memory/capabilities.js";
import { coreModule } from "./memory/core.js";
import { type WasmMemory, wasm } from "./memory/wasm.js";
import { checkWhole } from "./memory/whole.js";

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

/**
 * This thread's instance of a hypervisor. Several hypervisors in one process share nothing.
 *
 * Closing it (or leaving its `using` scope) makes this thread stop being a CPU and dom0; the memory
 * goes when the last thread has let go of it.
 */
export class Hypervisor extends Member {
  readonly #clock: ClockBase;
  #dom0: Dom0 | undefined;

  private constructor(handle: HypervisorHandle) {
    // TypeScript refuses `new Hypervisor()`, JavaScript does not.
    if (handle?.kind !== "tbuf-hypervisor") {
      throw new TraceError(
        "bad-handle",
        "new Hypervisor: call Hypervisor.boot() in one thread, and Hypervisor.join(handle) in the others",
      );
    }
    super(handle);
    this.#clock = handle.clock;
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
    if (typeof memoryBytes !== "number" || !Number.isInteger(pages) || pages < 4 || pages > most) {
      const range = `from ${4 * WASM_PAGE_BYTES} to ${most * WASM_PAGE_BYTES}`;
      const expected = `a multiple of ${WASM_PAGE_BYTES} ${range}`;
      throw badOption("boot", "memoryBytes", expected, memoryBytes);
    }
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > CPUS_MAX) {
      throw badOption("boot", "cpus", `an integer from 1 to ${CPUS_MAX}`, cpus);
    }
    const hypervisor = new Hypervisor({
      kind: "tbuf-hypervisor",
      abi: ABI_VERSION,
      module: coreModule(shared),
      memory: newMemory(pages, shared),
      clock: readClockBase(),
    });
    const { core } = hypervisor;
    const frames = (pages * WASM_PAGE_BYTES) / FRAME_BYTES;
    if (core.boot(frames, cpus)) throw hypercallError("boot", core.reason(), { frames, cpus });
    return hypervisor;
  }

  /**
   * Joins a hypervisor that another thread has booted. Throws TraceError `bad-handle` when this is
   * no handle or no hypervisor is there, `abi-mismatch` (naming both versions) when that thread's
   * copy of this package lays memory out in another way.
   */
  static join(handle: HypervisorHandle): Hypervisor {
    checkHandle(handle);
    return new Hypervisor(handle);
  }

  /**
   * Makes this thread dom0, the one that controls and reads traces. Throws TraceError `dom0-taken`
   * while another thread is, `bad-option`. A second call returns the same.
   * @param tid number of this thread, 0 to 2^31 - 2, by which `reap` may take the claim from it when
   *   it has died
   */
  dom0(tid: number = this.ownTid): Dom0 {
    if (!this.#dom0 || this.#dom0.closed) {
      checkWhole("dom0", "tid", tid, TID_MAX);
      this.#dom0 = new Dom0(this.core, this.views, {
        tid,
        clock: this.#clock,
        cpu: () => this.cpu,
        origin: () => this.origin,
      });
    }
    return this.#dom0;
  }

  /** This thread stops being dom0 and a CPU, until it asks to be one again. May be called twice. */
  override close(): void {
    try {
      this.#dom0?.close();
    } finally {
      super.close();
    }
  }
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
