// The record calls: which traces get a record, what time it has, how large it may be.

import { tb_control } from "../assembly/control";
import { cpuAt, join, leave, scratchAt, stamp } from "../assembly/cpu";
import {
  CONTROL_AT,
  CPU_TS_AT,
  CTL_COARSE_AT,
  RING_DATA_AT,
  TRACE_CPU_SET_AT,
  TRACE_EVENT_SET_AT,
} from "../assembly/public/layout";
import { OP_CREATE, OP_START, OP_STOP } from "../assembly/public/ops";
import { record, record0, record1, record2 } from "../assembly/record";
import { audit, distrust, found } from "./audit";
import {
  consume,
  control,
  counts,
  die,
  discardedBig,
  discardedFull,
  emit,
  enabled,
  entryText,
  fill,
  hex,
  IMAGE,
  image,
  offset,
  positions,
  reset,
  ringOf,
  started,
  words,
} from "./machine";

const COARSE: usize = CONTROL_AT + CTL_COARSE_AT;
/** What no coarse time can be: 2^62 and beyond. */
const ABSURD: StaticArray<u64> = [
  (<u64>1) << 62,
  u64.MAX_VALUE >> 1,
  (<u64>1) << 63,
  0xffffffff00000000,
  u64.MAX_VALUE,
];

function dataOf(ring: usize): usize {
  return load<u32>(ring, RING_DATA_AT);
}

/** Time of the n-th record of a ring that holds records without payload. */
function timeOf(ring: usize, n: u32): u64 {
  return load<u64>(dataOf(ring) + n * 8) >> 12;
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
});
afterEach(audit);

describe("a record", () => {
  it("goes to every active trace, the same bytes at the same time", () => {
    const a = started("a", 64, 4);
    const b = started("b", 256, 2, 1);
    const c = started("c", 128, 8);
    record2(2, 1.5, 5, 6);
    expect(hex(dataOf(a), 16)).toBe("02 00 36 6e 01 00 00 00 05 00 00 00 06 00 00 00");
    expect(hex(dataOf(b), 16)).toBe("02 00 36 6e 01 00 00 00 05 00 00 00 06 00 00 00");
    expect(hex(dataOf(c), 16)).toBe("02 00 36 6e 01 00 00 00 05 00 00 00 06 00 00 00");
    expect(offset(a)).toBe(16);
    expect(offset(b)).toBe(16);
    expect(offset(c)).toBe(16);
  });

  it("goes to each trace by that trace's own sizes", () => {
    started("a", 64, 4);
    started("b", 256, 2);
    fill(10);
    expect(positions("a")).toBe("0 .. 208");
    expect(positions("b")).toBe("0 .. 160");
    fill(6);
    expect(counts("a")).toBe("written 12, taken 0, overwritten 0, full 4, big 0");
    expect(counts("b")).toBe("written 16, taken 0, overwritten 0, full 0, big 0");
    expect(positions("b")).toBe("0 .. 272");
  });

  it("goes to no trace that is stopped", () => {
    const a = started("a", 64, 4);
    const b = started("b", 64, 4);
    emit(2);
    control(OP_STOP, "a");
    emit(2);
    expect(offset(a)).toBe(16);
    expect(offset(b)).toBe(32);
    control(OP_START, "a");
    emit(2);
    expect(offset(a)).toBe(32);
    expect(words(dataOf(a) + 16, 4)).toBe("2 0 768 769");
  });

  it("goes to no trace that does not hold its event", () => {
    image("a", 64, 4);
    memory.fill(IMAGE + TRACE_EVENT_SET_AT, 0, 512);
    // Event 3 is in the first word of the set, event 4095 in the last.
    store<u32>(IMAGE + TRACE_EVENT_SET_AT, 0x00000008);
    store<u32>(IMAGE + TRACE_EVENT_SET_AT + 508, 0x80000000);
    tb_control(OP_CREATE);
    control(OP_START, "a");
    expect(enabled(2)).toBe(0);
    expect(enabled(3)).toBe(1);
    expect(enabled(4095)).toBe(1);
    emit(2);
    expect(offset(ringOf("a", 0))).toBe(0);
    emit(3);
    expect(offset(ringOf("a", 0))).toBe(20);
  });

  it("goes to no trace that does not hold its CPU: there is no ring", () => {
    image("a", 64, 4);
    memory.fill(IMAGE + TRACE_CPU_SET_AT, 0, 32);
    store<u32>(IMAGE + TRACE_CPU_SET_AT, 2);
    tb_control(OP_CREATE);
    control(OP_START, "a");
    const b = started("b", 64, 4);
    expect(ringOf("a", 0)).toBe(0);
    emit(2);
    expect(offset(b)).toBe(16);
    // The next thread becomes CPU 1, which the trace holds.
    die();
    expect(join(2, 2, 0)).toBe(1);
    emit(2);
    expect(offset(ringOf("a", 1))).toBe(16);
  });
});

