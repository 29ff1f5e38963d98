// consume and get_info of a ring: what dom0 may give back, what it is told, and that the accounts
// close whatever the order of things. 4 sub-buffers of 64 bytes; three records of 16 fill one.

import { join } from "../assembly/cpu";
import {
  FRAME_SHIFT,
  HYPERCALL_AT,
  RING_CONSUMED_AT,
  RING_DATA_AT,
  RING_MODE_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  RING_TALLY_AT,
  SUBBUF_BEGIN_AT,
} from "../assembly/public/layout";
import {
  OP_STOP,
  REASON_CPU_UNKNOWN,
  REASON_NAME_UNKNOWN,
  REASON_NOT_CONSUMED,
  REASON_PUSHED,
  REASON_UNTIL,
  TBC_DATA_MFN_AT,
  TBC_RING_MFN_AT,
} from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, distrust, found } from "./audit";
import {
  consume,
  consumed,
  control,
  counts,
  die,
  entry,
  fill,
  info,
  limit,
  positions,
  reset,
  ringOf,
  started,
} from "./machine";

let ring: usize = 0;
let over: usize = 0;

/** The reason for which a consume on trace "d" is refused; 0 when it is not. */
function refusal(old: u64, until: u64): u32 {
  return consume("d", old, until, 0) ? reason() : 0;
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
  ring = started("d", 64, 4);
  over = started("o", 64, 4, 1);
});
afterEach(audit);

describe("consume", () => {
  it("gives a whole sub-buffer back: until 0 is its end", () => {
    fill(4);
    expect(consume("d", 0, 0, 3)).toBe(0);
    expect(positions("d")).toBe("64 .. 80");
    expect(counts("d")).toBe("written 4, taken 3, overwritten 0, full 0, big 0");
  });

  it("gives a part of the sub-buffer back that is being written", () => {
    fill(2);
    expect(consume("d", 0, 16, 1)).toBe(0);
    expect(consume("d", 16, 32, 1)).toBe(0);
    expect(positions("d")).toBe("32 .. 32");
    fill(2);
    expect(consume("d", 32, 0, 1)).toBe(0);
    expect(positions("d")).toBe("64 .. 80");
  });

  it("gives the padding back after the content", () => {
    fill(4);
    expect(consume("d", 0, 48, 3)).toBe(0);
    expect(consume("d", 48, 64, 0)).toBe(0);
    expect(positions("d")).toBe("64 .. 80");
  });

  it("of a stopped trace drains what it holds", () => {
    fill(4);
    control(OP_STOP, "d");
    expect(consume("d", 0, 0, 3)).toBe(0);
    expect(consume("d", 64, 80, 1)).toBe(0);
    expect(positions("d")).toBe("80 .. 80");
  });

  it("moves no other ring", () => {
    die();
    join(2, 2, 0);
    fill(4);
    expect(consume("d", 0, 0, 3, 1)).toBe(0);
    expect(positions("d", 1)).toBe("64 .. 80");
    expect(positions("d", 0)).toBe("0 .. 0");
    expect(positions("o", 1)).toBe("0 .. 80");
  });
});

describe("until", () => {
  it("may be the offset, and no more", () => {
    fill(2);
    expect(refusal(0, 36)).toBe(REASON_UNTIL);
    expect(refusal(0, 0)).toBe(REASON_UNTIL);
    expect(positions("d")).toBe("0 .. 32");
    expect(consume("d", 0, 32, 2)).toBe(0);
  });

  it("may be the sub-buffer's end, and no more", () => {
    fill(4);
    expect(refusal(0, 68)).toBe(REASON_UNTIL);
    expect(refusal(0, 80)).toBe(REASON_UNTIL);
    expect(refusal(0, 128)).toBe(REASON_UNTIL);
    expect(positions("d")).toBe("0 .. 80");
    expect(consume("d", 0, 64, 3)).toBe(0);
  });

  it("is aligned to words", () => {
    fill(4);
    for (let until: u64 = 13; until < 16; until++) expect(refusal(0, until)).toBe(REASON_UNTIL);
    expect(positions("d")).toBe("0 .. 80");
  });

  it("lies behind old", () => {
    fill(4);
    consume("d", 0, 16, 1);
    expect(refusal(16, 16)).toBe(REASON_UNTIL);
    expect(refusal(16, 12)).toBe(REASON_UNTIL);
    expect(refusal(16, 4)).toBe(REASON_UNTIL);
    expect(positions("d")).toBe("16 .. 80");
  });

  it("has 64 bits", () => {
    fill(4);
    expect(refusal(0, 0x100000010)).toBe(REASON_UNTIL);
    expect(refusal(0, u64.MAX_VALUE - 3)).toBe(REASON_UNTIL);
    expect(positions("d")).toBe("0 .. 80");
  });

  it("of an empty ring is refused", () => {
    expect(refusal(0, 0)).toBe(REASON_UNTIL);
    expect(refusal(0, 4)).toBe(REASON_UNTIL);
    expect(positions("d")).toBe("0 .. 0");
  });
});

