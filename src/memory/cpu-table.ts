// The CPU table: which threads are CPUs, and what each has noted of itself; and the family, which tells
// which thread started which.

import {
  CONTROL_AT,
  CPU_BLOCK_BYTES,
  CPU_CLOCK_AT,
  CPU_DOMAIN_AT,
  CPU_ERROR_AT,
  CPU_FREE,
  CPU_RESOLUTION_AT,
  CPU_STATE_AT,
  CPUS_AT,
  CTL_FAMILY_AT,
  FAMILY_MAX,
} from "../../assembly/public/layout.js";
import { cpuSlots } from "./control-page.js";
import type { MemoryViews } from "./views.js";

/** Address of a CPU's block. */
export function cpuBlockAt(cpu: number): number {
  return CPUS_AT + cpu * CPU_BLOCK_BYTES;
}

function loadWord({ words }: MemoryViews, cpu: number, at: number): number {
  return Atomics.load(words, (cpuBlockAt(cpu) + at) / 4) >>> 0;
}

/** The domain that a CPU's thread is. */
export function domainOf(views: MemoryViews, cpu: number): number {
  return loadWord(views, cpu, CPU_DOMAIN_AT);
}

/** What a thread notes of its clock when it has joined. */
export interface NotedClock {
  /** A CLOCK_ value; 0: no thread has joined as this CPU yet. */
  readonly kind: number;
  /** Nanoseconds; 0: nobody knows. */
  readonly resolutionNs: number;
  /** Nanoseconds; ERROR_UNKNOWN: nobody knows. */
  readonly errorNs: number;
}

/** Notes the clock of the thread that holds a CPU. */
export function noteClock({ words }: MemoryViews, cpu: number, noted: NotedClock): void {
  const block = cpuBlockAt(cpu);
  Atomics.store(words, (block + CPU_CLOCK_AT) / 4, noted.kind);
  Atomics.store(words, (block + CPU_RESOLUTION_AT) / 4, noted.resolutionNs);
  Atomics.store(words, (block + CPU_ERROR_AT) / 4, noted.errorNs);
}

/** The clock of the last thread that held a CPU. */
export function notedClock(views: MemoryViews, cpu: number): NotedClock {
  return {
    kind: loadWord(views, cpu, CPU_CLOCK_AT),
    resolutionNs: loadWord(views, cpu, CPU_RESOLUTION_AT),
    errorNs: loadWord(views, cpu, CPU_ERROR_AT),
  };
}

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
  const cpus = cpuSlots(views);
  for (let cpu = 0; cpu < cpus; cpu++) {
    // Pairs with the stores of the state in assembly/cpu.ts.
    const [state, holder] = loadPair(views, cpuBlockAt(cpu) + CPU_STATE_AT);
    const tid = holder - 1;
    if (state === CPU_FREE || !descends(tid)) continue;
    threads.push({ cpu, domain: domainOf(views, cpu), tid, parent: starters.get(tid) ?? tid });
  }
  return threads;
}
