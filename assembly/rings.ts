// The rings of traces: who allocates one, whose it is, and what becomes of those of the dead. A ring is
// a frame and a run of data frames. It belongs to who allocates it until a trace's directory names it,
// and to the trace from then on.

import { cas32, load32, store32 } from "./atomic";
import { cpuBlock } from "./cputable";
import {
  addressOf,
  alloc,
  firstFrame,
  framesCount,
  mfnOf,
  ownerOf,
  put,
  releaseAt,
  runFrames,
  setOwner,
  share,
} from "./page";
import {
  CPU_ACK_AT,
  CPU_RINGS_AT,
  CPUS_MAX,
  OWNER_CPU,
  OWNER_TRACE,
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_MODE_AT,
  RING_SUBBUF_BYTES_AT,
  RING_SUBBUF_COUNT_AT,
  RING_SUBBUF_MASK_AT,
  TRACE_CPU_SET_AT,
  TRACE_DIRECTORY_AT,
  TRACE_DYING,
  TRACE_EPOCH_AT,
  TRACE_INDEX_AT,
  TRACE_MODE_AT,
  TRACE_ORDER_AT,
  TRACE_SUBBUF_BYTES_AT,
  TRACE_SUBBUF_COUNT_AT,
  TRACES_MAX,
} from "./public/layout";
import { openSubbuf } from "./switch";
import { dyingSlot, inSet, ringOfCpu, stateOf, traceSlot } from "./tracetable";

function dataOf(ring: usize): u32 {
  return mfnOf(load<u32>(ring, RING_DATA_AT));
}

/** Allocates a ring for one CPU of a trace. @returns its address, 0 when memory is out. */
export function newRing(frame: usize, owner: u32): usize {
  const data = alloc(load<u32>(frame, TRACE_ORDER_AT), owner);
  if (!data) return 0;
  const mfn = alloc(0, owner);
  if (!mfn) {
    put(data, owner);
    return 0;
  }
  const ring = addressOf(mfn);
  const bytes = load<u32>(frame, TRACE_SUBBUF_BYTES_AT);
  const count = load<u32>(frame, TRACE_SUBBUF_COUNT_AT);
  store<u32>(ring, bytes - 1, RING_SUBBUF_MASK_AT);
  store<u32>(ring, bytes * count - 1, RING_BUFFER_MASK_AT);
  store<u32>(ring, <u32>addressOf(data), RING_DATA_AT);
  store<u32>(ring, load<u32>(frame, TRACE_MODE_AT), RING_MODE_AT);
  store<u32>(ring, bytes, RING_SUBBUF_BYTES_AT);
  store<u32>(ring, count, RING_SUBBUF_COUNT_AT);
  openSubbuf(ring, 0, 0);
  share(data, true);
  share(mfn, true);
  return ring;
}

/** `owner` drops its references, if the ring is its own: the word that named it may be wrong. */
export function putRing(ring: usize, owner: u32): void {
  put(dataOf(ring), owner);
  put(mfnOf(ring), owner);
}

/**
 * Gives the CPU its ring in a trace that everybody can already see. dom0 and the joining thread
 * may both do it for the same CPU: the directory's CAS decides, the loser frees its own. `owner` is
 * the one who does it: what a thread had allocated when it died must be told from the other's.
 */
export function provideRing(frame: usize, cpu: u32, owner: u32): bool {
  if (!inSet(frame + TRACE_CPU_SET_AT, cpu)) return true;
  const slot = frame + TRACE_DIRECTORY_AT + cpu * 4;
  // Pairs with the CAS below, in another thread, as the load of the slot further below does.
  if (!load32(slot)) {
    const ring = newRing(frame, owner);
    if (!ring) return false;
    // Pairs with ringOfCpu: who sees the ring sees its control block.
    if (cas32(slot, 0, <u32>ring)) adoptRing(frame, ring);
    else putRing(ring, owner);
  }
  const index = load<u32>(frame, TRACE_INDEX_AT);
  const pointer = cpuBlock(cpu) + CPU_RINGS_AT + index * 4;
  store32(pointer, load32(slot));
  // Pairs with destroyTrace, which marks the trace as dying and then clears the pointers.
  if (stateOf(frame) == TRACE_DYING) store32(pointer, 0);
  return true;
}

