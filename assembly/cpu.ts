// CPUs: a thread joins, passes quiescent points, leaves, or is found dead and reaped. Owns the CPU
// table, and this instance's own place in it: a Wasm global belongs to one instance, one thread.

import { add32, cas32, cas64, load32, load64, store32, store64 } from "./atomic";
import { cpuBlock, cpusCount, stateWord } from "./cputable";
import { adoptDescriptions } from "./description";
import { raise } from "./evtchn";
import { descends, forget, startedBy } from "./family";
import {
  addressOf,
  alloc,
  firstFrame,
  mfnOf,
  ownerOf,
  releaseStrays,
  setOwner,
  strayOf,
} from "./page";
import {
  CONTROL_AT,
  CPU_ACK_AT,
  CPU_BLOCK_SHIFT,
  CPU_DOMAIN_AT,
  CPU_FREE,
  CPU_JOINING,
  CPU_LABELS_AT,
  CPU_LEAVING,
  CPU_ONLINE,
  CPU_REAPING,
  CPU_RINGS_AT,
  CPU_SCRATCH_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  CPU_TS_AT,
  CPUS_AT,
  CTL_COARSE_AT,
  CTL_DOM0_AT,
  CTL_EPOCH_AT,
  CTL_NEXT_DOMAIN_AT,
  NOBODY_AT,
  OWNER_CPU,
  OWNER_LABELS,
  SCRATCH_ORDER,
  TID_MAX,
  TRACES_MAX,
} from "./public/layout";
import {
  REASON_JOINED,
  REASON_NO_CPU,
  REASON_NO_MEMORY,
  REASON_THREADS_FULL,
  REASON_TID,
  VIRQ_DOM_EXC,
  VIRQ_TBUF,
} from "./public/ops";
import { fail } from "./reason";
import { adoptRings, attachRings, detachRings } from "./rings";
import { recoverRing } from "./switch";
import { setAttention } from "./trace";

const EPOCH: usize = CONTROL_AT + CTL_EPOCH_AT;
const COARSE: usize = CONTROL_AT + CTL_COARSE_AT;
const DOM0: usize = CONTROL_AT + CTL_DOM0_AT;
/** Nanoseconds, 146 years: no clock has got there since boot. */
const TIME_MAX: i64 = 1 << 62;

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

/** Index of this CPU. Only after it joined. */
export function cpuIndex(): u32 {
  return <u32>(cpuAt - CPUS_AT) >> CPU_BLOCK_SHIFT;
}

/**
 * Milliseconds of the thread's clock to nanoseconds since boot, never backwards (I8). NaN asks for
 * the coarse time.
 */
export function stamp(now: f64): u64 {
  // Pairs with the store in src/clock/ticker.ts.
  const time = isNaN<f64>(now) ? <i64>load64(COARSE) : <i64>((now - origin) * 1000000.0);
  const last = load<i64>(cpuAt, CPU_TS_AT);
  // A clock that is out of its mind must not take the CPU's time along for ever.
  const stamped = time > last && time < TIME_MAX ? time : last;
  store<i64>(cpuAt, stamped, CPU_TS_AT);
  return stamped;
}

/**
 * A quiescent point: this thread holds no pointer into any trace. Called from the thread's event
 * loop, and at the end of a record call while dom0 asks.
 */
export function quiesce(): void {
  // Pairs with the add in nextEpoch: a CPU that answers it finds none of the traces destroyed before.
  const epoch = load32(EPOCH);
  // Pairs with quiescentSince, called by dom0: what this CPU did before is done.
  if (load<u32>(cpuAt, CPU_ACK_AT) != epoch) store32(cpuAt + CPU_ACK_AT, epoch);
}

function claimSlot(tid: u32): i32 {
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    // Pairs with itself in another thread, and with the store of FREE in release: what was done to the
    // slot before is seen.
    if (cas64(cpuBlock(cpu) + CPU_STATE_AT, CPU_FREE, stateWord(CPU_JOINING, tid))) return cpu;
  }
  return -1;
}

/** Why this thread cannot become a CPU, 0 when it can; then it is known who started it. */
function refusal(tid: u32, parent: u32): u32 {
  if (cpuAt != NOBODY_AT) return REASON_JOINED;
  if (tid > TID_MAX || parent > TID_MAX) return REASON_TID;
  // Before it has a slot: if it dies from here on, the slot is found by any of its family.
  return startedBy(tid, parent) ? 0 : REASON_THREADS_FULL;
}

/**
 * Makes this instance a CPU. The slot's rings from an earlier owner are taken over; rings that are
 * missing are allocated, so that the thread is recorded from its first record on.
 * @param tid number of the thread, unique while it lives; `parent` the thread that started it
 * @param clock reading of the thread's clock, in milliseconds, at the hypervisor's time 0
 * @returns the CPU's index, or -1 with REASON_JOINED, REASON_TID, REASON_THREADS_FULL, REASON_NO_CPU
 * or REASON_NO_MEMORY
 */
