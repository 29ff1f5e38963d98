// The life of a trace: create, start, stop, and its event set.

import { tb_control } from "../assembly/control";
import { join, leave } from "../assembly/cpu";
import { alloc, mfnOf, runFrames } from "../assembly/page";
import {
  CTL_ACTIVE_AT,
  CTL_TRACES_AT,
  HYPERCALL_AT,
  OWNER_XEN,
  RING_DATA_AT,
  TRACE_CPU_SET_AT,
  TRACE_DIRECTORY_AT,
  TRACE_EVENT_SET_AT,
  TRACE_INDEX_AT,
  TRACE_PATTERN_AT,
  TRACE_PATTERN_BYTES_AT,
  TRACE_STATE_AT,
} from "../assembly/public/layout";
import {
  OP_CREATE,
  OP_DESTROY,
  OP_START,
  OP_STOP,
  REASON_NO_MEMORY,
  REASON_TRACES_FULL,
  TBC_ACTIVE_AT,
} from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { enableEvent, settle } from "../assembly/trace";
import { ringOfCpu, stateOf } from "../assembly/tracetable";
import { audit, found } from "./audit";
import {
  changed,
  control,
  controlWord,
  create,
  die,
  elsewhere,
  enabled,
  frameOf,
  framesFree,
  hex,
  IMAGE,
  image,
  info,
  limit,
  remember,
  reset,
  ringOf,
  words,
} from "./machine";

function active(): u32 {
  info("a");
  return load<u32>(HYPERCALL_AT, TBC_ACTIVE_AT);
}

