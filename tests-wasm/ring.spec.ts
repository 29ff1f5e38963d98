// One ring of 4 sub-buffers of 64 bytes: how records lie in it, and what the entries say. Events
// of n payload words have number n; three records of 16 bytes fill a sub-buffer.

import { join } from "../assembly/cpu";
import {
  CTL_UPCALL_AT,
  RING_DATA_AT,
  RING_SUBBUF_BYTES_AT,
  RING_TALLY_AT,
} from "../assembly/public/layout";
import {
  record0,
  record1,
  record2,
  record3,
  record4,
  record5,
  record6,
  record7,
} from "../assembly/record";
import { publishedRecords, subbufEnd, subbufEntry } from "../assembly/switch";
import { audit, found } from "./audit";
import {
  consume,
  consumed,
  controlWord,
  counts,
  discardedBig,
  discardedFull,
  emit,
  entry,
  entryText,
  fill,
  hex,
  offset,
  positions,
  reset,
  started,
  words,
} from "./machine";

let ring: usize = 0;
let data: usize = 0;

beforeEach(() => {
  reset();
  join(1, 1, 0);
  ring = started("a", 64, 4);
  data = load<u32>(ring, RING_DATA_AT);
});
afterEach(audit);

describe("a record", () => {
  it("is time << 12 | event, then its payload, in little-endian words", () => {
    // 1,500,000 ns = 0x16e360; shifted by 12, with event 2: 0x1_6e36_0002.
    record2(2, 1.5, 0x11223344, 0xaabbccdd);
    expect(hex(data, 16)).toBe("02 00 36 6e 01 00 00 00 44 33 22 11 dd cc bb aa");
    expect(offset(ring)).toBe(16);
  });

  it("lies directly behind the one before it", () => {
    record1(1, 0, 5);
    record0(0, 0);
    record2(2, 0, 6, 7);
    //                         <- 12 ->  <8 > <-- 16 -->
    expect(words(data, 9)).toBe("1 0 5 0 0 2 0 6 7");
    expect(offset(ring)).toBe(36);
  });

  it("has the words of its record call in their order", () => {
    const wide = started("wide", 1024, 2);
    record0(0, 0);
    record1(1, 0, 11);
    record2(2, 0, 21, 22);
    record3(3, 0, 31, 32, 33);
    record4(4, 0, 41, 42, 43, 44);
    record5(5, 0, 51, 52, 53, 54, 55);
    record6(6, 0, 61, 62, 63, 64, 65, 66);
    record7(7, 0, 71, 72, 73, 74, 75, 76, 77);
    const at: usize = load<u32>(wide, RING_DATA_AT);
    expect(words(at, 14)).toBe("0 0 1 0 11 2 0 21 22 3 0 31 32 33");
    expect(words(at + 56, 13)).toBe("4 0 41 42 43 44 5 0 51 52 53 54 55");
    expect(words(at + 108, 8)).toBe("6 0 61 62 63 64 65 66");
    expect(words(at + 140, 9)).toBe("7 0 71 72 73 74 75 76 77");
    expect(offset(wide)).toBe(176);
  });

  it("is counted in the tally, which names the offset it was counted for", () => {
    emit(2);
    expect(load<u64>(ring, RING_TALLY_AT)).toBe(0x0000000100000010);
    emit(3);
    expect(load<u64>(ring, RING_TALLY_AT)).toBe(0x0000000200000024);
    expect(publishedRecords(ring)).toBe(2);
  });
});

describe("reserve at the end of a sub-buffer", () => {
  //     0              48    60 64
  //     |  3 records   |     .  |
  it("takes a record that ends 4 bytes before it", () => {
    fill(3);
    emit(1);
    expect(offset(ring)).toBe(60);
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 64");
  });

  //     0              48  56    64        80
  //     |  3 records   | (16 ->) |  record  |
  it("switches for a record that would end exactly at it (I4)", () => {
    fill(4);
    expect(offset(ring)).toBe(80);
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 48");
    expect(entryText(ring, 1)).toBe("begin 64, before 3, last 0, lost 0, ends 64");
    expect(words(data + 64, 4)).toBe("2 0 1024 1025");
  });

  it("switches for a header alone that does not fit", () => {
    fill(3);
    emit(1);
    emit(0);
    expect(offset(ring)).toBe(72);
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 60");
    expect(entryText(ring, 1)).toBe("begin 64, before 4, last 0, lost 0, ends 64");
  });

  it("leaves what is behind the content as it was", () => {
    fill(3);
    store<u32>(data + 48, 0x12345678);
    emit(2);
    expect(load<u32>(data + 48)).toBe(0x12345678);
  });

  it("takes the largest record: a word less than the sub-buffer", () => {
    emit(13);
    expect(offset(ring)).toBe(60);
    emit(13);
    expect(offset(ring)).toBe(124);
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 60");
  });
});