export function join(tid: u32, parent: u32, clock: f64): i32 {
  const refused = refusal(tid, parent);
  const cpu = refused ? -1 : claimSlot(tid);
  if (cpu < 0) {
    fail(refused ? refused : REASON_NO_CPU);
    return -1;
  }
  // Again: before it held a CPU, its place might have been given to another.
  startedBy(tid, parent);
  const block = cpuBlock(cpu);
  // Pairs with quiescentSince: a CPU that is joining has not looked at any trace yet.
  store32(block + CPU_ACK_AT, load32(EPOCH));
  store<u32>(block, newDomain(tid), CPU_DOMAIN_AT);
  if (!takeScratch(block, cpu) || !attachRings(cpu)) {
    fail(REASON_NO_MEMORY);
    release(block, cpu);
    return -1;
  }
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // Pairs with provideRing in rings.ts and destroyTrace in trace.ts.
    const ring = load32(block + CPU_RINGS_AT + trace * 4);
    if (ring) recoverRing(ring);
  }
  origin = clock;
  cpuAt = block;
  // Pairs with the loads of the state in leave and reap, and with cpuState.
  store64(block + CPU_STATE_AT, stateWord(CPU_ONLINE, tid));
  raise(VIRQ_DOM_EXC);
  return cpu;
}

function newDomain(tid: u32): u32 {
  // Pairs with the CAS in claimDom0.
  if (load32(DOM0) == tid + 1) return 0;
  // Pairs with itself in other threads: no two get the same number.
  return add32(CONTROL_AT + CTL_NEXT_DOMAIN_AT, 1);
}

/** The scratch area stays with the slot for its next owner. */
function takeScratch(block: usize, cpu: u32): bool {
  if (load<u32>(block, CPU_SCRATCH_AT)) return true;
  const mfn = alloc(SCRATCH_ORDER, OWNER_CPU + cpu);
  if (mfn) store<u32>(block, <u32>addressOf(mfn), CPU_SCRATCH_AT);
  return mfn != 0;
}

/** Completes what `labels` in label.ts may have left half-done: what the slot names stays with it. */
function adoptLabels(block: usize, owner: u32): void {
  const mfn = mfnOf(load<u32>(block, CPU_LABELS_AT));
  if (mfn && ownerOf(mfn) == owner) setOwner(mfn, OWNER_LABELS);
}

/** Gives the slot back. Its rings and scratch area stay for its next owner. */
function release(block: usize, cpu: u32): void {
  const owner = OWNER_CPU + cpu;
  const scratch = mfnOf(load<u32>(block, CPU_SCRATCH_AT));
  // Who has allocated anything has stored its ack before, which adoptRings relies on.
  if (strayOf(owner, scratch, firstFrame())) {
    adoptRings(cpu);
    adoptDescriptions(owner);
    adoptLabels(block, owner);
    releaseStrays(owner, scratch);
  }
  detachRings(cpu);
  // Pairs with the CAS in claimSlot and with quiescentSince.
  store64(block + CPU_STATE_AT, CPU_FREE);
  raise(VIRQ_DOM_EXC);
}

/** The thread stops being a CPU; what it published stays readable. */
export function leave(): void {
  if (cpuAt == NOBODY_AT) return;
  const block = cpuAt;
  cpuAt = NOBODY_AT;
  // Pairs with the CAS in reap, as the CAS below does: of the two, one gives the slot back.
  const word = load64(block + CPU_STATE_AT);
  if (
    <u32>word != CPU_ONLINE ||
    !cas64(block + CPU_STATE_AT, word, word - CPU_ONLINE + CPU_LEAVING)
  )
    return;
  release(block, <u32>(block - CPUS_AT) >> CPU_BLOCK_SHIFT);
}

/**
 * The claim to be dom0 of a dead thread that descends from `tid` goes with it, after the attention
 * that it may have raised.
 */
function dropClaim(tid: u32): void {
  // Pairs with the CAS in claimDom0, as the CAS below does: who is dom0 by now stays it.
  const claim = load32(DOM0);
  if (!claim || !descends(claim - 1, tid)) return;
  setAttention(false);
  cas32(DOM0, claim, 0);
}

/**
 * Frees the slots of thread `tid` and of all that descend from it, all of which are dead: the caller
 * has proof (Node: the 'exit' event of the Worker). Any thread may call it. While it is at it, the
 * slot bears the tid of this thread, which may die in its turn. @returns the number of slots; 0 too
 * for a number that no thread has, such as -1
 */
export function reap(tid: u32): u32 {
  let reaped: u32 = 0;
  if (tid > TID_MAX) return reaped;
  dropClaim(tid);
  const reaping = stateWord(CPU_REAPING, load<u32>(cpuAt, CPU_TID_AT) - 1);
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    const block = cpuBlock(cpu);
    // Pairs with claimSlot and the ONLINE of join: who started the thread is seen then.
    const word = load64(block + CPU_STATE_AT);
    if (<u32>word == CPU_FREE || !descends(<u32>(word >> 32) - 1, tid)) continue;
    // Pairs with the CAS in leave, and with itself in another thread.
    if (!cas64(block + CPU_STATE_AT, word, reaping)) continue;
    release(block, cpu);
    reaped++;
  }
  forget(tid);
  // One may have died after it had delivered a sub-buffer and before it could announce it (I11).
  if (reaped) raise(VIRQ_TBUF);
  return reaped;
}
