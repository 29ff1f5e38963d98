// Which threads are CPUs, and which thread started which: the CPU table and the family, read.

import {
  CONTROL_AT,
  CPU_BLOCK_BYTES,
  CPU_DOMAIN_AT,
  CPU_FREE,
  CPU_STATE_AT,
  CPUS_AT,
  CPUS_MAX,
  CTL_CPUS_AT,
  CTL_FAMILY_AT,
  FAMILY_MAX,
} from "../../assembly/public/layout.js";
import { controlWord, type MemoryViews } from "./views.js";

/** A thread that holds a CPU. */
export interface ThreadInfo {
  readonly cpu: number;
  readonly domain: number;
  /** Numbers of the thread and of the one that started it, as they were given to `attach`. */
  readonly tid: number;
  readonly parent: number;
}

/** A u64 that holds two words. Loaded as one, as it is stored: accesses of two sizes do not synchronize. */
function loadPair({ longs }: MemoryViews, at: number): [low: number, high: number] {
  const both = Atomics.load(longs, at / 8);
  return [Number(both & 0xffffffffn), Number(both >> 32n)];
}

/** The number of the starter of each thread that is known to have one. */
function readFamily(views: MemoryViews): Map<number, number> {
  const starters = new Map<number, number>();
  for (let index = 0; index < FAMILY_MAX; index++) {
    // Pairs with startedBy in assembly/family.ts.
    const [child, starter] = loadPair(views, CONTROL_AT + CTL_FAMILY_AT + index * 8);
    // Both are stored + 1: 0 means none.
    if (child !== 0) starters.set(child - 1, starter - 1);
  }
  return starters;
}

/** The threads that hold a CPU now and descend from `from`; stale as soon as it is read. */
export function readThreads(views: MemoryViews, from: number): ThreadInfo[] {
  const starters = readFamily(views);
  const descends = (tid: number): boolean => {
    let each: number | undefined = tid;
    // Bounded, whatever the family's places hold.
    for (let steps = 0; steps <= FAMILY_MAX && each !== undefined; steps++) {
      if (each === from) return true;
      each = starters.get(each);
    }
    return false;
  };
  const threads: ThreadInfo[] = [];
  const cpus = Math.min(Atomics.load(views.words, controlWord(CTL_CPUS_AT)) >>> 0, CPUS_MAX);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const block = CPUS_AT + cpu * CPU_BLOCK_BYTES;
    // Pairs with the stores of the state in assembly/cpu.ts.
    const [state, holder] = loadPair(views, block + CPU_STATE_AT);
    const tid = holder - 1;
    if (state === CPU_FREE || !descends(tid)) continue;
    const domain = Atomics.load(views.words, (block + CPU_DOMAIN_AT) / 4) >>> 0;
    threads.push({ cpu, domain, tid, parent: starters.get(tid) ?? tid });
  }
  return threads;
}
