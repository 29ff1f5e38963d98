// The way of a record: straight into the first ring when that has room, else by the CPU block; what
// else it touches; and that it answers dom0 on either way.

import { tb_control } from "../assembly/control";
import { cpuAt, join, leave } from "../assembly/cpu";
import {
  CONTROL_AT,
  CPU_ACK_AT,
  CPU_RECORD_AT,
  CPU_RINGS_AT,
  CPU_STATE_AT,
  CTL_EPOCH_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  RING_DATA_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  TRACE_CPU_SET_AT,
} from "../assembly/public/layout";
import { OP_CREATE, OP_START, OP_STOP } from "../assembly/public/ops";
import {
  record,
  record0,
  record1,
  record2,
  record3,
  record4,
  record5,
  record6,
  record7,
} from "../assembly/record";
import { audit, distrust, found } from "./audit";
import {
  changedWords,
  control,
  counts,
  cpuWord,
  create,
  emit,
  enabled,
  fill,
  hex,
  IMAGE,
  image,
  offset,
  positions,
  rememberAll,
  reset,
  ringOf,
  setControlWord,
  setCpuWord,
  started,
  words,
} from "./machine";

function dataOf(ring: usize): usize {
  return load<u32>(ring, RING_DATA_AT);
}

/** Starts a trace that holds CPU 1 alone, so that CPU 0 has no ring in it. */
function elsewhere(name: string): void {
  image(name, 64, 4);
  memory.fill(IMAGE + TRACE_CPU_SET_AT, 0, 32);
  store<u32>(IMAGE + TRACE_CPU_SET_AT, 2);
  assert(tb_control(OP_CREATE) == 0, "create");
  assert(control(OP_START, name) == 0, "start");
}

/** Raises attention on an event, in the epoch 9. */
function ask(event: u32): void {
  setControlWord(CTL_EPOCH_AT, 9);
  store<u32>(ENABLED_AT + event * 4, enabled(event) | (1 << ENABLED_ATTENTION_BIT));
}

/** Whether the CPU has answered; if so, it is asked again. */
function answered(): bool {
  const ack = load<u32>(cpuAt, CPU_ACK_AT);
  store<u32>(cpuAt, 0, CPU_ACK_AT);
  return ack == 9;
}

/** A record of each length from 0 to 7 words. */
function recordEach(now: f64): void {
  record0(0, now);
  record1(1, now, 11);
  record2(2, now, 21, 22);
  record3(3, now, 31, 32, 33);
  record4(4, now, 41, 42, 43, 44);
  record5(5, now, 51, 52, 53, 54, 55);
  record6(6, now, 61, 62, 63, 64, 65, 66);
  record7(7, now, 71, 72, 73, 74, 75, 76, 77);
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
});
afterEach(audit);

describe("a record for whose first trace the CPU has no ring", () => {
  it("goes to the others, whole", () => {
    elsewhere("a");
    const b = started("b", 256, 2);
    const c = started("c", 1024, 2);
    expect(ringOf("a", 0)).toBe(0);
    expect(enabled(7)).toBe(7);
    recordEach(1.5);
    expect(offset(b)).toBe(176);
    expect(offset(c)).toBe(176);
    expect(hex(dataOf(b), 8)).toBe("00 00 36 6e 01 00 00 00");
    const head = "1849032706 1 ";
    expect(words(dataOf(b) + 20, 4)).toBe(head + "21 22");
    expect(words(dataOf(b) + 140, 9)).toBe("1849032711 1 71 72 73 74 75 76 77");
    expect(hex(dataOf(c), 176)).toBe(hex(dataOf(b), 176));
  });

  it("goes nowhere when there is no other", () => {
    elsewhere("a");
    rememberAll();
    recordEach(0);
    record(2, 0, 8, 3);
    // The header and seven words in the CPU's block, no word more: the time is 0, as it was.
    expect(changedWords()).toBe("28744 28752 28756 28760 28764 28768 28772 28776");
  });
});

describe("a record that no trace wants", () => {
  it("goes nowhere, whatever lies behind the CPU's rings", () => {
    create("a", 64, 4);
    expect(enabled(2)).toBe(0);
    // The next CPU's state.
    setCpuWord(1, CPU_STATE_AT, <u32>ringOf("a", 0));
    rememberAll();
    record2(2, 0, 21, 22);
    record(2, 0, 8, 2);
    // The header, and the words of the first.
    expect(changedWords()).toBe("28744 28752 28756");
    setCpuWord(1, CPU_STATE_AT, 0);
  });
});

