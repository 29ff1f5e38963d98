// The tree of threads: a thread dies with those that it descends from, whichever of them are CPUs.

import { join, leave, reap } from "../assembly/cpu";
import { claimDom0, isDom0, resignDom0 } from "../assembly/dom0";
import { descends, startedBy } from "../assembly/family";
import {
  CONTROL_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  CTL_DOM0_AT,
  CTL_FAMILY_AT,
  FAMILY_MAX,
  TID_MAX,
} from "../assembly/public/layout";
import { REASON_THREADS_FULL } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import { controlWord, cpuWord, die, elsewhere, reset } from "./machine";

/** Joins as a thread that `parent` started, and forgets it, as if another thread had. */
function child(tid: u32, parent: u32): i32 {
  const cpu = join(tid, parent, 0);
  die();
  return cpu;
}

/** How many places are taken. */
function places(): u32 {
  let taken: u32 = 0;
  for (let index: u32 = 0; index < FAMILY_MAX; index++) {
    if (load<u64>(CONTROL_AT + CTL_FAMILY_AT + index * 8)) taken++;
  }
  return taken;
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("a thread", () => {
  it("descends from itself, from who started it, and from who started that one", () => {
    startedBy(12, 11);
    startedBy(11, 10);
    expect(descends(12, 12)).toBe(true);
    expect(descends(12, 11)).toBe(true);
    expect(descends(12, 10)).toBe(true);
    expect(descends(10, 12)).toBe(false);
    expect(descends(12, 0)).toBe(false);
  });

  it("is told of once, however often it is told", () => {
    startedBy(12, 11);
    startedBy(12, 11);
    expect(places()).toBe(1);
    startedBy(10, 10);
    expect(places()).toBe(1);
  });

  it("that has the number of an earlier one has its own starter", () => {
    startedBy(12, 11);
    startedBy(12, 20);
    expect(descends(12, 11)).toBe(false);
    expect(descends(12, 20)).toBe(true);
    startedBy(12, 12);
    expect(descends(12, 20)).toBe(false);
    expect(places()).toBe(0);
  });

  it("with a number that no thread has is not told of", () => {
    expect(startedBy(0xffffffff, 1)).toBe(false);
    expect(startedBy(1, 0xffffffff)).toBe(false);
    expect(startedBy(TID_MAX + 1, 1)).toBe(false);
    expect(places()).toBe(0);
    expect(descends(0xffffffff, 0xffffffff)).toBe(false);
  });

  it("whose starters go round in a circle, as no thread's do, is looked at in bounded time", () => {
    startedBy(1, 2);
    startedBy(2, 1);
    expect(descends(1, 3)).toBe(false);
    expect(reap(1)).toBe(0);
  });
});

describe("reap", () => {
  it("frees a grandchild although its parent has left (I12)", () => {
    child(10, 0);
    join(11, 10, 0);
    leave();
    const cpu = child(12, 11);
    expect(reap(10)).toBe(2);
    expect(cpuWord(cpu, CPU_STATE_AT)).toBe(0);
  });

  it("frees a grandchild although its parent has never been a CPU (I12)", () => {
    child(10, 0);
    startedBy(11, 10);
    const cpu = child(12, 11);
    expect(reap(10)).toBe(2);
    expect(cpuWord(cpu, CPU_STATE_AT)).toBe(0);
  });

  it("frees a slot whose thread died in the instant after it took it (I12)", () => {
    startedBy(11, 10);
    startedBy(12, 11);
    store<u32>(28672 + CPU_STATE_AT, 1);
    store<u32>(28672 + CPU_TID_AT, 13);
    expect(reap(10)).toBe(1);
  });

  it("leaves those alone that descend from another", () => {
    child(10, 0);
    const other = child(20, 0);
    child(11, 10);
    expect(reap(10)).toBe(2);
    expect(cpuWord(other, CPU_STATE_AT)).toBe(2);
    expect(descends(20, 0)).toBe(true);
  });

  it("forgets the dead, and no others", () => {
    startedBy(13, 12);
    startedBy(12, 11);
    startedBy(11, 10);
    startedBy(14, 11);
    startedBy(10, 0);
    startedBy(20, 0);
    reap(11);
    expect(places()).toBe(2);
    reap(10);
    expect(places()).toBe(1);
    expect(descends(20, 0)).toBe(true);
  });

  it("drops the claim of a dom0 that descends from the dead thread", () => {
    resignDom0();
    claimDom0(12);
    startedBy(12, 11);
    startedBy(11, 10);
    reap(10);
    expect(controlWord(CTL_DOM0_AT)).toBe(0);
    expect(isDom0()).toBe(false);
  });
});

describe("when all places are taken", () => {
  it("one that no CPU needs is given to a thread that joins", () => {
    elsewhere(5000);
    child(1001, 1000);
    for (let i: u32 = 0; i < FAMILY_MAX; i++) startedBy(2000 + i, 3000);
    expect(places()).toBe(FAMILY_MAX);
    expect(child(1002, 1001)).toBe(2);
    expect(descends(1002, 1000)).toBe(true);
    expect(reap(1000)).toBe(2);
  });

  it("by starters of CPUs, a thread is refused", () => {
    for (let i: u32 = 0; i < FAMILY_MAX; i++) startedBy(2000 + i, 2001 + i);
    child(2000, 2001);
    expect(child(1002, 1001)).toBe(-1);
    expect(reason()).toBe(REASON_THREADS_FULL);
    expect(elsewhere(1003)).toBe(1);
    expect(reap(2000 + FAMILY_MAX)).toBe(1);
    expect(child(1002, 1001)).toBe(0);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