/** The trace becomes the owner of a ring that is in its directory. May be done twice. */
function adoptRing(frame: usize, ring: usize): void {
  const owner = OWNER_TRACE + load<u32>(frame, TRACE_INDEX_AT);
  setOwner(dataOf(ring), owner);
  setOwner(mfnOf(ring), owner);
}

/** A joining CPU gets a ring in every trace. @returns false when memory is out. */
export function attachRings(cpu: u32): bool {
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // Pairs with the store of the slot in publishTrace: of create and join, at least one sees the other.
    const frame = load32(traceSlot(trace));
    if (!frame) continue;
    if (!provideRing(frame, cpu, OWNER_CPU + cpu)) return false;
  }
  return true;
}

function adoptRingOf(frame: usize, cpu: u32): void {
  const ring = frame ? ringOfCpu(frame, cpu) : 0;
  if (ring) adoptRing(frame, ring);
}

/**
 * The frame of the destroyed trace `trace`, if this CPU's answer is waited for before it is freed: so it
 * stays what it is for as long as the slot is not free and does not answer.
 */
function heldBack(trace: u32, cpu: u32): usize {
  // Pairs with destroyTrace, which stores the epoch before the slot, and with quiesce and join.
  const slot = dyingSlot(trace);
  const frame = load32(slot);
  if (!frame) return 0;
  const epoch = load32(frame + TRACE_EPOCH_AT);
  const answered = <i32>(load32(cpuBlock(cpu) + CPU_ACK_AT) - epoch) >= 0;
  // Pairs with settle, which empties the slot before it frees the frame: the epoch was this trace's.
  return answered || load32(slot) != frame ? 0 : frame;
}

/**
 * Completes what a CPU that died while joining may have left half-done: what it had published becomes
 * its traces', and those may have been destroyed since. Only for a slot whose last owner has answered
 * an epoch: its ack must be its own.
 */
export function adoptRings(cpu: u32): void {
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // In this order. Pairs with destroyTrace, which fills the second slot and then empties the first.
    adoptRingOf(load32(traceSlot(trace)), cpu);
    adoptRingOf(heldBack(trace, cpu), cpu);
  }
}

/** The CPU has no ring any more. Who is next on its slot finds them again, those of live traces. */
export function detachRings(cpu: u32): void {
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // Pairs with attachRings of the next owner, by way of the slot's state. No record call runs.
    store32(cpuBlock(cpu) + CPU_RINGS_AT + trace * 4, 0);
  }
}

/** Frames from `mfn` to the end of its run, if that is part of the trace in `slot`; 0 if it is not. */
function restOfRun(slot: usize, mfn: u32): u32 {
  // dom0 alone stores it: this pairs with a dom0 that died.
  const frame = load32(slot);
  if (!frame) return 0;
  if (mfn == mfnOf(frame)) return 1;
  for (let cpu: u32 = 0; cpu < CPUS_MAX; cpu++) {
    const ring = ringOfCpu(frame, cpu);
    if (!ring) continue;
    if (mfn == mfnOf(ring)) return 1;
    const from = mfn - dataOf(ring);
    const frames = runFrames(dataOf(ring));
    if (from < frames) return frames - from;
  }
  return 0;
}

/**
 * Frees what has the name of a trace and is no part of it: a dom0 that died had not published it, or
 * had taken it back already, and nothing of it is mapped. The index may be another trace's by now.
 */
export function releaseLost(): void {
  for (let mfn = firstFrame(), end = framesCount(); mfn < end; ) {
    // Pairs with adoptRing: what a joining thread makes a trace's is in that trace's directory before.
    const trace = ownerOf(mfn) - OWNER_TRACE;
    if (trace < TRACES_MAX) {
      const rest = max(restOfRun(traceSlot(trace), mfn), restOfRun(dyingSlot(trace), mfn));
      mfn += rest ? rest : releaseAt(mfn);
    } else mfn++;
  }
}