describe("an event number beyond 4095", () => {
  it("counts by its low 12 bits", () => {
    const a = started("a", 64, 4);
    record1(4097, 0, 7);
    record0(0xfffff000, 0);
    expect(words(dataOf(a), 5)).toBe("1 0 7 0 0");
  });

  it("does not reach into the time", () => {
    distrust();
    const a = started("a", 64, 4);
    record0(0xffffffff, 0);
    expect(hex(dataOf(a), 8)).toBe("ff 0f 00 00 00 00 00 00");
  });
});

describe("a trace that does not take a record", () => {
  it("leaves the others theirs: the first is full", () => {
    const a = started("a", 64, 2);
    const b = started("b", 256, 2);
    fill(8);
    expect(offset(a)).toBe(112);
    expect(discardedFull(a)).toBe(2);
    expect(offset(b)).toBe(128);
    expect(words(dataOf(b) + 112, 4)).toBe("2 0 2048 2049");
  });

  it("leaves the others theirs: one in the middle is full", () => {
    const a = started("a", 256, 2);
    const b = started("b", 64, 2);
    const c = started("c", 64, 2, 1);
    fill(8);
    expect(offset(a)).toBe(128);
    expect(discardedFull(b)).toBe(2);
    expect(positions("c")).toBe("64 .. 160");
    expect(words(dataOf(c) + 16, 4)).toBe("2 0 2048 2049");
  });

  it("leaves the others theirs: it is too big for the first", () => {
    const a = started("a", 64, 4);
    const b = started("b", 128, 4);
    emit(14);
    expect(offset(a)).toBe(0);
    expect(discardedBig(a)).toBe(1);
    expect(offset(b)).toBe(64);
    expect(discardedBig(b)).toBe(0);
  });

  it("and all the others count it, each for itself (I7)", () => {
    started("a", 64, 2);
    started("b", 64, 2);
    fill(7);
    emit(20);
    expect(counts("a")).toBe("written 6, taken 0, overwritten 0, full 1, big 1");
    expect(counts("b")).toBe("written 6, taken 0, overwritten 0, full 1, big 1");
    consume("b", 0, 0, 3);
    fill(1);
    expect(counts("a")).toBe("written 6, taken 0, overwritten 0, full 2, big 1");
    expect(counts("b")).toBe("written 7, taken 3, overwritten 0, full 1, big 1");
  });
});

describe("time", () => {
  it("is nanoseconds since the clock's reading at join", () => {
    const a = started("a", 64, 4);
    leave();
    join(1, 1, 1000);
    record0(0, 1000);
    record0(0, 1000.5);
    record0(0, 1002.5);
    expect(timeOf(a, 0)).toBe(0);
    expect(timeOf(a, 1)).toBe(500000);
    expect(timeOf(a, 2)).toBe(2500000);
  });

  it("never goes backwards (I8)", () => {
    const a = started("a", 64, 4);
    record0(0, 5);
    record0(0, 4);
    record0(0, -1000000);
    record0(0, 5.000001);
    expect(timeOf(a, 0)).toBe(5000000);
    expect(timeOf(a, 1)).toBe(5000000);
    expect(timeOf(a, 2)).toBe(5000000);
    expect(timeOf(a, 3)).toBe(5000001);
  });

  it("never goes backwards in a slot's next life (I8)", () => {
    const a = started("a", 64, 4);
    record0(0, 5);
    leave();
    expect(join(2, 2, 100)).toBe(0);
    record0(0, 101);
    expect(timeOf(a, 1)).toBe(5000000);
    record0(0, 106);
    expect(timeOf(a, 2)).toBe(6000000);
  });

  it("stands still where the clock tells nothing (I8)", () => {
    expect(stamp(3)).toBe(3000000);
    expect(stamp(NaN)).toBe(3000000);
    expect(stamp(-Infinity)).toBe(3000000);
    expect(stamp(-0.0)).toBe(3000000);
    expect(stamp(4)).toBe(4000000);
  });

  it("stands still where the coarse time tells nothing either (I8)", () => {
    stamp(3);
    for (let i = 0; i < ABSURD.length; i++) {
      store<u64>(COARSE, ABSURD[i]);
      expect(stamp(NaN)).toBe(3000000);
    }
    expect(stamp(4)).toBe(4000000);
    expect(load<u64>(cpuAt, CPU_TS_AT)).toBe(4000000);
  });

  it("begins at 0 when the clock was before its origin", () => {
    const a = started("a", 64, 4);
    record0(0, -5);
    expect(timeOf(a, 0)).toBe(0);
  });

  it("is kept by the slot", () => {
    stamp(7);
    expect(load<u64>(cpuAt, CPU_TS_AT)).toBe(7000000);
  });

  // 2^52 ns are 4503599627.370496 ms: 52 days. 4503599628 ms are 629504 ns more.
  it("has its low 52 bits in a record, and all of them in what closes a sub-buffer (I8)", () => {
    distrust();
    const a = started("a", 64, 4);
    record0(0, 4503599627);
    for (let i = 0; i < 7; i++) record0(0, 4503599628);
    expect(timeOf(a, 0)).toBe(4503599627000000);
    expect(timeOf(a, 1)).toBe(629504);
    expect(entryText(a, 0)).toBe("begin 0, before 0, last 4503599628000000, lost 0, ends 56");
    expect(load<u64>(cpuAt, CPU_TS_AT)).toBe(4503599628000000);
  });

  it("is not taken from a clock that is out of its mind", () => {
    const a = started("a", 64, 4);
    record0(0, 7);
    for (let i = 0; i < 6; i++) record0(0, Infinity);
    record0(0, 8);
    expect(timeOf(a, 1)).toBe(7000000);
    expect(entryText(a, 0)).toBe("begin 0, before 0, last 8000000, lost 0, ends 56");
  });
});

