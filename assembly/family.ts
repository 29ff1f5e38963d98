// Which thread started which. Kept apart from the CPUs, because a thread dies with the one that
// started it, and with the one that started that one, whether those are CPUs or not.
//
// One u64 a thread, which moves by CAS: there is no moment at which a thread has a place and nobody
// can tell who started it. What is told of a thread stays true for as long as its number is in use,
// so several may tell it, and again.

import { cas64, load64 } from "./atomic";
import { cpuBlock, cpusCount } from "./cputable";
import { CONTROL_AT, CPU_STATE_AT, CTL_FAMILY_AT, FAMILY_MAX, TID_MAX } from "./public/layout";

function place(index: u32): usize {
  return CONTROL_AT + CTL_FAMILY_AT + index * 8;
}

/** The thread that a place is about: its number, or one above TID_MAX when the place is free. */
function childOf(word: u64): u32 {
  return <u32>word - 1;
}

function starterOf(word: u64): u32 {
  return <u32>(word >> 32) - 1;
}

/** Number of the thread that started `tid`; above TID_MAX when that is not known. */
function starter(tid: u32): u32 {
  for (let index: u32 = 0; index < FAMILY_MAX; index++) {
    // Pairs with the CAS in startedBy.
    const word = load64(place(index));
    if (childOf(word) == tid) return starterOf(word);
  }
  return TID_MAX + 1;
}

/** True when `tid` is `from`, or `from` started it, or one that descends from `from` did. */
export function descends(tid: u32, from: u32): bool {
  // Bounded, whatever the places hold.
  for (let steps: u32 = 0; steps <= FAMILY_MAX && tid <= TID_MAX; steps++) {
    if (tid == from) return true;
    tid = starter(tid);
  }
  return false;
}

/** True when some thread that holds a CPU descends from `tid`. */
function wanted(tid: u32): bool {
  for (let cpu: u32 = 0, count = cpusCount(); cpu < count; cpu++) {
    // Pairs with claimSlot and release in cpu.ts.
    const holder = load64(cpuBlock(cpu) + CPU_STATE_AT);
    if (holder && descends(<u32>(holder >> 32) - 1, tid)) return true;
  }
  return false;
}

/**
 * Notes that `parent` started `tid`; a thread that started itself was started by nobody. When all
 * places are taken, one that no CPU needs is given to it. @returns false when all are needed, and for
 * a number that no thread has
 */
export function startedBy(tid: u32, parent: u32): bool {
  if (tid > TID_MAX || parent > TID_MAX) return false;
  const told = ((<u64>(parent + 1)) << 32) | (tid + 1);
  let known = parent == tid;
  // Each CAS pairs with those here and in forget, in other threads: it is lost to who was first, and
  // the next place is tried. Who finds the slot of `tid` taken, finds this (starter).
  for (let index: u32 = 0; index < FAMILY_MAX; index++) {
    const word = load64(place(index));
    if (childOf(word) != tid) continue;
    if (word == told && !known) known = true;
    // Another thread that had the number before; or two have told of this one at the same time.
    else cas64(place(index), word, 0);
  }
  for (let index: u32 = 0; !known && index < FAMILY_MAX; index++) {
    known = cas64(place(index), 0, told);
  }
  for (let index: u32 = 0; !known && index < FAMILY_MAX; index++) {
    const word = load64(place(index));
    known = !wanted(childOf(word)) && cas64(place(index), word, told);
  }
  return known;
}

function hasStarted(tid: u32): bool {
  for (let index: u32 = 0; index < FAMILY_MAX; index++) {
    // Pairs with the CAS in startedBy.
    if (starterOf(load64(place(index))) == tid) return true;
  }
  return false;
}

/**
 * Forgets `from` and all that descend from it, which are dead. Youngest first, so that the way from
 * each that is left up to `from` stays whole: if this thread dies meanwhile, another begins again.
 */
export function forget(from: u32): void {
  for (let again = true; again; ) {
    again = false;
    for (let index: u32 = 0; index < FAMILY_MAX; index++) {
      const word = load64(place(index));
      const tid = childOf(word);
      if (!word || hasStarted(tid) || !descends(tid, from)) continue;
      // Pairs with the CAS in startedBy: who has lost it finds the place another's.
      if (cas64(place(index), word, 0)) again = true;
    }
  }
}
