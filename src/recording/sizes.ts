// How much memory a recording needs, from what its user says: bytes per thread, and threads.

import {
  BUFFER_BYTES_MAX,
  CPUS_MAX,
  FRAME_BYTES,
  FRAMES_MAX,
  SCRATCH_BYTES,
  SUBBUF_BYTES_MIN,
} from "../../assembly/public/layout.js";
import { badOption, TraceError } from "../errors.js";

const WASM_PAGE_BYTES = 65536;
/** The hypervisor's own tables, and room for the descriptions of many facilities. */
const TABLES_BYTES = 2 * 1024 * 1024;
const SUBBUFS = 8;
const MEMORY_MAX = Math.floor((FRAMES_MAX * FRAME_BYTES) / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;

/** What `Hypervisor.boot` and `createTrace` are to be asked for. */
export interface Sizes {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly subbufBytes: number;
  readonly subbufCount: number;
}

/**
 * Sizes for buffers of `bytes` bytes per thread, rounded down to a power of two, and `threads` threads at
 * a time. Throws TraceError `bad-option`.
 * @param what function that the user called, for the error's message
 */
export function sizesFor(what: string, bytes: number, threads: number): Sizes {
  const least = SUBBUFS * SUBBUF_BYTES_MIN;
  if (!Number.isInteger(bytes) || bytes < least || bytes > BUFFER_BYTES_MAX) {
    throw badOption(
      what,
      "bytes",
      `a whole number of bytes from ${least} to ${BUFFER_BYTES_MAX}`,
      bytes,
    );
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > CPUS_MAX) {
    throw badOption(what, "threads", `a whole number from 1 to ${CPUS_MAX}`, threads);
  }
  const buffer = 2 ** Math.floor(Math.log2(bytes));
  // A buffer is a run of frames that is aligned to its size, so one buffer's worth may be lost.
  const wanted = TABLES_BYTES + buffer + threads * (buffer + SCRATCH_BYTES + FRAME_BYTES);
  const memoryBytes = Math.ceil(wanted / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
  if (memoryBytes > MEMORY_MAX) {
    throw new TraceError(
      "bad-option",
      `${what}: ${threads} threads with ${buffer} bytes each need ${memoryBytes} bytes, the limit is ` +
        `${MEMORY_MAX}; ask for fewer bytes or fewer threads`,
    );
  }
  return { memoryBytes, cpus: threads, subbufBytes: buffer / SUBBUFS, subbufCount: SUBBUFS };
}
