// The trace table: create, destroy, start, stop, and the quarantine of destroyed traces. A trace
// has one control frame and, for each CPU that exists, a ring frame and a run of data frames.

import { add32, and32, load32, notifyAll, or32, store32, sub32 } from "./atomic";
import { cpuBlock, cpuState, cpusCount, quiescentSince } from "./cputable";
import { addressOf, alloc, mfnOf, orderOf, put, share } from "./page";
import {
  CONTROL_AT,
  CPU_FREE,
  CPU_RINGS_AT,
  CPUS_MAX,
  CTL_ACTIVE_AT,
  CTL_EPOCH_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  EVENTS_MAX,
  OWNER_TRACE,
  RING_DATA_AT,
  TRACE_ACTIVE,
  TRACE_CPU_SET_AT,
  TRACE_DIRECTORY_AT,
  TRACE_DYING,
  TRACE_EPOCH_AT,
  TRACE_EVENT_SET_AT,
  TRACE_INDEX_AT,
  TRACE_ORDER_AT,
  TRACE_STATE_AT,
  TRACE_STOPPED,
  TRACE_SUBBUF_BYTES_AT,
  TRACE_SUBBUF_COUNT_AT,
  TRACES_MAX,
} from "./public/layout";
import { newRing, provideRing, putRing, releaseLost } from "./rings";
import { dyingSlot, inSet, ringOfCpu, stateOf, traceSlot } from "./tracetable";

const EPOCH: usize = CONTROL_AT + CTL_EPOCH_AT;
const ACTIVE: usize = CONTROL_AT + CTL_ACTIVE_AT;
const ATTENTION: u32 = 1 << ENABLED_ATTENTION_BIT;

/** Of so many settles, two keep attention raised while some CPU has not answered. */
const ATTENTION_EVERY: u32 = 8;
/** Starts and stops that may come between before an event's bit is left to the next of them. */
const ENABLE_TRIES: u32 = 8;
let settles: u32 = 0;

// Create and destroy ----------------------------------------------------------------------------

/** A trace's control frame before it is published: not visible to anyone. 0: memory is out. */
export function newTrace(trace: u32): usize {
  const mfn = alloc(0, OWNER_TRACE + trace);
  if (!mfn) return 0;
  share(mfn, true);
  store<u32>(addressOf(mfn), trace, TRACE_INDEX_AT);
  return addressOf(mfn);
}

/**
 * Publishes a trace whose control frame is filled in, stopped. Rings for the CPUs that exist are
 * allocated first: if memory is out, nobody has seen anything, and all is given back at once.
 */
export function publishTrace(frame: usize): bool {
  const trace = load<u32>(frame, TRACE_INDEX_AT);
  const bytes = load<u32>(frame, TRACE_SUBBUF_BYTES_AT) * load<u32>(frame, TRACE_SUBBUF_COUNT_AT);
  store<u32>(frame, orderOf(bytes), TRACE_ORDER_AT);
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    if (cpuState(cpu) == CPU_FREE) continue;
    if (!inSet(frame + TRACE_CPU_SET_AT, cpu)) continue;
    const ring = newRing(frame, OWNER_TRACE + trace);
    if (!ring) {
      freeTrace(frame);
      return false;
    }
    // Not visible yet: the store of the slot below publishes it, and the state.
    store32(frame + TRACE_DIRECTORY_AT + cpu * 4, <u32>ring);
  }
  store32(frame + TRACE_STATE_AT, TRACE_STOPPED);
  // Pairs with the load of the slot in attachRings.
  store32(traceSlot(trace), <u32>frame);
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    if (cpuState(cpu) == CPU_FREE) continue;
    // A thread that joined since the first pass: if memory is out, its own join reports it.
    provideRing(frame, cpu, OWNER_TRACE + trace);
  }
  return true;
}

function freeTrace(frame: usize): void {
  const trace = load<u32>(frame, TRACE_INDEX_AT);
  const owner = OWNER_TRACE + trace;
  for (let cpu: u32 = 0; cpu < CPUS_MAX; cpu++) {
    const ring = ringOfCpu(frame, cpu);
    if (ring) putRing(ring, owner);
  }
  put(mfnOf(frame), owner);
  // A thread that died in enableEvent may have left one; by now nobody can set another.
  clearEnabled(1 << trace);
}

/**
 * Takes the trace from everybody; its frames stay in quarantine until `settle` frees them. Its slot
 * is empty before the epoch begins: a CPU that has answered cannot find it any more.
 */
export function destroyTrace(frame: usize): void {
  stopTrace(frame);
  const trace = load<u32>(frame, TRACE_INDEX_AT);
  // Pairs with the look at the state in provideRing.
  store32(frame + TRACE_STATE_AT, TRACE_DYING);
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    store32(cpuBlock(cpu) + CPU_RINGS_AT + trace * 4, 0);
    const ring = ringOfCpu(frame, cpu);
    if (!ring) continue;
    share(mfnOf(load<u32>(ring, RING_DATA_AT)), false);
    share(mfnOf(ring), false);
  }
  share(mfnOf(frame), false);
  // Before it is in quarantine: should dom0 die here, its successor must not take epoch 0 for it.
  store<u32>(frame, load32(EPOCH) + 1, TRACE_EPOCH_AT);
  // Pairs with heldBack in rings.ts, which finds the frame in one of the two slots.
  store32(dyingSlot(trace), <u32>frame);
  store32(traceSlot(trace), 0);
  nextEpoch();
}

