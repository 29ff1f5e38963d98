// CPUs: a thread joins, finds what the last owner of its slot left, and leaves.

import { cpuAt, join, leave, reap, scratchAt } from "../assembly/cpu";
import { alloc, frameEntry, mfnOf } from "../assembly/page";
import {
  CPU_RINGS_AT,
  CPU_SCRATCH_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  FRAME_OWNER_AT,
  OWNER_CPU,
  RING_DATA_AT,
  TID_MAX,
} from "../assembly/public/layout";
import { OP_DESTROY, REASON_NO_CPU, REASON_NO_MEMORY, REASON_TID } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { settle } from "../assembly/trace";
import { audit, found } from "./audit";
import {
  blockText,
  changed,
  control,
  counts,
  cpuWord,
  create,
  die,
  elsewhere,
  emit,
  fill,
  framesFree,
  positions,
  remember,
  reset,
  ringOf,
  started,
} from "./machine";

function owner(address: usize): u32 {
  return load<u32>(frameEntry(mfnOf(address)), FRAME_OWNER_AT);
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("join", () => {
  it("takes the slots in order, one owner each, and a new domain for each thread (I2)", () => {
    expect(elsewhere(10)).toBe(0);
    expect(elsewhere(11)).toBe(1);
    expect(join(12, 10, 0)).toBe(2);
    expect(blockText(0)).toBe("2 domain 1 tid 11");
    expect(blockText(1)).toBe("2 domain 2 tid 12");
    expect(blockText(2)).toBe("2 domain 3 tid 13");
    expect(cpuAt).toBe(28672 + 512);
  });

  it("takes no number that no thread has (I2)", () => {
    remember();
    expect(join(0xffffffff, 1, 0)).toBe(-1);
    expect(reason()).toBe(REASON_TID);
    expect(join(1, TID_MAX + 1, 0)).toBe(-1);
    expect(reason()).toBe(REASON_TID);
    expect(changed()).toBe(0);
    expect(join(TID_MAX, TID_MAX, 0)).toBe(0);
  });

  it("gives the thread a scratch area of its own", () => {
    expect(scratchAt()).toBe(0);
    join(1, 1, 0);
    expect(scratchAt()).toBe(12 * 4096);
    expect(owner(scratchAt())).toBe(512);
    expect(owner(scratchAt() + 12288)).toBe(512);
    expect(framesFree()).toBe(115);
    die();
    elsewhere(2);
    expect(owner(cpuWord(1, CPU_SCRATCH_AT))).toBe(513);
  });

  it("gives it a ring in every trace, active or stopped", () => {
    started("a", 64, 4);
    create("b", 128, 2);
    const free = framesFree();
    join(1, 1, 0);
    // Scratch area, and two rings of two frames.
    expect(framesFree()).toBe(free - 8);
    expect(cpuWord(0, CPU_RINGS_AT)).toBe(<u32>ringOf("a", 0));
    expect(cpuWord(0, CPU_RINGS_AT + 4)).toBe(<u32>ringOf("b", 0));
    expect(owner(ringOf("a", 0))).toBe(256);
    expect(owner(load<u32>(ringOf("b", 0), RING_DATA_AT))).toBe(257);
    emit(2);
    expect(positions("a")).toBe("0 .. 16");
    expect(positions("b")).toBe("0 .. 0");
  });

  it("gives it no ring in a trace that is destroyed", () => {
    elsewhere(1);
    started("a", 64, 4);
    control(OP_DESTROY, "a");
    const free = framesFree();
    join(2, 2, 0);
    expect(cpuWord(1, CPU_RINGS_AT)).toBe(0);
    // The scratch area alone.
    expect(framesFree()).toBe(free - 4);
  });

  it("takes the first slot that is free", () => {
    elsewhere(1);
    elsewhere(2);
    elsewhere(3);
    reap(2);
    expect(elsewhere(4)).toBe(1);
    expect(elsewhere(5)).toBe(3);
  });

  it("takes over rings and scratch area of the slot's last owner (I7)", () => {
    join(1, 1, 0);
    const ring = started("a", 64, 4);
    fill(5);
    const scratch = scratchAt();
    const free = framesFree();
    leave();
    expect(join(2, 2, 0)).toBe(0);
    expect(blockText(0)).toBe("2 domain 2 tid 3");
    expect(framesFree()).toBe(free);
    expect(scratchAt()).toBe(scratch);
    expect(ringOf("a", 0)).toBe(ring);
    fill(1);
    expect(positions("a")).toBe("0 .. 112");
    expect(counts("a")).toBe("written 6, taken 0, overwritten 0, full 0, big 0");
  });

  it("is refused when no slot is free", () => {
    for (let tid: u32 = 1; tid <= 4; tid++) elsewhere(tid);
    remember();
    expect(join(5, 5, 0)).toBe(-1);
    expect(reason()).toBe(REASON_NO_CPU);
    expect(cpuAt).toBe(0);
    expect(changed()).toBe(0);
    reap(3);
    expect(join(5, 5, 0)).toBe(2);
  });

  it("is refused when memory is out for the scratch area, and nothing leaks (I9)", () => {
    reset(16);
    // Frames 9 to 15 are free; one of 12 to 15 is taken.
    alloc(1, OWNER_CPU + 3);
    const other = alloc(1, OWNER_CPU + 3);
    expect(other).toBe(12);
    const free = framesFree();
    expect(join(1, 1, 0)).toBe(-1);
    expect(reason()).toBe(REASON_NO_MEMORY);
    expect(cpuAt).toBe(0);
    expect(framesFree()).toBe(free);
    expect(cpuWord(0, CPU_STATE_AT)).toBe(0);
    expect(cpuWord(0, CPU_TID_AT)).toBe(0);
  });

  it("is refused when memory is out for a ring; what it got stays with slot and trace", () => {
    reset(64);
    create("a", 64, 4);
    create("b", 65536, 2);
    create("c", 64, 4);
    elsewhere(1);
    // Scratch and two rings are there; a second run of 32 is not.
    expect(join(2, 2, 0)).toBe(-1);
    expect(reason()).toBe(REASON_NO_MEMORY);
    expect(cpuAt).toBe(0);
    expect(cpuWord(1, CPU_STATE_AT)).toBe(0);
    expect(owner(ringOf("a", 1))).toBe(256);
    expect(ringOf("b", 1)).toBe(0);
    control(OP_DESTROY, "a");
    control(OP_DESTROY, "b");
    control(OP_DESTROY, "c");
    reap(1);
    settle();
    // All but the two scratch areas.
    expect(framesFree()).toBe(47);
    expect(join(2, 2, 0)).toBe(0);
  });
});

describe("leave", () => {
  it("gives the slot back and keeps what was published readable (I12)", () => {
    join(1, 1, 0);
    started("a", 64, 4);
    fill(4);
    leave();
    expect(cpuAt).toBe(0);
    expect(blockText(0)).toBe("0 domain 1 tid 0");
    expect(counts("a")).toBe("written 4, taken 0, overwritten 0, full 0, big 0");
    emit(2);
    expect(positions("a")).toBe("0 .. 80");
  });

  it("twice, or before join, does nothing", () => {
    remember();
    leave();
    expect(changed()).toBe(0);
    join(1, 1, 0);
    leave();
    remember();
    leave();
    expect(changed()).toBe(0);
  });

  it("of a thread that was taken for dead does nothing to the slot's next owner", () => {
    join(1, 1, 0);
    reap(1);
    leave();
    expect(join(2, 2, 0)).toBe(0);
    expect(blockText(0)).toBe("2 domain 2 tid 3");
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