describe("old", () => {
  it("is where the reader stands, in discard mode", () => {
    fill(7);
    expect(refusal(64, 0)).toBe(REASON_NOT_CONSUMED);
    expect(refusal(16, 0)).toBe(REASON_NOT_CONSUMED);
    consume("d", 0, 0, 3);
    expect(refusal(0, 0)).toBe(REASON_NOT_CONSUMED);
    expect(refusal(0x100000040, 0)).toBe(REASON_NOT_CONSUMED);
    expect(refusal(u64.MAX_VALUE, 0)).toBe(REASON_NOT_CONSUMED);
    expect(positions("d")).toBe("64 .. 144");
    expect(counts("d")).toBe("written 7, taken 3, overwritten 0, full 0, big 0");
  });

  it("in overwrite mode was pushed when the reader stands behind it (I6)", () => {
    fill(13);
    expect(consume("o", 0, 0, 3)).toBe(1);
    expect(reason()).toBe(REASON_PUSHED);
    expect(consume("o", 60, 0, 1)).toBe(1);
    expect(reason()).toBe(REASON_PUSHED);
    expect(consume("o", 128, 0, 3)).toBe(1);
    expect(reason()).toBe(REASON_NOT_CONSUMED);
    expect(positions("o")).toBe("64 .. 272");
    expect(counts("o")).toBe("written 13, taken 0, overwritten 3, full 0, big 0");
  });
});

describe("consume by name and CPU", () => {
  it("refuses a name that is unknown", () => {
    expect(consume("x", 0, 0, 0)).toBe(1);
    expect(reason()).toBe(REASON_NAME_UNKNOWN);
  });

  it("refuses a CPU that has no ring, and one that does not exist", () => {
    expect(consume("d", 0, 0, 0, 1)).toBe(1);
    expect(reason()).toBe(REASON_CPU_UNKNOWN);
    expect(limit()).toBe(4);
    expect(consume("d", 0, 0, 0, 4)).toBe(1);
    expect(reason()).toBe(REASON_CPU_UNKNOWN);
    expect(consume("d", 0, 0, 0, 0xffffffff)).toBe(1);
    expect(reason()).toBe(REASON_CPU_UNKNOWN);
  });
});

describe("get_info", () => {
  it("tells the frames of the ring and its data", () => {
    info("d", 0);
    const mfn = load<u32>(HYPERCALL_AT, TBC_RING_MFN_AT);
    expect(mfn << FRAME_SHIFT).toBe(<u32>ring);
    expect(load<u32>(HYPERCALL_AT, TBC_DATA_MFN_AT) << FRAME_SHIFT).toBe(
      load<u32>(ring, RING_DATA_AT),
    );
    expect(ringOf("o", 0)).toBe(over);
  });

  it("tells of a CPU without a ring that it has none", () => {
    expect(info("d", 0)).toBe(0);
    expect(info("d", 3)).toBe(0);
    expect(load<u32>(HYPERCALL_AT, TBC_RING_MFN_AT)).toBe(0);
  });

  it("refuses a CPU that does not exist", () => {
    expect(info("d", 4)).toBe(1);
    expect(reason()).toBe(REASON_CPU_UNKNOWN);
    expect(limit()).toBe(4);
    expect(load<u32>(HYPERCALL_AT, TBC_RING_MFN_AT)).toBe(0);
  });
});

describe("words that make no sense", () => {
  it("move nothing: the offset is before the reader", () => {
    distrust();
    fill(7);
    consume("d", 0, 0, 3);
    store<u64>(ring, 16, RING_OFFSET_AT);
    expect(refusal(64, 0)).toBe(REASON_UNTIL);
    expect(refusal(64, 128)).toBe(REASON_UNTIL);
    expect(consumed(ring)).toBe(64);
  });

  it("move nothing: the reader is at the end of all positions", () => {
    distrust();
    fill(7);
    store<u64>(ring, u64.MAX_VALUE - 15, RING_CONSUMED_AT);
    store<u64>(ring, u64.MAX_VALUE, RING_OFFSET_AT);
    expect(refusal(u64.MAX_VALUE - 15, 0)).toBe(REASON_UNTIL);
    expect(refusal(u64.MAX_VALUE - 15, u64.MAX_VALUE - 1)).toBe(REASON_UNTIL);
    expect(consumed(ring)).toBe(u64.MAX_VALUE - 15);
  });

  it("do not hold get_info up: an entry is of another turn (I10)", () => {
    distrust();
    fill(7);
    store<u64>(entry(over, 0), 12345, SUBBUF_BEGIN_AT);
    expect(info("o", 0)).toBe(0);
    expect(positions("o")).toBe("0 .. 144");
  });

  it("do not hold get_info up: tally, mode and mask are garbage (I10)", () => {
    distrust();
    fill(7);
    store<u64>(over, ((<u64>0xdeadbeef) << 32) | 0xdeadbeef, RING_TALLY_AT);
    store<u32>(over, 0xffffffff, RING_MODE_AT);
    store<u32>(over, 0xffffffff, RING_SUBBUF_MASK_AT);
    expect(info("o", 0)).toBe(0);
    expect(positions("o")).toBe("0 .. 144");
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