/**
 * A new dom0 puts right what one that died may have left half-done: a destroy, a start or a stop,
 * and the frames of a trace that never came to be.
 */
export function recoverTraces(): void {
  let active: u32 = 0;
  let dying: u32 = 0;
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // Pairs with what a dom0 stored before this one, by way of the dom0 word.
    const frame = load32(traceSlot(trace));
    dying |= load32(dyingSlot(trace));
    if (!frame) {
      clearEnabled(1 << trace);
    } else if (stateOf(frame) == TRACE_DYING) {
      destroyTrace(frame);
    } else if (stateOf(frame) == TRACE_ACTIVE) {
      setEnabled(frame);
      active++;
    } else {
      clearEnabled(1 << trace);
    }
  }
  store32(ACTIVE, active);
  releaseLost();
  // It may have died while it raised or lowered attention.
  setAttention(false);
  // The epoch that a dead dom0 gave them may not have begun.
  if (dying) nextEpoch();
}

// Start and stop --------------------------------------------------------------------------------

function setEnabled(frame: usize): void {
  const bit: u32 = 1 << load<u32>(frame, TRACE_INDEX_AT);
  for (let event: u32 = 0; event < EVENTS_MAX; event++) {
    // Pairs with wanted in record.ts, as clearEnabled does, and with enableEvent.
    if (inSet(frame + TRACE_EVENT_SET_AT, event)) or32(ENABLED_AT + event * 4, bit);
  }
}

function clearEnabled(bits: u32): void {
  for (let event: u32 = 0; event < EVENTS_MAX; event++) and32(ENABLED_AT + event * 4, ~bits);
}

/** Active already: nothing is counted twice. */
export function startTrace(frame: usize): void {
  if (stateOf(frame) == TRACE_ACTIVE) return;
  // Pairs with enableEvent: whoever comes second sees the other's store.
  store32(frame + TRACE_STATE_AT, TRACE_ACTIVE);
  add32(ACTIVE, 1);
  setEnabled(frame);
}

/** After this, a writer that was inside a record call may still publish that one record. */
export function stopTrace(frame: usize): void {
  if (stateOf(frame) != TRACE_ACTIVE) return;
  // Pairs with enableEvent.
  store32(frame + TRACE_STATE_AT, TRACE_STOPPED);
  sub32(ACTIVE, 1);
  clearEnabled(1 << load<u32>(frame, TRACE_INDEX_AT));
}

/** Adds an event to a trace's set: a thread does it that registers a facility. */
export function enableEvent(trace: u32, event: u32): void {
  // Pairs with publishTrace and destroyTrace.
  const frame = trace < TRACES_MAX ? load32(traceSlot(trace)) : 0;
  if (!frame || event >= EVENTS_MAX) return;
  // Pairs with setEnabled, which loads the set after the state was stored.
  or32(frame + TRACE_EVENT_SET_AT + (event >> 5) * 4, 1 << (event & 31));
  // Pairs with startTrace and stopTrace, which store the state and then set or clear the bits: the
  // bit is put in line with the state again until the state has stood still meanwhile.
  const bit: u32 = 1 << trace;
  let state = stateOf(frame);
  for (let tries: u32 = 0; tries < ENABLE_TRIES; tries++) {
    if (state == TRACE_ACTIVE) or32(ENABLED_AT + event * 4, bit);
    else and32(ENABLED_AT + event * 4, ~bit);
    const now = stateOf(frame);
    if (now == state) return;
    state = now;
  }
}

// Quiescence ------------------------------------------------------------------------------------

/** Raises or lowers attention. Who raised it lowers it: a dom0 at its end, or who reaps a dead one. */
export function setAttention(raised: bool): void {
  for (let event: u32 = 0; event < EVENTS_MAX; event++) {
    const at = ENABLED_AT + event * 4;
    // Pairs with wanted in record.ts, which leads to quiesce.
    if (raised) or32(at, ATTENTION);
    else and32(at, ~ATTENTION);
  }
}

/** Begins a new epoch and asks every CPU to pass a quiescent point. @returns the epoch */
export function nextEpoch(): u32 {
  // Pairs with quiesce and join in cpu.ts: who loads it finds no trace destroyed before.
  const epoch = add32(EPOCH, 1) + 1;
  settles = 0;
  setAttention(true);
  // Pairs with the wait on the epoch in src/cpu/cpu.ts.
  notifyAll(EPOCH);
  return epoch;
}

/**
 * Frees the destroyed traces that no CPU can still write to. Attention is kept raised only now and
 * then while a CPU does not answer: it makes disabled tracepoints of the others cost a call.
 * @returns true when every CPU has answered and nothing is in quarantine
 */
export function settle(): bool {
  let dying: u32 = 0;
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // Pairs with destroyTrace of a dom0 before this one, by way of the dom0 word.
    const frame = load32(dyingSlot(trace));
    if (!frame) continue;
    if (quiescentSince(load<u32>(frame, TRACE_EPOCH_AT))) {
      // Pairs with heldBack in rings.ts, which looks at the slot again.
      store32(dyingSlot(trace), 0);
      freeTrace(frame);
    } else dying++;
  }
  const quiet = quiescentSince(load32(EPOCH));
  const raised = load32(ENABLED_AT) >> ENABLED_ATTENTION_BIT != 0;
  settles++;
  const wanted = !quiet && settles % ATTENTION_EVERY <= 1;
  if (raised != wanted) setAttention(wanted);
  return quiet && dying == 0;
}
