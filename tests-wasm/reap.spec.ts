// Reaping: what a thread that died held comes back, wherever it died (I12).

import { join, leave, quiesce, reap } from "../assembly/cpu";
import { bind, take } from "../assembly/evtchn";
import { startedBy } from "../assembly/family";
import { addressOf, alloc, frameEntry, mfnOf, setOwner } from "../assembly/page";
import {
  CPU_JOINING,
  CPU_LEAVING,
  CPU_REAPING,
  CPU_SCRATCH_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  CTL_DOM0_AT,
  FRAME_OWNER_AT,
  OWNER_CPU,
  RING_DATA_AT,
  TID_MAX,
} from "../assembly/public/layout";
import { OP_DESTROY, OP_STOP, VIRQ_DOM_EXC } from "../assembly/public/ops";
import { attachRings } from "../assembly/rings";
import { settle } from "../assembly/trace";
import { audit, found } from "./audit";
import {
  blockText,
  control,
  controlWord,
  cpuWord,
  create,
  die,
  elsewhere,
  emit,
  framesFree,
  offset,
  reset,
  ringOf,
  setCpuWord,
  started,
} from "./machine";

function owner(address: usize): u32 {
  return load<u32>(frameEntry(mfnOf(address)), FRAME_OWNER_AT);
}

/** A thread that took a slot and died: it is joining for ever. */
function joining(cpu: u32, tid: u32, parent: u32): void {
  startedBy(tid, parent);
  setCpuWord(cpu, CPU_STATE_AT, CPU_JOINING);
  setCpuWord(cpu, CPU_TID_AT, tid + 1);
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("reap", () => {
  it("frees the slot of a dead thread, and no other", () => {
    elsewhere(1);
    elsewhere(2);
    expect(reap(1)).toBe(1);
    expect(blockText(0)).toBe("0 domain 1 tid 0");
    expect(blockText(1)).toBe("2 domain 2 tid 3");
    expect(reap(1)).toBe(0);
    expect(reap(7)).toBe(0);
  });

  it("frees the slots of the threads that it started, and of theirs", () => {
    // 1 started 2 and 3, 3 started 4; the child's slot may come before its parent's.
    join(4, 3, 0);
    die();
    join(3, 1, 0);
    die();
    join(1, 0, 0);
    die();
    join(2, 1, 0);
    die();
    expect(reap(1)).toBe(4);
    for (let cpu: u32 = 0; cpu < 4; cpu++) expect(cpuWord(cpu, CPU_STATE_AT)).toBe(0);
  });

  it("frees the slots of children although the parent had none", () => {
    join(4, 9, 0);
    die();
    elsewhere(5);
    expect(reap(9)).toBe(1);
    expect(cpuWord(0, CPU_STATE_AT)).toBe(0);
    expect(cpuWord(1, CPU_STATE_AT)).toBe(2);
  });

  it("does not take a child of a slot's last owner for one of a thread that died", () => {
    join(4, 9, 0);
    leave();
    expect(reap(9)).toBe(0);
  });

  it("of a number that no thread has frees nothing (I2)", () => {
    joining(0, 5, 5);
    // As the reaper leaves it that is no CPU, and so has no number.
    elsewhere(6);
    setCpuWord(1, CPU_STATE_AT, CPU_REAPING);
    setCpuWord(1, CPU_TID_AT, 0);
    for (let number: u32 = 0xffffffff; number > TID_MAX; number -= 0x3fffffff) {
      expect(reap(number)).toBe(0);
    }
    expect(cpuWord(0, CPU_STATE_AT)).toBe(CPU_JOINING);
    expect(cpuWord(1, CPU_STATE_AT)).toBe(CPU_REAPING);
  });

  it("tells dom0", () => {
    elsewhere(1);
    const port = bind(VIRQ_DOM_EXC);
    reap(1);
    expect(take()).toBe(1 << port);
  });

  it("drops a dead dom0's claim", () => {
    elsewhere(1);
    expect(reap(0)).toBe(0);
    expect(controlWord(CTL_DOM0_AT)).toBe(0);
  });

  it("leaves the claim of a dom0 that lives", () => {
    elsewhere(1);
    reap(1);
    expect(controlWord(CTL_DOM0_AT)).toBe(1);
  });

  it("of a thread that died while it left completes it", () => {
    elsewhere(1);
    setCpuWord(0, CPU_STATE_AT, CPU_LEAVING);
    expect(reap(1)).toBe(1);
    expect(elsewhere(2)).toBe(0);
  });
});

describe("a thread that died while it joined", () => {
  it("before it allocated anything gives its slot back", () => {
    joining(0, 5, 5);
    expect(reap(5)).toBe(1);
    expect(framesFree()).toBe(119);
    expect(elsewhere(6)).toBe(0);
  });

  it("with frames that it showed to nobody gives them back (I9)", () => {
    started("a", 64, 4);
    joining(0, 5, 5);
    const free = framesFree();
    // A scratch area that is not noted, a run for data, half a run that it was still claiming.
    alloc(2, OWNER_CPU);
    alloc(1, OWNER_CPU);
    store<u32>(frameEntry(100), OWNER_CPU, FRAME_OWNER_AT);
    store<u32>(frameEntry(101), OWNER_CPU, FRAME_OWNER_AT);
    store<u32>(addressOf(101), 7);
    const neighbour = alloc(0, OWNER_CPU + 1);
    expect(reap(5)).toBe(1);
    expect(framesFree()).toBe(free - 1);
    expect(owner(addressOf(neighbour))).toBe(513);
  });

  it("keeps the scratch area that it noted", () => {
    joining(0, 5, 5);
    setCpuWord(0, CPU_SCRATCH_AT, <u32>addressOf(alloc(2, OWNER_CPU)));
    alloc(0, OWNER_CPU);
    expect(reap(5)).toBe(1);
    expect(framesFree()).toBe(115);
    expect(join(6, 6, 0)).toBe(0);
    expect(framesFree()).toBe(115);
  });

  it("with a ring in a trace's directory leaves it to the trace (I9)", () => {
    started("a", 64, 4);
    joining(0, 5, 5);
    attachRings(0);
    // It died before it made the trace the owner.
    const ring = ringOf("a", 0);
    const data: usize = load<u32>(ring, RING_DATA_AT);
    setOwner(mfnOf(ring), OWNER_CPU);
    setOwner(mfnOf(data), OWNER_CPU);
    const free = framesFree();
    expect(reap(5)).toBe(1);
    expect(framesFree()).toBe(free);
    expect(owner(ring)).toBe(256);
    expect(owner(data)).toBe(256);
    join(6, 6, 0);
    expect(ringOf("a", 0)).toBe(ring);
    emit(2);
    expect(offset(ring)).toBe(16);
    control(OP_DESTROY, "a");
    quiesce();
    settle();
    // All but the scratch area.
    expect(framesFree()).toBe(115);
  });

  it("holds no quarantine up once it is reaped", () => {
    create("a", 64, 4);
    joining(0, 5, 5);
    control(OP_STOP, "a");
    expect(settle()).toBe(false);
    reap(5);
    expect(settle()).toBe(true);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