describe("a switch", () => {
  it("notes the time of the record that caused it, and all losses so far", () => {
    emit(2, 1);
    emit(2, 2);
    emit(2, 3);
    emit(14, 4);
    emit(2, 9);
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 9000000, lost 1, ends 48");
    expect(entryText(ring, 1)).toBe("begin 64, before 3, last 0, lost 0, ends 64");
  });

  it("starts the tally again: 0 records before the one that caused it", () => {
    fill(4);
    expect(load<u64>(ring, RING_TALLY_AT)).toBe(0x0000000100000050);
    expect(publishedRecords(ring)).toBe(4);
  });

  // after one turn, sub-buffer 0 again:   |256 .. 320|  64 .. 128 | 128 .. 192 | 192 .. 256 |
  it("takes the entries in turn", () => {
    fill(12);
    consume("a", 0, 0, 3);
    fill(1);
    expect(positions("a")).toBe("64 .. 272");
    expect(entryText(ring, 0)).toBe("begin 256, before 12, last 0, lost 0, ends 64");
    expect(entryText(ring, 3)).toBe("begin 192, before 9, last 0, lost 0, ends 48");
    expect(words(data, 4)).toBe("2 0 3328 3329");
  });

  it("calls nobody while VIRQ_TBUF is not bound", () => {
    fill(12);
    expect(controlWord(CTL_UPCALL_AT)).toBe(0);
  });
});

describe("position arithmetic", () => {
  it("finds the entry of a position", () => {
    expect(subbufEntry(ring, 0)).toBe(entry(ring, 0));
    expect(subbufEntry(ring, 63)).toBe(ring + 256);
    expect(subbufEntry(ring, 64)).toBe(ring + 296);
    expect(subbufEntry(ring, 300)).toBe(ring + 256);
    expect(subbufEntry(ring, 0xffffffff)).toBe(ring + 376);
    expect(subbufEntry(ring, 0x100000000)).toBe(ring + 256);
    expect(subbufEntry(ring, 0x2ffffffc0)).toBe(ring + 376);
  });

  it("finds the end of a position's sub-buffer", () => {
    expect(subbufEnd(ring, 0)).toBe(64);
    expect(subbufEnd(ring, 63)).toBe(64);
    expect(subbufEnd(ring, 64)).toBe(128);
    expect(subbufEnd(ring, 0xfffffffc)).toBe(0x100000000);
    expect(subbufEnd(ring, 0x1ffffffff)).toBe(0x200000000);
  });
});

describe("discard mode, full", () => {
  //     | 3 | 3 | 3 | 3 |   nothing consumed: the 13th record finds no sub-buffer
  it("keeps the old bytes, and counts each refused record (I5, I7)", () => {
    fill(12);
    const before = hex(data, 256);
    fill(5);
    expect(hex(data, 256)).toBe(before);
    expect(offset(ring)).toBe(240);
    expect(counts("a")).toBe("written 12, taken 0, overwritten 0, full 5, big 0");
  });

  it("still takes a smaller record that fits in the sub-buffer", () => {
    fill(13);
    emit(0);
    expect(offset(ring)).toBe(248);
    emit(0);
    expect(counts("a")).toBe("written 13, taken 0, overwritten 0, full 2, big 0");
  });

  it("goes on when a sub-buffer was consumed", () => {
    fill(14);
    expect(consume("a", 0, 0, 3)).toBe(0);
    fill(3);
    expect(positions("a")).toBe("64 .. 304");
    expect(entryText(ring, 3)).toBe("begin 192, before 9, last 0, lost 2, ends 48");
    fill(1);
    expect(counts("a")).toBe("written 15, taken 3, overwritten 0, full 3, big 0");
  });

  it("does not go on when a sub-buffer was consumed in part (I5)", () => {
    fill(12);
    expect(consume("a", 0, 32, 2)).toBe(0);
    fill(1);
    expect(positions("a")).toBe("32 .. 240");
    expect(discardedFull(ring)).toBe(1);
    expect(consume("a", 32, 0, 1)).toBe(0);
    fill(1);
    expect(positions("a")).toBe("64 .. 272");
  });

  it("notes the losses of a full ring in the sub-buffer before them", () => {
    fill(12);
    fill(7);
    expect(consume("a", 0, 0, 3)).toBe(0);
    fill(4);
    expect(entryText(ring, 3)).toBe("begin 192, before 9, last 0, lost 7, ends 48");
    expect(counts("a")).toBe("written 15, taken 3, overwritten 0, full 8, big 0");
  });
});

describe("a record that is larger than any sub-buffer", () => {
  it("is counted apart, and moves nothing (I7)", () => {
    fill(1);
    emit(14);
    emit(100);
    expect(positions("a")).toBe("0 .. 16");
    expect(counts("a")).toBe("written 1, taken 0, overwritten 0, full 0, big 2");
  });

  it("is too big in a full ring as well", () => {
    fill(12);
    emit(14);
    expect(discardedFull(ring)).toBe(0);
    expect(discardedBig(ring)).toBe(1);
  });

  it("does not push the reader in overwrite mode (I5)", () => {
    const over = started("o", 64, 4, 1);
    fill(12);
    emit(14);
    expect(consumed(over)).toBe(0);
    expect(discardedBig(over)).toBe(1);
    expect(load<u32>(over, RING_SUBBUF_BYTES_AT)).toBe(64);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
