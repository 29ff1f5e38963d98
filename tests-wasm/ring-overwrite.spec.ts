// Overwrite mode: the writer pushes the reader on, and what was lost so is known exactly. 4
// sub-buffers of 64 bytes; three records of 16 bytes fill one.

import { join } from "../assembly/cpu";
import { REASON_PUSHED } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import { consume, counts, emit, entryText, fill, positions, reset, started } from "./machine";

let ring: usize = 0;

beforeEach(() => {
  reset();
  join(1, 1, 0);
  ring = started("o", 64, 4, 1);
});
afterEach(audit);

describe("a push", () => {
  // before  | 0 .. 64 | 64 .. 128 | 128 .. 192 | 192 .. 240   |   reader at 0
  // after   | 256 ..272 | 64 .. 128 | 128 .. 192 | 192 .. 256 |   reader at 64
  it("moves the reader past the sub-buffer that is overwritten (I5)", () => {
    fill(13);
    expect(positions("o")).toBe("64 .. 272");
    expect(counts("o")).toBe("written 13, taken 0, overwritten 3, full 0, big 0");
    expect(entryText(ring, 0)).toBe("begin 256, before 12, last 0, lost 0, ends 64");
  });

  it("waits until the ring is full", () => {
    fill(12);
    expect(positions("o")).toBe("0 .. 240");
    expect(counts("o")).toBe("written 12, taken 0, overwritten 0, full 0, big 0");
  });

  it("never happens to a reader that keeps up", () => {
    fill(4);
    for (let i: u64 = 0; i < 20; i++) {
      expect(consume("o", i * 64, 0, 3)).toBe(0);
      fill(3);
    }
    expect(positions("o")).toBe("1280 .. 1360");
    expect(counts("o")).toBe("written 64, taken 60, overwritten 0, full 0, big 0");
  });

  it("counts turn after turn (I7)", () => {
    // 34 sub-buffers: 33 full ones and one record; the last 4 are there.
    fill(100);
    expect(positions("o")).toBe("1920 .. 2128");
    expect(counts("o")).toBe("written 100, taken 0, overwritten 90, full 0, big 0");
  });

  it("counts sub-buffers by what they held, not by their size (I7)", () => {
    // 64: one record of 60 bytes; 128: seven of 8; 192: two of 28; 256: three of 16.
    emit(13);
    for (let i = 0; i < 7; i++) emit(0);
    emit(5);
    emit(5);
    fill(3);
    expect(positions("o")).toBe("0 .. 240");
    fill(1);
    expect(counts("o")).toBe("written 14, taken 0, overwritten 1, full 0, big 0");
    fill(3);
    expect(counts("o")).toBe("written 17, taken 0, overwritten 8, full 0, big 0");
    fill(3);
    expect(counts("o")).toBe("written 20, taken 0, overwritten 10, full 0, big 0");
  });
});

describe("a push over a sub-buffer that was read in part", () => {
  // before  |xx 16 .. 64 | 64 .. 128 | 128 .. 192 | 192 .. 240 |   x: taken
  // after   | 256 .. 272 | 64 .. 128 | 128 .. 192 | 192 .. 256 |   reader at 64
  it("counts only what was not taken (I7)", () => {
    fill(12);
    expect(consume("o", 0, 16, 1)).toBe(0);
    expect(counts("o")).toBe("written 12, taken 1, overwritten 0, full 0, big 0");
    fill(1);
    expect(positions("o")).toBe("64 .. 272");
    expect(counts("o")).toBe("written 13, taken 1, overwritten 2, full 0, big 0");
  });

  it("counts nothing when all of it was taken", () => {
    fill(12);
    expect(consume("o", 0, 48, 3)).toBe(0);
    fill(1);
    expect(positions("o")).toBe("64 .. 272");
    expect(counts("o")).toBe("written 13, taken 3, overwritten 0, full 0, big 0");
  });

  it("keeps the figure while the reader stands within a sub-buffer", () => {
    fill(13);
    expect(consume("o", 64, 80, 1)).toBe(0);
    expect(counts("o")).toBe("written 13, taken 1, overwritten 3, full 0, big 0");
    expect(consume("o", 80, 112, 2)).toBe(0);
    expect(counts("o")).toBe("written 13, taken 3, overwritten 3, full 0, big 0");
    fill(2);
    expect(positions("o")).toBe("112 .. 304");
    fill(1);
    expect(positions("o")).toBe("128 .. 336");
    expect(counts("o")).toBe("written 16, taken 3, overwritten 3, full 0, big 0");
  });

  it("counts each time again (I7)", () => {
    fill(12);
    expect(consume("o", 0, 16, 1)).toBe(0);
    fill(12);
    // 24 written; 15 .. 24 are there, 1 was taken, 2 .. 12 were pushed.
    expect(positions("o")).toBe("256 .. 496");
    expect(counts("o")).toBe("written 24, taken 1, overwritten 11, full 0, big 0");
    expect(consume("o", 256, 288, 2)).toBe(0);
    fill(4);
    expect(positions("o")).toBe("384 .. 592");
    expect(counts("o")).toBe("written 28, taken 3, overwritten 15, full 0, big 0");
  });
});

describe("consume after a push", () => {
  it("returns 1, says so, and changes nothing (I6)", () => {
    fill(13);
    expect(consume("o", 0, 0, 3)).toBe(1);
    expect(reason()).toBe(REASON_PUSHED);
    expect(positions("o")).toBe("64 .. 272");
    expect(counts("o")).toBe("written 13, taken 0, overwritten 3, full 0, big 0");
  });

  it("goes on at the new position", () => {
    fill(13);
    expect(consume("o", 64, 0, 3)).toBe(0);
    expect(positions("o")).toBe("128 .. 272");
    expect(counts("o")).toBe("written 13, taken 3, overwritten 3, full 0, big 0");
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
