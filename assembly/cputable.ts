// The CPU table as everybody sees it. What a thread does with its own CPU is in cpu.ts.

import { load32, load64 } from "./atomic";
import {
  CONTROL_AT,
  CPU_ACK_AT,
  CPU_BLOCK_SHIFT,
  CPU_FREE,
  CPU_STATE_AT,
  CPUS_AT,
  CPUS_MAX,
  CTL_CPUS_AT,
} from "./public/layout";

export function cpuBlock(cpu: u32): usize {
  return CPUS_AT + (cpu << CPU_BLOCK_SHIFT);
}

/** Bounded, whatever the word holds: loops over the CPUs end. */
export function cpusCount(): u32 {
  return min(load<u32>(CONTROL_AT, CTL_CPUS_AT), CPUS_MAX);
}

/**
 * State of a slot (CPU_). All 64 bits are loaded, as they are stored: accesses of two sizes do not
 * synchronize. Pairs with claimSlot, join, leave, release and reap in cpu.ts.
 */
export function cpuState(cpu: u32): u32 {
  return <u32>load64(cpuBlock(cpu) + CPU_STATE_AT);
}

/** State and tid as the one word that moves by CAS. */
export function stateWord(state: u32, tid: u32): u64 {
  return ((<u64>(tid + 1)) << 32) | state;
}

/**
 * True when no CPU can still hold a pointer that it read before `epoch` began.
 * Pairs with quiesce and join in cpu.ts, which store the acks. The ack of a dead CPU also stands for
 * the thread that reaps it, which sees no trace that was destroyed before that.
 */
export function quiescentSince(epoch: u32): bool {
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    if (cpuState(cpu) == CPU_FREE) continue;
    // Pairs with the stores of the ack in quiesce and join.
    if (<i32>(load32(cpuBlock(cpu) + CPU_ACK_AT) - epoch) < 0) return false;
  }
  return true;
}
