// Destroy without stopping anyone: a trace's frames are freed when every CPU has passed a quiescent
// point since, and not before (I9). CPU 0 stands elsewhere: it answers only when the test says so.

import { join, leave, quiesce, reap } from "../assembly/cpu";
import { quiescentSince } from "../assembly/cputable";
import { claimDom0, resignDom0 } from "../assembly/dom0";
import { map, mfnOf, unmap } from "../assembly/page";
import {
  CPU_ACK_AT,
  CPU_FREE,
  CPU_JOINING,
  CPU_LEAVING,
  CPU_RINGS_AT,
  CPU_STATE_AT,
  CTL_ACTIVE_AT,
  CTL_DOM0_AT,
  CTL_EPOCH_AT,
  CTL_TRACES_AT,
  ENABLED_AT,
  RING_SUBBUF_BYTES_AT,
  TRACE_EPOCH_AT,
} from "../assembly/public/layout";
import {
  OP_DESTROY,
  OP_START,
  OP_STOP,
  REASON_NAME_UNKNOWN,
  REASON_NOT_SHARED,
} from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { record0 } from "../assembly/record";
import { nextEpoch, settle } from "../assembly/trace";
import { stateOf } from "../assembly/tracetable";
import { audit, found } from "./audit";
import {
  control,
  controlWord,
  cpuWord,
  create,
  die,
  elsewhere,
  emit,
  enabled,
  frameOf,
  framesFree,
  info,
  offset,
  reset,
  ringOf,
  setControlWord,
  setCpuWord,
  started,
} from "./machine";

/** Free frames before a trace was created. */
let free: u32 = 0;

beforeEach(() => {
  reset();
  elsewhere(1);
  join(2, 2, 0);
  free = framesFree();
});
afterEach(audit);

describe("destroy", () => {
  it("takes the trace from everybody at once", () => {
    started("a", 64, 4);
    const frame = frameOf("a");
    expect(control(OP_DESTROY, "a")).toBe(0);
    expect(stateOf(frame)).toBe(3);
    expect(info("a")).toBe(1);
    expect(reason()).toBe(REASON_NAME_UNKNOWN);
    expect(cpuWord(0, CPU_RINGS_AT)).toBe(0);
    expect(cpuWord(1, CPU_RINGS_AT)).toBe(0);
    expect(controlWord(CTL_ACTIVE_AT)).toBe(0);
    expect(enabled(0)).toBe(0x80000000);
  });

  it("keeps its frames until every CPU has answered (I9)", () => {
    started("a", 64, 4);
    control(OP_DESTROY, "a");
    // Control frame, and two rings of two frames.
    expect(settle()).toBe(false);
    expect(framesFree()).toBe(free - 5);
    quiesce();
    expect(settle()).toBe(false);
    expect(framesFree()).toBe(free - 5);
    setCpuWord(0, CPU_ACK_AT, 1);
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
    expect(controlWord(CTL_TRACES_AT)).toBe(0);
  });

  it("asks nobody who is not there: the frames come back at the next settle", () => {
    started("a", 64, 4);
    reap(1);
    leave();
    control(OP_DESTROY, "a");
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
  });

  it("leaves a name that may be used again at once", () => {
    started("a", 64, 4);
    control(OP_DESTROY, "a");
    expect(create("a", 128, 4)).toBe(0);
    expect(controlWord(CTL_TRACES_AT + 4)).toBe(frameOf("a"));
    expect(control(OP_DESTROY, "a")).toBe(0);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 2);
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
  });

  it("shares nothing any more, and frees what dom0 has mapped when it unmaps (I9)", () => {
    const ring = mfnOf(started("a", 64, 4));
    expect(map(ring, 1)).toBe(0);
    control(OP_DESTROY, "a");
    expect(map(ring, 1)).toBe(1);
    expect(reason()).toBe(REASON_NOT_SHARED);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 1);
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free - 1);
    expect(unmap(ring)).toBe(0);
    expect(framesFree()).toBe(free);
  });

  it("lets a record of another trace go on", () => {
    started("a", 64, 4);
    started("b", 64, 4);
    control(OP_DESTROY, "a");
    emit(2);
    expect(offset(ringOf("b", 1))).toBe(16);
  });
});

describe("two destroys", () => {
  it("are freed each by its own epoch", () => {
    started("a", 64, 4);
    started("b", 64, 4);
    const b = frameOf("b");
    control(OP_DESTROY, "a");
    control(OP_DESTROY, "b");
    expect(load<u32>(b, TRACE_EPOCH_AT)).toBe(2);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 1);
    expect(settle()).toBe(false);
    expect(framesFree()).toBe(free - 5);
    expect(controlWord(CTL_TRACES_AT)).toBe(0);
    setCpuWord(0, CPU_ACK_AT, 2);
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
  });

  it("of the same trace are one destroy and one unknown name", () => {
    started("a", 64, 4);
    expect(control(OP_DESTROY, "a")).toBe(0);
    expect(control(OP_DESTROY, "a")).toBe(1);
    expect(reason()).toBe(REASON_NAME_UNKNOWN);
    expect(controlWord(CTL_EPOCH_AT)).toBe(1);
  });
});

