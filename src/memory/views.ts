// Views of the hypervisor's memory that this side needs, made once an instance. The memory never
// grows, so a view never goes stale.

import { ENABLED_AT, EVENTS_MAX } from "../../assembly/public/layout.js";
import { capabilities } from "./capabilities.js";
import type { WasmMemory } from "./wasm.js";

/** The shared memory in the shapes that dom0 and the CPUs read it in. All little-endian. */
export interface MemoryViews {
  readonly buffer: SharedArrayBuffer;
  /** Whether Atomics.waitAsync works on it: not on memory that is not shared. */
  readonly canWait: boolean;
  readonly bytes: Uint8Array;
  readonly data: DataView;
  /** For Atomics on 32-bit words: index = address / 4. */
  readonly words: Int32Array;
  /** For Atomics on 64-bit words: index = address / 8. */
  readonly longs: BigUint64Array;
  /** The enabled table: one word an event. */
  readonly enabled: Int32Array;
}

/** Whether other threads can have the memory too. Pages that may not share have no such class. */
export function isShared({ buffer }: WasmMemory): boolean {
  return typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer;
}

export function viewsOf(memory: WasmMemory): MemoryViews {
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  return {
    buffer,
    canWait: capabilities.waitAsync && isShared(memory),
    bytes: new Uint8Array(buffer),
    data: new DataView(buffer),
    words: new Int32Array(buffer),
    longs: new BigUint64Array(buffer),
    enabled: new Int32Array(buffer, ENABLED_AT, EVENTS_MAX),
  };
}
