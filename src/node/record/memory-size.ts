// How much memory a recording reserves. Only what is used of it is backed by the operating system, but limits on
// address space count all of it.

import { FRAME_BYTES } from "../../../assembly/public/layout.js";

const WASM_PAGE_BYTES = 65536;
/** Boot's tables, facility descriptions, and for each CPU its scratch area and control block. */
const FIXED_BYTES = 4 * 1024 * 1024;
const CPU_BYTES = 8 * FRAME_BYTES;
/** The most memory there can be. */
export const MEMORY_BYTES_MAX = 2 ** 31 - 2 * WASM_PAGE_BYTES;

/** Bytes for that many CPUs with buffers of `bufferBytes` bytes; of fewer CPUs where there cannot be so many. */
export function memoryFor(cpus: number, bufferBytes: number): number {
  // The frame table takes 16 bytes a frame; buffers are aligned to their size.
  const wanted = (FIXED_BYTES + bufferBytes + cpus * (bufferBytes + CPU_BYTES)) * (1 + 1 / 128);
  const bytes = Math.ceil(wanted / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
  return Math.min(bytes, MEMORY_BYTES_MAX);
}

/** True where two threads have room. */
export function hasRoom(bufferBytes: number): boolean {
  return 2 * bufferBytes + FIXED_BYTES <= MEMORY_BYTES_MAX;
}
