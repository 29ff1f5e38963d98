// Calls into the hypervisor that work on shared memory, which any thread may have written over: a
// wrong word there must never come out as anything but a TraceError.

import { TraceError } from "../errors.js";
import { wasm } from "./wasm.js";

/**
 * Makes one call into the hypervisor, or one read of its tables, and returns its result. A trap of
 * the WebAssembly module, and a RangeError of a view, become TraceError `corrupt` with the original
 * error as its cause; anything else passes as it is.
 * @param what the operation, as the message names it: `settle`
 */
export function guarded<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof wasm.RuntimeError || error instanceof RangeError)) throw error;
    throw new TraceError(
      "corrupt",
      `${what}: the hypervisor's memory is corrupt, something overwrote it: ${String(error)}`,
      { cause: error },
    );
  }
}
