// Rings that have run for long: positions go across 2^32 and 2^33, as if nothing were there. 4
// sub-buffers of 64 bytes; three records of 16 bytes fill one; 1000 records were there before.

import { join } from "../assembly/cpu";
import { RING_DATA_AT, RING_OFFSET_AT, RING_TALLY_AT } from "../assembly/public/layout";
import { REASON_NOT_CONSUMED, REASON_PUSHED, REASON_UNTIL } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { publishedRecords } from "../assembly/switch";
import { audit, found } from "./audit";
import {
  consume,
  counts,
  discardedFull,
  entryText,
  fill,
  offset,
  positions,
  reset,
  startAt,
  started,
  words,
} from "./machine";

let full: usize = 0;
let over: usize = 0;

/** The start of the last sub-buffer before 2^32, and before 2^33. */
const BEFORE_32: u64 = 4294967232;
const BEFORE_33: u64 = 8589934528;

function bothAt(position: u64): void {
  startAt(full, position, 1000);
  startAt(over, position, 1000);
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
  full = started("d", 64, 4);
  over = started("o", 64, 4, 1);
});
afterEach(audit);

describe("a switch at 2^32", () => {
  // index      3                      0
  //     | 2^32 - 64 .. - 16 |  2^32 .. 2^32 + 16 |
  it("goes on at sub-buffer 0, with all 64 bits", () => {
    bothAt(BEFORE_32);
    fill(3);
    expect(offset(full)).toBe(4294967280);
    fill(1);
    expect(offset(full)).toBe(4294967312);
    expect(entryText(full, 3)).toBe("begin 4294967232, before 1000, last 0, lost 0, ends 48");
    expect(entryText(full, 0)).toBe("begin 4294967296, before 1003, last 0, lost 0, ends 64");
    expect(words(load<u32>(full, RING_DATA_AT), 4)).toBe("2 0 1024 1025");
    expect(words(load<u32>(full, RING_DATA_AT) + 192, 4)).toBe("2 0 256 257");
  });

  it("keeps the count although the tally names only 32 bits of the offset", () => {
    bothAt(BEFORE_32);
    fill(4);
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x0000000100000010);
    expect(publishedRecords(full)).toBe(1004);
  });

  it("counts right when the tally's half of the offset is 0", () => {
    // Before the first record at 2^32, and after a death between its tally and its offset.
    bothAt(BEFORE_32);
    fill(4);
    store<u64>(full, 0, RING_TALLY_AT);
    store<u64>(full, 4294967296, RING_OFFSET_AT);
    expect(publishedRecords(full)).toBe(1003);
    store<u64>(full, 0x0000000100000010, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(1003);
    store<u64>(full, 4294967312, RING_OFFSET_AT);
  });
});

describe("discard mode across 2^32", () => {
  //     | 2^32 - 64 | 2^32 | + 64 | + 128 |   full; consumed at 2^32 - 64
  it("is full where it is full anywhere (I5)", () => {
    bothAt(BEFORE_32);
    fill(12);
    expect(positions("d")).toBe("4294967232 .. 4294967472");
    fill(2);
    expect(discardedFull(full)).toBe(2);
    expect(positions("d")).toBe("4294967232 .. 4294967472");
    expect(consume("d", BEFORE_32, 0, 3)).toBe(0);
    expect(positions("d")).toBe("4294967296 .. 4294967472");
    fill(3);
    expect(positions("d")).toBe("4294967296 .. 4294967536");
    expect(counts("d")).toBe("written 1015, taken 1003, overwritten 0, full 2, big 0");
  });

  it("drains to the end", () => {
    bothAt(BEFORE_32);
    fill(10);
    expect(consume("d", 4294967232, 0, 3)).toBe(0);
    expect(consume("d", 4294967296, 4294967312, 1)).toBe(0);
    expect(consume("d", 4294967312, 4294967360, 2)).toBe(0);
    expect(consume("d", 4294967360, 0, 3)).toBe(0);
    expect(consume("d", 4294967424, 4294967440, 1)).toBe(0);
    expect(positions("d")).toBe("4294967440 .. 4294967440");
    expect(counts("d")).toBe("written 1010, taken 1010, overwritten 0, full 0, big 0");
  });
});

describe("overwrite mode across 2^32", () => {
  // The reader stands before 2^32, the writer is a turn further: it pushes to 2^32, then past it.
  it("pushes the reader across (I5, I7)", () => {
    bothAt(BEFORE_32);
    fill(13);
    expect(positions("o")).toBe("4294967296 .. 4294967504");
    expect(counts("o")).toBe("written 1013, taken 1000, overwritten 3, full 0, big 0");
    fill(3);
    expect(positions("o")).toBe("4294967360 .. 4294967568");
    expect(counts("o")).toBe("written 1016, taken 1000, overwritten 6, full 0, big 0");
  });

  it("says that the reader was pushed across (I6)", () => {
    bothAt(BEFORE_32);
    fill(13);
    expect(consume("o", BEFORE_32, 0, 3)).toBe(1);
    expect(reason()).toBe(REASON_PUSHED);
    // The same low word one turn of 2^32 earlier and later is another position.
    expect(consume("o", 0, 0, 3)).toBe(1);
    expect(reason()).toBe(REASON_PUSHED);
    expect(consume("o", 8589934592, 0, 3)).toBe(1);
    expect(reason()).toBe(REASON_NOT_CONSUMED);
    expect(consume("o", 4294967296, 64, 3)).toBe(1);
    expect(reason()).toBe(REASON_UNTIL);
    expect(consume("o", 4294967296, 0, 3)).toBe(0);
  });
});

describe("positions across 2^33", () => {
  it("are as good as any (I1, I7)", () => {
    bothAt(BEFORE_33);
    fill(13);
    expect(positions("d")).toBe("8589934528 .. 8589934768");
    expect(counts("d")).toBe("written 1012, taken 1000, overwritten 0, full 1, big 0");
    expect(positions("o")).toBe("8589934592 .. 8589934800");
    expect(counts("o")).toBe("written 1013, taken 1000, overwritten 3, full 0, big 0");
    expect(consume("d", BEFORE_33, 0, 3)).toBe(0);
    expect(consume("o", BEFORE_33, 0, 3)).toBe(1);
    fill(1);
    expect(positions("d")).toBe("8589934592 .. 8589934800");
    expect(entryText(full, 0)).toBe("begin 8589934592, before 1003, last 0, lost 0, ends 48");
    expect(entryText(full, 3)).toBe("begin 8589934784, before 1012, last 0, lost 0, ends 64");
  });
});

describe("a ring's first turn", () => {
  it("is not taken for one before position 0", () => {
    fill(12);
    expect(positions("d")).toBe("0 .. 240");
    expect(positions("o")).toBe("0 .. 240");
    expect(discardedFull(full)).toBe(0);
    expect(discardedFull(over)).toBe(0);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
