// Views of the hypervisor's memory that this side needs, made once an instance. The memory never
// grows, so a view never goes stale.

import { CONTROL_AT, ENABLED_AT, EVENTS_MAX } from "../assembly/public/layout.js";
import type { WasmMemory } from "./wasm.js";

/** The shared memory in the shapes that dom0 and the CPUs read it in. All little-endian. */
export interface MemoryViews {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly data: DataView;
  /** For Atomics on 32-bit words: index = address / 4. */
  readonly words: Int32Array;
  /** For Atomics on 64-bit words: index = address / 8. */
  readonly longs: BigUint64Array;
  /** The enabled table: one word an event. */
  readonly enabled: Int32Array;
}

export function viewsOf(memory: WasmMemory): MemoryViews {
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    data: new DataView(buffer),
    words: new Int32Array(buffer),
    longs: new BigUint64Array(buffer),
    enabled: new Int32Array(buffer, ENABLED_AT, EVENTS_MAX),
  };
}

/** Index in `words` of the control page's word at `at`. */
export function controlWord(at: number): number {
  return (CONTROL_AT + at) / 4;
}