/** Creates a trace whose event set holds event 5 alone. */
function createWithEvent5(name: string): u32 {
  image(name, 64, 2);
  memory.fill(IMAGE + TRACE_EVENT_SET_AT, 0, 512);
  store<u32>(IMAGE + TRACE_EVENT_SET_AT, 32);
  tb_control(OP_CREATE);
  return frameOf(name);
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("create", () => {
  it("makes a stopped trace in the first free slot", () => {
    expect(create("a", 64, 4)).toBe(0);
    expect(create("b", 4096, 2, 1)).toBe(0);
    expect(controlWord(CTL_TRACES_AT)).toBe(frameOf("a"));
    expect(controlWord(CTL_TRACES_AT + 4)).toBe(frameOf("b"));
    // state, index, mode, bytes, count, order, bytes of name and pattern
    expect(words(frameOf("a"), 8)).toBe("1 0 0 64 4 0 1 0");
    expect(words(frameOf("b"), 8)).toBe("1 1 1 4096 2 1 1 0");
    expect(active()).toBe(0);
    expect(enabled(0)).toBe(0);
  });

  it("gives each CPU that exists a ring: one frame, and its data", () => {
    elsewhere(1);
    elsewhere(2);
    join(3, 3, 0);
    const free = framesFree();
    expect(create("a", 4096, 4)).toBe(0);
    // Control frame, and for two CPUs a ring frame and a run of 4.
    die();
    elsewhere(4);
    expect(framesFree()).toBe(free - 1 - 3 * 5 - 4 - 5);
    for (let cpu: u32 = 0; cpu < 4; cpu++) {
      const ring = ringOf("a", cpu);
      // masks of sub-buffer and buffer; mode, bytes, count
      expect(words(ring, 2)).toBe("4095 16383");
      expect(words(ring + 12, 3)).toBe("0 4096 4");
      expect(runFrames(mfnOf(load<u32>(ring, RING_DATA_AT)))).toBe(4);
    }
  });

  it("gives no ring to a CPU that is not in its set", () => {
    elsewhere(1);
    elsewhere(2);
    image("a", 64, 4);
    memory.fill(IMAGE + TRACE_CPU_SET_AT, 0, 32);
    store<u32>(IMAGE + TRACE_CPU_SET_AT, 2);
    expect(tb_control(OP_CREATE)).toBe(0);
    expect(ringOf("a", 0)).toBe(0);
    expect(ringOf("a", 1)).toBeGreaterThan(0);
  });

  it("keeps the pattern, and takes neither state nor directory from dom0", () => {
    image("a", 64, 4);
    memory.fill(IMAGE + TRACE_DIRECTORY_AT, 0xff, 1024);
    memory.fill(IMAGE + TRACE_PATTERN_AT, 0x7a, 1408);
    store<u32>(IMAGE, 1408, TRACE_PATTERN_BYTES_AT);
    store<u32>(IMAGE, 2, TRACE_STATE_AT);
    store<u32>(IMAGE, 17, TRACE_INDEX_AT);
    expect(tb_control(OP_CREATE)).toBe(0);
    const frame = frameOf("a");
    expect(words(frame, 2)).toBe("1 0");
    for (let cpu: u32 = 0; cpu < 256; cpu++) expect(ringOfCpu(frame, cpu)).toBe(0);
    expect(hex(frame + TRACE_PATTERN_AT + 1406, 4)).toBe("7a 7a 00 00");
  });

  it("makes the smallest and the largest sub-buffer that fits", () => {
    expect(create("s", 64, 2)).toBe(0);
    expect(create("n", 64, 64)).toBe(0);
    join(1, 1, 0);
    expect(ringOf("n", 0)).toBeGreaterThan(0);
    // 64 sub-buffers of 4096 bytes: order 6, frames 64 to 127.
    expect(create("l", 4096, 64)).toBe(0);
    expect(load<u32>(ringOf("l", 0), RING_DATA_AT)).toBe(64 * 4096);
  });

  it("makes 31 traces, and no 32nd", () => {
    for (let i = 0; i < 31; i++) expect(create("t" + i.toString(), 64, 2)).toBe(0);
    remember();
    expect(create("t31", 64, 2)).toBe(1);
    expect(reason()).toBe(REASON_TRACES_FULL);
    expect(limit()).toBe(31);
    expect(changed()).toBe(0);
    control(OP_START, "t30");
    expect(enabled(9)).toBe(0x40000000);
    control(OP_DESTROY, "t17");
    expect(create("t31", 64, 2)).toBe(0);
    // The slot of the destroyed one.
    expect(words(frameOf("t31"), 2)).toBe("1 17");
  });

  it("gives everything back when memory is out for the last CPU (I9)", () => {
    // Rings of 32 frames for four CPUs: three fit, at 32, 64 and 96.
    elsewhere(1);
    elsewhere(2);
    elsewhere(3);
    join(4, 4, 0);
    const free = framesFree();
    expect(create("a", 65536, 2)).toBe(1);
    expect(reason()).toBe(REASON_NO_MEMORY);
    expect(framesFree()).toBe(free);
    expect(controlWord(CTL_TRACES_AT)).toBe(0);
    expect(info("a")).toBe(1);
    leave();
    expect(create("a", 65536, 2)).toBe(0);
  });

  it("gives everything back when there is a frame for a ring's data and none for the ring", () => {
    join(1, 1, 0);
    while (framesFree() > 2) alloc(0, OWNER_XEN);
    expect(create("a", 64, 2)).toBe(1);
    expect(reason()).toBe(REASON_NO_MEMORY);
    expect(framesFree()).toBe(2);
  });

  it("gives everything back when not even the control frame is there", () => {
    reset(10);
    expect(create("a", 64, 2)).toBe(0);
    expect(create("b", 64, 2)).toBe(1);
    expect(reason()).toBe(REASON_NO_MEMORY);
    expect(framesFree()).toBe(0);
    control(OP_DESTROY, "a");
    expect(create("b", 64, 2)).toBe(0);
  });
});

describe("start", () => {
  it("sets the trace's bit in the words of its events, and in no other", () => {
    create("a", 64, 2);
    createWithEvent5("b");
    control(OP_START, "b");
    expect(enabled(4)).toBe(0);
    expect(enabled(5)).toBe(2);
    expect(enabled(6)).toBe(0);
    control(OP_START, "a");
    expect(enabled(4)).toBe(1);
    expect(enabled(5)).toBe(3);
    expect(enabled(4095)).toBe(1);
    expect(active()).toBe(2);
  });

  it("twice counts once", () => {
    create("a", 64, 2);
    expect(control(OP_START, "a")).toBe(0);
    expect(control(OP_START, "a")).toBe(0);
    expect(active()).toBe(1);
    expect(control(OP_STOP, "a")).toBe(0);
    expect(active()).toBe(0);
    expect(enabled(5) & 1).toBe(0);
  });
});

describe("stop", () => {
  it("clears the trace's bit and leaves the others'", () => {
    create("a", 64, 2);
    create("b", 64, 2);
    control(OP_START, "a");
    control(OP_START, "b");
    control(OP_STOP, "a");
    settle();
    expect(enabled(0)).toBe(2);
    expect(enabled(4095)).toBe(2);
    expect(active()).toBe(1);
  });

  it("twice, or before start, counts nothing", () => {
    create("a", 64, 2);
    expect(control(OP_STOP, "a")).toBe(0);
    expect(active()).toBe(0);
    control(OP_START, "a");
    expect(control(OP_STOP, "a")).toBe(0);
    expect(control(OP_STOP, "a")).toBe(0);
    expect(controlWord(CTL_ACTIVE_AT)).toBe(0);
    expect(control(OP_START, "a")).toBe(0);
    expect(active()).toBe(1);
  });
});

describe("enableEvent", () => {
  it("of a stopped trace takes effect when it is started", () => {
    const frame = createWithEvent5("a");
    enableEvent(0, 70);
    expect(enabled(70)).toBe(0);
    expect(load<u32>(frame, TRACE_EVENT_SET_AT + 8)).toBe(64);
    control(OP_START, "a");
    expect(enabled(5)).toBe(1);
    expect(enabled(70)).toBe(1);
    expect(enabled(71)).toBe(0);
  });

  it("of an active trace takes effect at once", () => {
    createWithEvent5("a");
    control(OP_START, "a");
    enableEvent(0, 70);
    enableEvent(0, 70);
    expect(enabled(70)).toBe(1);
    control(OP_STOP, "a");
    settle();
    expect(enabled(70)).toBe(0);
  });

  it("of a destroyed trace has no effect", () => {
    join(1, 1, 0);
    const frame = createWithEvent5("a");
    control(OP_START, "a");
    control(OP_DESTROY, "a");
    expect(stateOf(frame)).toBe(3);
    enableEvent(0, 70);
    // Attention alone.
    expect(enabled(70)).toBe(0x80000000);
  });

  it("takes the last event", () => {
    createWithEvent5("a");
    control(OP_START, "a");
    enableEvent(0, 4095);
    expect(enabled(4095)).toBe(1);
  });

  it("ignores traces and events that there are not", () => {
    createWithEvent5("a");
    control(OP_START, "a");
    remember();
    enableEvent(1, 70);
    enableEvent(30, 70);
    enableEvent(31, 70);
    enableEvent(0xffffffff, 70);
    enableEvent(0, 4096);
    enableEvent(0, 0xffffffff);
    expect(changed()).toBe(0);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I9)", () => {
    expect(found()).toBe("");
  });
});