describe("the coarse time", () => {
  it("is taken for a record whose time is NaN, whatever NaN it is", () => {
    const a = started("a", 256, 4);
    store<u64>(COARSE, 5000000);
    record0(0, NaN);
    store<u64>(COARSE, 6000000);
    record1(1, reinterpret<f64>(u64.MAX_VALUE), 7);
    store<u64>(COARSE, 7000000);
    record(2, reinterpret<f64>(0x7ff0000000000000 + 1), 8, 2);
    expect(timeOf(a, 0)).toBe(5000000);
    expect(load<u64>(dataOf(a) + 8) >> 12).toBe(6000000);
    expect(load<u64>(dataOf(a) + 20) >> 12).toBe(7000000);
    expect(load<u64>(dataOf(a) + 36) >> 12).toBe(7000000);
    expect(load<u64>(cpuAt, CPU_TS_AT)).toBe(7000000);
  });

  it("is not taken for any other", () => {
    store<u64>(COARSE, 5000000);
    expect(stamp(1)).toBe(1000000);
    expect(stamp(Infinity)).toBe(1000000);
    expect(stamp(-Infinity)).toBe(1000000);
    expect(stamp(f64.MAX_VALUE)).toBe(1000000);
  });

  it("is nanoseconds since boot, whatever the thread's clock said then", () => {
    leave();
    join(1, 1, 1000);
    store<u64>(COARSE, 5000000);
    expect(stamp(NaN)).toBe(5000000);
    expect(stamp(1006)).toBe(6000000);
  });

  it("never goes backwards, nor does the clock after it (I8)", () => {
    const a = started("a", 128, 2);
    record0(0, 7);
    store<u64>(COARSE, 5000000);
    record0(0, NaN);
    store<u64>(COARSE, 8000000);
    record0(0, NaN);
    store<u64>(COARSE, 6000000);
    record0(0, NaN);
    record0(0, 7.5);
    record0(0, 8.5);
    expect(timeOf(a, 1)).toBe(7000000);
    expect(timeOf(a, 2)).toBe(8000000);
    expect(timeOf(a, 3)).toBe(8000000);
    expect(timeOf(a, 4)).toBe(8000000);
    expect(timeOf(a, 5)).toBe(8500000);
  });

  it("has 64 bits, and is believed up to 146 years", () => {
    store<u64>(COARSE, 0x123456789);
    expect(stamp(NaN)).toBe(0x123456789);
    store<u64>(COARSE, ((<u64>1) << 62) - 1);
    expect(stamp(NaN)).toBe(((<u64>1) << 62) - 1);
    distrust();
  });

  it("of a memory where nothing keeps it fresh is 0", () => {
    const a = started("a", 64, 2);
    record0(0, NaN);
    expect(timeOf(a, 0)).toBe(0);
  });

  it("closes a sub-buffer as well", () => {
    const a = started("a", 64, 4);
    store<u64>(COARSE, 5000000);
    for (let i: i32 = 0; i < 4; i++) emit(2, NaN);
    expect(entryText(a, 0)).toBe("begin 0, before 0, last 5000000, lost 0, ends 48");
  });
});

describe("a record from the scratch area", () => {
  it("may have no payload", () => {
    const a = started("a", 64, 4);
    record(0, 2, 0, 1);
    expect(hex(dataOf(a), 8)).toBe("00 00 48 e8 01 00 00 00");
    expect(offset(a)).toBe(8);
  });

  it("may fill the area", () => {
    distrust();
    const a = started("a", 32768, 2);
    const area = scratchAt();
    for (let at: u32 = 0; at < 16384; at += 4) store<u32>(area + at, at);
    record(1, 0, 16384, 1);
    expect(offset(a)).toBe(16392);
    expect(words(dataOf(a), 4)).toBe("1 0 0 4");
    expect(words(dataOf(a) + 16384, 3)).toBe("16376 16380 0");
  });

  it("of more than the area is discarded as too big in every trace (I7)", () => {
    const a = started("a", 32768, 2);
    const b = started("b", 64, 2, 1);
    record(1, 0, 16388, 1);
    record(1, 0, 0x7fffffff, 1);
    record(1, 0, 0xfffffff8, 1);
    record(1, 0, 0xffffffff, 1);
    // Counted at once, not one by one.
    record(1, 0, 16388, 0xffffffff);
    expect(counts("a")).toBe("written 0, taken 0, overwritten 0, full 0, big 4294967299");
    expect(counts("b")).toBe("written 0, taken 0, overwritten 0, full 0, big 4294967299");
    expect(offset(a)).toBe(0);
    expect(offset(b)).toBe(0);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
