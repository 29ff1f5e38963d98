// What this runtime allows. A page that is not cross-origin isolated may not share memory.

/** What can be had here; found out without trying anything that may throw. */
export interface Capabilities {
  /** Memory can be shared: threads can join. False: one thread records and reads, with the same API. */
  readonly crossThread: boolean;
  /** Threads can wait for each other without blocking; otherwise they poll. */
  readonly waitAsync: boolean;
}

const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
const crossThread = typeof SharedArrayBuffer === "function" && crossOriginIsolated !== false;

export const capabilities: Capabilities = Object.freeze({
  crossThread,
  waitAsync: crossThread && typeof Atomics.waitAsync === "function",
});