describe("a record for which the first ring has no room", () => {
  it("goes into that ring's next sub-buffer, and to the others, the same bytes", () => {
    const a = started("a", 64, 4);
    const b = started("b", 256, 2);
    fill(3);
    record7(7, 1.5, 71, 72, 73, 74, 75, 76, 77);
    expect(offset(a)).toBe(100);
    expect(offset(b)).toBe(84);
    expect(words(dataOf(a) + 64, 9)).toBe("1849032711 1 71 72 73 74 75 76 77");
    expect(hex(dataOf(b) + 48, 36)).toBe(hex(dataOf(a) + 64, 36));
  });

  it("has all its words, however many", () => {
    const a = started("a", 64, 64);
    const b = started("b", 1024, 2);
    // Before each record the first ring is brought to 60 of 64 bytes, which leaves no room.
    for (let i: i32 = 0; i < 8; i++) {
      emit(13);
      const to = offset(b);
      if (i == 0) record0(0, 0);
      if (i == 1) record1(1, 0, 11);
      if (i == 2) record2(2, 0, 21, 22);
      if (i == 3) record3(3, 0, 31, 32, 33);
      if (i == 4) record4(4, 0, 41, 42, 43, 44);
      if (i == 5) record5(5, 0, 51, 52, 53, 54, 55);
      if (i == 6) record6(6, 0, 61, 62, 63, 64, 65, 66);
      if (i == 7) record7(7, 0, 71, 72, 73, 74, 75, 76, 77);
      const bytes = 8 + i * 4;
      const head = i.toString() + " 0";
      let text = head;
      for (let n: i32 = 1; n <= i; n++) text += " " + (i * 10 + n).toString();
      expect(words(dataOf(a) + <usize>(offset(a) - bytes), bytes / 4)).toBe(text);
      expect(words(dataOf(b) + <usize>to, bytes / 4)).toBe(text);
      expect(offset(b)).toBe(to + bytes);
    }
  });

  it("goes to the others alone when that one is full, and is counted there (I7)", () => {
    const a = started("a", 64, 2);
    const b = started("b", 64, 4);
    const c = started("c", 256, 2, 1);
    fill(6);
    record2(2, 1.5, 5, 6);
    expect(positions("a")).toBe("0 .. 112");
    expect(counts("a")).toBe("written 6, taken 0, overwritten 0, full 1, big 0");
    expect(words(dataOf(b) + 128, 4)).toBe("1849032706 1 5 6");
    expect(words(dataOf(c) + 96, 4)).toBe("1849032706 1 5 6");
    // And the next smaller one finds room in all three.
    record0(0, 2);
    expect(positions("a")).toBe("0 .. 120");
    expect(offset(b)).toBe(152);
    expect(offset(c)).toBe(120);
    expect(counts("a")).toBe("written 7, taken 0, overwritten 0, full 1, big 0");
  });

  it("is written to the CPU's block before that, and not beyond its place there", () => {
    started("a", 64, 2);
    fill(6);
    memory.fill(cpuAt + CPU_RECORD_AT, 0xee, CPU_RINGS_AT - CPU_RECORD_AT);
    record7(7, 1.5, 71, 72, 73, 74, 75, 76, 77);
    expect(words(cpuAt + CPU_RECORD_AT, 9)).toBe("1849032711 1 71 72 73 74 75 76 77");
    expect(hex(cpuAt + CPU_RECORD_AT + 36, 20)).toBe(
      "ee ee ee ee ee ee ee ee ee ee ee ee ee ee ee ee ee ee ee ee",
    );
    memory.fill(cpuAt + CPU_RECORD_AT, 0, CPU_RINGS_AT - CPU_RECORD_AT);
  });

  it("leaves the block alone when there is room", () => {
    started("a", 256, 2);
    memory.fill(cpuAt + CPU_RECORD_AT, 0xee, 36);
    recordEach(1);
    expect(cpuWord(0, CPU_RECORD_AT)).toBe(0xeeeeeeee);
    expect(cpuWord(0, CPU_RECORD_AT + 32)).toBe(0xeeeeeeee);
  });
});