describe("a quiescent point", () => {
  it("is passed at the end of a record that nobody wants", () => {
    nextEpoch();
    expect(enabled(7)).toBe(0x80000000);
    record0(7, 0);
    expect(cpuWord(1, CPU_ACK_AT)).toBe(1);
    expect(cpuWord(0, CPU_ACK_AT)).toBe(0);
  });

  it("is passed at the end of a record that goes to a trace", () => {
    started("a", 64, 4);
    nextEpoch();
    emit(2);
    expect(cpuWord(1, CPU_ACK_AT)).toBe(1);
    expect(offset(ringOf("a", 1))).toBe(16);
  });

  it("is passed at the end of a record that is discarded", () => {
    started("a", 64, 4);
    nextEpoch();
    emit(14);
    expect(cpuWord(1, CPU_ACK_AT)).toBe(1);
  });

  it("is not passed by a record while dom0 does not ask", () => {
    started("a", 64, 4);
    setControlWord(CTL_EPOCH_AT, 5);
    emit(2);
    expect(cpuWord(1, CPU_ACK_AT)).toBe(0);
  });

  it("is passed by a CPU that joins: it has seen nothing old", () => {
    nextEpoch();
    nextEpoch();
    die();
    expect(elsewhere(3)).toBe(2);
    expect(cpuWord(2, CPU_ACK_AT)).toBe(2);
  });

  it("is asked for by stop as well", () => {
    started("a", 64, 4);
    control(OP_STOP, "a");
    expect(controlWord(CTL_EPOCH_AT)).toBe(1);
    expect(settle()).toBe(false);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 1);
    expect(settle()).toBe(true);
    control(OP_START, "a");
    expect(controlWord(CTL_EPOCH_AT)).toBe(1);
  });
});

describe("quiescentSince", () => {
  it("waits for CPUs that join and leave, and not for free slots", () => {
    quiesce();
    nextEpoch();
    quiesce();
    expect(quiescentSince(1)).toBe(false);
    setCpuWord(0, CPU_STATE_AT, CPU_JOINING);
    expect(quiescentSince(1)).toBe(false);
    setCpuWord(0, CPU_STATE_AT, CPU_LEAVING);
    expect(quiescentSince(1)).toBe(false);
    setCpuWord(0, CPU_STATE_AT, CPU_FREE);
    expect(quiescentSince(1)).toBe(true);
    expect(quiescentSince(2)).toBe(false);
  });

  it("waits across the end of 32 bits", () => {
    started("a", 64, 4);
    setControlWord(CTL_EPOCH_AT, 0xffffffff);
    setCpuWord(0, CPU_ACK_AT, 0xffffffff);
    setCpuWord(1, CPU_ACK_AT, 0xffffffff);
    control(OP_DESTROY, "a");
    expect(controlWord(CTL_EPOCH_AT)).toBe(0);
    expect(settle()).toBe(false);
    expect(framesFree()).toBe(free - 5);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 0);
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
  });
});

describe("attention", () => {
  it("is raised on every event, and lowered when all have answered", () => {
    nextEpoch();
    expect(enabled(0)).toBe(0x80000000);
    expect(enabled(4095)).toBe(0x80000000);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 1);
    expect(settle()).toBe(true);
    expect(enabled(0)).toBe(0);
    expect(enabled(4095)).toBe(0);
  });

  it("leaves the traces' bits alone", () => {
    started("a", 64, 4);
    nextEpoch();
    expect(enabled(9)).toBe(0x80000001);
    quiesce();
    setCpuWord(0, CPU_ACK_AT, 1);
    settle();
    expect(enabled(9)).toBe(1);
  });

  it("is raised only now and then for a CPU that does not answer", () => {
    nextEpoch();
    let seen = "";
    for (let i = 0; i < 18; i++) {
      settle();
      seen += (enabled(0) >> 31).toString();
    }
    expect(seen).toBe("100000011000000110");
  });

  it("is raised anew by the next request", () => {
    nextEpoch();
    settle();
    settle();
    expect(enabled(0)).toBe(0);
    nextEpoch();
    expect(enabled(0)).toBe(0x80000000);
    settle();
    expect(enabled(0)).toBe(0x80000000);
  });

  it("is lowered by a dom0 that resigns, whoever has not answered", () => {
    nextEpoch();
    resignDom0();
    expect(enabled(0)).toBe(0);
    expect(enabled(4095)).toBe(0);
  });

  it("is lowered by the next dom0 where one died in the middle of raising it", () => {
    store<u32>(ENABLED_AT + 4095 * 4, 0x80000000);
    setControlWord(CTL_DOM0_AT, 0);
    expect(claimDom0(5)).toBe(0);
    expect(enabled(4095)).toBe(0);
  });

  it("is raised by the next dom0 while something is in quarantine", () => {
    create("a", 64, 4);
    control(OP_DESTROY, "a");
    resignDom0();
    expect(claimDom0(5)).toBe(0);
    expect(enabled(4095)).toBe(0x80000000);
    reap(1);
    quiesce();
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
  });
});

describe("a CPU that dies in a trace which is destroyed", () => {
  it("holds the frames back until it is reaped (I9, I12)", () => {
    started("a", 64, 4);
    control(OP_DESTROY, "a");
    quiesce();
    expect(settle()).toBe(false);
    expect(framesFree()).toBe(free - 5);
    expect(reap(1)).toBe(1);
    expect(settle()).toBe(true);
    expect(framesFree()).toBe(free);
  });

  it("leaves nothing behind: the next owner of its slot has rings of live traces only", () => {
    started("a", 64, 4);
    control(OP_DESTROY, "a");
    reap(1);
    quiesce();
    settle();
    started("b", 128, 2);
    die();
    expect(elsewhere(3)).toBe(0);
    const b = ringOf("b", 0);
    expect(cpuWord(0, CPU_RINGS_AT)).toBe(<u32>b);
    expect(load<u32>(b, RING_SUBBUF_BYTES_AT)).toBe(128);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
