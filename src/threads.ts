// Which threads are CPUs: the CPU table, read.

import {
  CPU_BLOCK_BYTES,
  CPU_DOMAIN_AT,
  CPU_FREE,
  CPU_PARENT_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  CPUS_AT,
  CTL_CPUS_AT,
} from "../assembly/public/layout.js";
import { controlWord, type MemoryViews } from "./memory.js";

/** A thread that holds a CPU. */
export interface ThreadInfo {
  readonly cpu: number;
  readonly domain: number;
  /** Numbers of the thread and of the one that started it, as they were given to `attach`. */
  readonly tid: number;
  readonly parent: number;
}

/** The threads that hold a CPU now; stale as soon as it is read. */
export function readThreads({ words }: MemoryViews): ThreadInfo[] {
  const threads: ThreadInfo[] = [];
  const cpus = Atomics.load(words, controlWord(CTL_CPUS_AT));
  for (let cpu = 0; cpu < cpus; cpu++) {
    const load = (at: number) =>
      Atomics.load(words, (CPUS_AT + cpu * CPU_BLOCK_BYTES + at) / 4) >>> 0;
    if (load(CPU_STATE_AT) === CPU_FREE) continue;
    // Both are stored + 1: 0 means none.
    const [tid, parent] = [load(CPU_TID_AT) - 1, load(CPU_PARENT_AT) - 1];
    threads.push({ cpu, domain: load(CPU_DOMAIN_AT), tid, parent });
  }
  return threads;
}