describe("a ring whose mask was overwritten", () => {
  it("is switched once a record, and not until there is room (I10)", () => {
    distrust();
    const over = started("o", 64, 4, 1);
    store<u32>(over, 0x40000001, RING_SUBBUF_MASK_AT);
    store<u64>(over, 0x40000000, RING_OFFSET_AT);
    record2(2, 0, 1, 2);
    // (offset | mask) + 1, and there the record.
    expect(offset(over)).toBe(0x40000012);
  });
});

describe("attention", () => {
  it("is answered when no trace wants the event", () => {
    started("a", 64, 4);
    control(OP_STOP, "a");
    ask(2);
    store<u32>(cpuAt, 0, CPU_ACK_AT);
    record2(2, 0, 1, 2);
    expect(answered()).toBe(true);
    record(2, 0, 8, 2);
    expect(answered()).toBe(true);
    record(2, 0, 8, 0);
    expect(answered()).toBe(true);
    expect(positions("a")).toBe("0 .. 0");
  });

  it("is answered when the first ring had room, with and without a second", () => {
    const a = started("a", 256, 4);
    ask(2);
    record2(2, 0, 1, 2);
    expect(answered()).toBe(true);
    const b = started("b", 256, 4);
    ask(2);
    record2(2, 0, 1, 2);
    expect(answered()).toBe(true);
    record(2, 0, 8, 3);
    expect(answered()).toBe(true);
    expect(offset(a)).toBe(80);
    expect(offset(b)).toBe(64);
  });

  it("is answered when the first ring had none, or discards", () => {
    const a = started("a", 64, 2);
    fill(3);
    ask(2);
    record2(2, 0, 1, 2);
    expect(answered()).toBe(true);
    expect(offset(a)).toBe(80);
    fill(2);
    answered();
    record2(2, 0, 1, 2);
    expect(answered()).toBe(true);
    expect(counts("a")).toBe("written 6, taken 0, overwritten 0, full 1, big 0");
    record(2, 0, 16388, 1);
    expect(answered()).toBe(true);
  });

  it("is answered when there is no ring", () => {
    elsewhere("a");
    ask(2);
    record2(2, 0, 1, 2);
    expect(answered()).toBe(true);
  });

  it("is answered once an epoch, and nobody answers unasked", () => {
    started("a", 64, 4);
    setControlWord(CTL_EPOCH_AT, 9);
    fill(7);
    record(2, 0, 8, 3);
    expect(answered()).toBe(false);
    ask(2);
    fill(1);
    expect(load<u32>(cpuAt, CPU_ACK_AT)).toBe(9);
    // Its slot among the rings is no ring.
    expect(load<u32>(cpuAt, CPU_RINGS_AT + ENABLED_ATTENTION_BIT * 4)).toBe(0);
  });
});

describe("a thread that has not joined", () => {
  it("writes nothing but NOBODY's words: time, ack, record", () => {
    const a = started("a", 64, 4);
    started("b", 64, 2, 1);
    leave();
    for (let event: u32 = 0; event < 8; event++) ask(event);
    rememberAll();
    recordEach(2.5);
    record(2, 3, 8, 1);
    record(2, 3, 8, 5);
    record(2, 3, 0, 1);
    record(2, 3, 16388, 1);
    // A header and seven words at 72.
    expect(changedWords()).toBe("24 64 72 76 80 84 88 92 96 100 104");
    expect(offset(a)).toBe(0);
    expect(load<u64>(24)).toBe(3000000);
    expect(load<u32>(64)).toBe(9);
  });

  it("finds no room in frame 0, where its ring would be, whatever it has left there", () => {
    leave();
    for (let i: i32 = 0; i < 100; i++) record7(4095, <f64>i * 1e9, -1, -1, -1, -1, -1, -1, -1);
    record(4095, 1e12, 16384, 1);
    // Geometry of a ring, of which nothing may be there: masks, data, mode, sizes.
    expect(words(0, 6)).toBe("0 0 0 0 0 0");
    expect(words(CONTROL_AT - 4, 2)).toBe("0 1718968948");
    memory.fill(0, 0, 256);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
