// CPUs: a thread joins, passes quiescent points, leaves, or is found dead and reaped. Owns the CPU
// table, and this instance's own place in it: a Wasm global belongs to one instance, one thread.

import { add32, cas32, load32, store32 } from "./atomic";
import { cpuBlock, cpusCount } from "./cputable";
import { raise } from "./evtchn";
import { addressOf, alloc, frameEntry, mfnOf, releaseFrame } from "./page";
import {
  CONTROL_AT,
  CPU_ACK_AT,
  CPU_BLOCK_SHIFT,
  CPU_DOMAIN_AT,
  CPU_FREE,
  CPU_JOINING,
  CPU_LEAVING,
  CPU_ONLINE,
  CPU_PARENT_AT,
  CPU_RINGS_AT,
  CPU_SCRATCH_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  CPU_TS_AT,
  CPUS_AT,
  CTL_DOM0_AT,
  CTL_EPOCH_AT,
  CTL_FRAMES_AT,
  CTL_NEXT_DOMAIN_AT,
  FRAME_OWNER_AT,
  FRAME_SHIFT,
  NOBODY_AT,
  OWNER_CPU,
  SCRATCH_BYTES,
  SCRATCH_ORDER,
  TRACES_MAX,
} from "./public/layout";
import { REASON_NO_CPU, REASON_NO_MEMORY, VIRQ_DOM_EXC } from "./public/ops";
import { fail } from "./reason";
import { recoverRing } from "./switch";
import { adoptRings, attachRings } from "./trace";

const EPOCH: usize = CONTROL_AT + CTL_EPOCH_AT;

/**
 * Block of the CPU this instance is. Starts as NOBODY_AT, as a literal: a named constant here would
 * cost the module a start function.
 */
export let cpuAt: usize = 0;
/** Reading of the thread's clock that is time 0 of the hypervisor, in milliseconds. */
let origin: f64 = 0;

/** Address of this CPU's scratch area, 0 before it joined. */
export function scratchAt(): usize {
  return load<u32>(cpuAt, CPU_SCRATCH_AT);
}

/** Milliseconds of the thread's clock to nanoseconds since boot, never backwards (I8). */
export function stamp(now: f64): u64 {
  const time = <i64>((now - origin) * 1000000.0);
  const last = load<i64>(cpuAt, CPU_TS_AT);
  const stamped = time > last ? time : last;
  store<i64>(cpuAt, stamped, CPU_TS_AT);
  return stamped;
}

/**
 * A quiescent point: this thread holds no pointer into any trace. Called from the thread's event
 * loop, at the end of a record call while dom0 asks, and when it leaves.
 */
export function quiesce(): void {
  const epoch = load32(EPOCH);
  // Pairs with quiescentSince, called by dom0: what this CPU did before is done.
  if (load<u32>(cpuAt, CPU_ACK_AT) != epoch) store32(cpuAt + CPU_ACK_AT, epoch);
}

function claimSlot(): i32 {
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    if (cas32(cpuBlock(cpu) + CPU_STATE_AT, CPU_FREE, CPU_JOINING)) return cpu;
  }
  return -1;
}

/**
 * Makes this instance a CPU. The slot's rings from an earlier owner are taken over; rings that are
 * missing are allocated, so that the thread is recorded from its first record on.
 * @param tid number of the thread, unique while it lives; `parent` the thread that started it
 * @param clock reading of the thread's clock, in milliseconds, at the hypervisor's time 0
 * @returns the CPU's index, or -1 with REASON_NO_CPU or REASON_NO_MEMORY
 */
export function join(tid: u32, parent: u32, clock: f64): i32 {
  const cpu = claimSlot();
  if (cpu < 0) {
    fail(REASON_NO_CPU);
    return -1;
  }
  const block = cpuBlock(cpu);
  store<u32>(block, parent + 1, CPU_PARENT_AT);
  store32(block + CPU_TID_AT, tid + 1);
  // Pairs with quiescentSince: a CPU that is joining has not looked at any trace yet.
  store32(block + CPU_ACK_AT, load32(EPOCH));
  store<u32>(block, newDomain(tid), CPU_DOMAIN_AT);
  if (!takeScratch(block, cpu) || !attachRings(cpu)) {
    fail(REASON_NO_MEMORY);
    release(block, cpu);
    return -1;
  }
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    const ring = load32(block + CPU_RINGS_AT + trace * 4);
    if (ring) recoverRing(ring);
  }
  origin = clock;
  cpuAt = block;
  store32(block + CPU_STATE_AT, CPU_ONLINE);
  raise(VIRQ_DOM_EXC);
  return cpu;
}

function newDomain(tid: u32): u32 {
  if (load32(CONTROL_AT + CTL_DOM0_AT) == tid + 1) return 0;
  return add32(CONTROL_AT + CTL_NEXT_DOMAIN_AT, 1);
}

/** The scratch area stays with the slot for its next owner. */
function takeScratch(block: usize, cpu: u32): bool {
  if (load<u32>(block, CPU_SCRATCH_AT)) return true;
  const mfn = alloc(SCRATCH_ORDER, OWNER_CPU + cpu);
  if (mfn) store<u32>(block, <u32>addressOf(mfn), CPU_SCRATCH_AT);
  return mfn != 0;
}

/** Gives the slot back. Its rings and scratch area stay for its next owner. */
function release(block: usize, cpu: u32): void {
  adoptRings(cpu);
  freeStrays(cpu);
  store32(block + CPU_TID_AT, 0);
  store32(block + CPU_STATE_AT, CPU_FREE);
  raise(VIRQ_DOM_EXC);
}

/** Frees what the CPU had allocated and not yet handed to a trace, but for its scratch area. */
function freeStrays(cpu: u32): void {
  const scratch = mfnOf(load<u32>(cpuBlock(cpu), CPU_SCRATCH_AT));
  const scratchEnd = scratch + (SCRATCH_BYTES >> FRAME_SHIFT);
  for (let mfn: u32 = 0, end = load<u32>(CONTROL_AT, CTL_FRAMES_AT); mfn < end; mfn++) {
    if (load32(frameEntry(mfn) + FRAME_OWNER_AT) != OWNER_CPU + cpu) continue;
    if (scratch && mfn >= scratch && mfn < scratchEnd) continue;
    releaseFrame(mfn);
  }
}

/** The thread stops being a CPU; what it published stays readable. */
export function leave(): void {
  if (cpuAt == NOBODY_AT) return;
  const block = cpuAt;
  cpuAt = NOBODY_AT;
  if (!cas32(block + CPU_STATE_AT, CPU_ONLINE, CPU_LEAVING)) return;
  release(block, <u32>(block - CPUS_AT) >> CPU_BLOCK_SHIFT);
}

/**
 * Frees the slots of thread `tid` and of the threads it started, all of which are dead: the caller
 * has proof (Node: the 'exit' event of the Worker). Any thread may call it. @returns their number
 */
export function reap(tid: u32): u32 {
  let reaped: u32 = 0;
  // A dead thread's claim to be dom0 goes with it.
  cas32(CONTROL_AT + CTL_DOM0_AT, tid + 1, 0);
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    const block = cpuBlock(cpu);
    const child = load32(block + CPU_TID_AT);
    if (!child) continue;
    if (child != tid + 1 && load<u32>(block, CPU_PARENT_AT) != tid + 1) continue;
    const state = load32(block + CPU_STATE_AT);
    if (state == CPU_FREE || !cas32(block + CPU_STATE_AT, state, CPU_LEAVING)) continue;
    release(block, cpu);
    reaped++;
    if (child != tid + 1) reaped += reap(child - 1);
  }
  return reaped;
}
