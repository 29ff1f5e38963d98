// Batches: many records of one size in one call. As many as fit in the sub-buffer are published at
// once. 4 sub-buffers of 64 bytes; three records of 16 bytes fill one.

import { join, scratchAt } from "../assembly/cpu";
import { bind, take } from "../assembly/evtchn";
import {
  CPU_TS_AT,
  CPUS_AT,
  RING_BATCH_AT,
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_TALLY_AT,
  SCRATCH_BYTES,
} from "../assembly/public/layout";
import { VIRQ_TBUF } from "../assembly/public/ops";
import { record } from "../assembly/record";
import { audit, distrust, found } from "./audit";
import {
  consume,
  counts,
  discardedBig,
  emit,
  emitBatch,
  entryText,
  fill,
  hex,
  offset,
  positions,
  reset,
  started,
  words,
} from "./machine";
import { below, seed } from "./random";

let ring: usize = 0;
let data: usize = 0;

function dataOf(buffer: usize): usize {
  return load<u32>(buffer, RING_DATA_AT);
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
  ring = started("a", 64, 4);
  data = dataOf(ring);
});
afterEach(audit);

describe("a batch", () => {
  it("that fits lies in the sub-buffer as so many records, all of one time", () => {
    emitBatch(1, 3, 1.5);
    //                                    <- time and event -> <- word ->
    expect(hex(data, 12)).toBe("01 00 36 6e 01 00 00 00 00 01 00 00");
    expect(hex(data + 12, 12)).toBe("01 00 36 6e 01 00 00 00 00 02 00 00");
    expect(hex(data + 24, 12)).toBe("01 00 36 6e 01 00 00 00 00 03 00 00");
    expect(offset(ring)).toBe(36);
    expect(counts("a")).toBe("written 3, taken 0, overwritten 0, full 0, big 0");
    expect(load<u64>(CPUS_AT + CPU_TS_AT)).toBe(1500000);
  });

  it("goes on behind what is there, and is counted in the tally as a whole", () => {
    emit(0);
    emitBatch(2, 3);
    expect(load<u64>(ring, RING_TALLY_AT)).toBe(0x0000000400000038);
    expect(load<u32>(ring, RING_BATCH_AT)).toBe(0);
    expect(words(data, 14)).toBe("0 0 2 0 512 513 2 0 768 769 2 0 1024 1025");
  });

  it("may end 4 bytes before its sub-buffer, and not exactly at its end (I4)", () => {
    emitBatch(3, 3);
    expect(offset(ring)).toBe(60);
    emitBatch(2, 4);
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 60");
    expect(entryText(ring, 1)).toBe("begin 64, before 3, last 0, lost 0, ends 48");
    expect(entryText(ring, 2)).toBe("begin 128, before 6, last 0, lost 0, ends 64");
    expect(offset(ring)).toBe(144);
  });

  //     | 1 2 3 |  | 4 5 6 |  | 7 8 |
  it("of more than the sub-buffer has room for goes on in the next ones", () => {
    emitBatch(2, 8, 2);
    expect(positions("a")).toBe("0 .. 160");
    expect(entryText(ring, 0)).toBe("begin 0, before 0, last 2000000, lost 0, ends 48");
    expect(entryText(ring, 1)).toBe("begin 64, before 3, last 2000000, lost 0, ends 48");
    expect(entryText(ring, 2)).toBe("begin 128, before 6, last 0, lost 0, ends 64");
    expect(words(data + 72, 2)).toBe("1024 1025");
    expect(words(data + 152, 2)).toBe("2048 2049");
    expect(load<u64>(ring, RING_TALLY_AT)).toBe(0x00000002000000a0);
    expect(load<u32>(ring, RING_BATCH_AT)).toBe(0);
    expect(counts("a")).toBe("written 8, taken 0, overwritten 0, full 0, big 0");
  });

  it("raises VIRQ_TBUF when it has delivered a sub-buffer (I11)", () => {
    const port = bind(VIRQ_TBUF);
    emitBatch(2, 3);
    expect(take()).toBe(0);
    emitBatch(2, 1);
    expect(take()).toBe(1 << port);
    emitBatch(2, 6);
    expect(take()).toBe(1 << port);
  });

  it("goes to every trace by that trace's own sizes and mode, the same bytes", () => {
    const b = started("b", 256, 2);
    const c = started("c", 64, 2, 1);
    emitBatch(2, 14, 1);
    expect(positions("a")).toBe("0 .. 240");
    expect(counts("a")).toBe("written 12, taken 0, overwritten 0, full 2, big 0");
    expect(positions("b")).toBe("0 .. 224");
    expect(counts("b")).toBe("written 14, taken 0, overwritten 0, full 0, big 0");
    expect(positions("c")).toBe("192 .. 288");
    expect(counts("c")).toBe("written 14, taken 0, overwritten 9, full 0, big 0");
    // The last two, and the three before them.
    expect(hex(dataOf(c), 32)).toBe(hex(dataOf(b) + 192, 32));
    expect(hex(dataOf(c) + 64, 48)).toBe(hex(dataOf(b) + 144, 48));
  });

  it("counts by the low 12 bits of its event", () => {
    store<u32>(scratchAt(), 7);
    store<u32>(scratchAt() + 4, 8);
    record(4097, 0, 4, 2);
    expect(words(data, 6)).toBe("1 0 7 1 0 8");
  });

  it("of payloads that are no whole words has each on a word of its own", () => {
    distrust();
    store<u32>(scratchAt(), 0x00636261);
    store<u32>(scratchAt() + 4, 0x00666564);
    record(9, 0, 3, 2);
    expect(hex(data, 24)).toBe(
      "09 00 00 00 00 00 00 00 61 62 63 00 09 00 00 00 00 00 00 00 64 65 66 00",
    );
    expect(offset(ring)).toBe(24);
  });
});

describe("a batch of nothing", () => {
  it("leaves nothing but its time", () => {
    record(2, 3, 8, 0);
    record(2, 4, 0, 0);
    expect(positions("a")).toBe("0 .. 0");
    expect(counts("a")).toBe("written 0, taken 0, overwritten 0, full 0, big 0");
    expect(load<u64>(CPUS_AT + CPU_TS_AT)).toBe(4000000);
  });

  it("is not too big, whatever it is a batch of (I7)", () => {
    record(2, 0, SCRATCH_BYTES + 4, 0);
    record(2, 0, 0xffffffff, 0);
    expect(counts("a")).toBe("written 0, taken 0, overwritten 0, full 0, big 0");
  });

  it("does not leave a sub-buffer that is full", () => {
    fill(3);
    record(2, 0, 8, 0);
    expect(positions("a")).toBe("0 .. 48");
  });
});

describe("a batch in discard mode", () => {
  it("counts each record that found no room (I7)", () => {
    emitBatch(2, 40);
    expect(positions("a")).toBe("0 .. 240");
    expect(counts("a")).toBe("written 12, taken 0, overwritten 0, full 28, big 0");
    expect(words(data + 232, 2)).toBe("3072 3073");
    emitBatch(2, 5);
    expect(counts("a")).toBe("written 12, taken 0, overwritten 0, full 33, big 0");
  });

  it("keeps the old bytes (I5)", () => {
    fill(12);
    const before = hex(data, 256);
    emitBatch(2, 9);
    expect(hex(data, 256)).toBe(before);
  });

  it("fills what is left of a sub-buffer before it is refused", () => {
    fill(12);
    emitBatch(0, 3);
    expect(positions("a")).toBe("0 .. 248");
    expect(counts("a")).toBe("written 13, taken 0, overwritten 0, full 2, big 0");
  });

  it("goes on where dom0 has consumed", () => {
    fill(12);
    expect(consume("a", 0, 0, 3)).toBe(0);
    emitBatch(2, 5);
    expect(positions("a")).toBe("64 .. 304");
    expect(counts("a")).toBe("written 15, taken 3, overwritten 0, full 2, big 0");
    expect(words(data + 8, 2)).toBe("3328 3329");
  });
});

describe("a batch in overwrite mode", () => {
  it("pushes the reader on from one sub-buffer to the next (I5, I7)", () => {
    const over = started("o", 64, 4, 1);
    emitBatch(2, 20);
    // 6 full sub-buffers and 2 records; the last 4 sub-buffers are there.
    expect(positions("o")).toBe("192 .. 416");
    expect(counts("o")).toBe("written 20, taken 0, overwritten 9, full 0, big 0");
    expect(words(dataOf(over) + 128 + 16, 4)).toBe("2 0 5120 5121");
  });
});

describe("a batch that is too big", () => {
  it("for the sub-buffers is counted record by record, and moves nothing (I7)", () => {
    const b = started("b", 256, 4);
    const c = started("c", 64, 4, 1);
    fill(1);
    emitBatch(14, 3);
    expect(counts("a")).toBe("written 1, taken 0, overwritten 0, full 0, big 3");
    expect(counts("c")).toBe("written 1, taken 0, overwritten 0, full 0, big 3");
    expect(counts("b")).toBe("written 4, taken 0, overwritten 0, full 0, big 0");
    expect(offset(ring)).toBe(16);
    expect(offset(c)).toBe(16);
    expect(offset(b)).toBe(208);
  });

  it("for the scratch area is counted in every trace, all of it (I7)", () => {
    const b = started("b", 32768, 2);
    record(2, 0, 4096, 5);
    record(2, 0, 4093, 5);
    record(2, 0, 1, 4097);
    record(2, 0, SCRATCH_BYTES, 2);
    record(2, 0, SCRATCH_BYTES + 1, 3);
    expect(counts("a")).toBe("written 0, taken 0, overwritten 0, full 0, big 4112");
    expect(counts("b")).toBe("written 0, taken 0, overwritten 0, full 0, big 4112");
  });

  it("for 32 bits is no small one (I7)", () => {
    // Both products are 2^32. A record alone would have room in b.
    const b = started("b", 131072, 2);
    record(2, 0, SCRATCH_BYTES, 0x40000);
    expect(discardedBig(ring)).toBe(0x40000);
    record(2, 0, 65536, 0x10000);
    expect(discardedBig(ring)).toBe(0x50000);
    expect(discardedBig(b)).toBe(0x50000);
    expect(offset(b)).toBe(0);
    expect(offset(ring)).toBe(0);
  });
});

describe("a batch of the whole scratch area", () => {
  it("is written, one large record or many small ones", () => {
    distrust();
    const wide = started("wide", 131072, 2);
    for (let at: u32 = 0; at < SCRATCH_BYTES; at += 4) store<u32>(scratchAt() + at, at);
    record(9, 0, 4096, 4);
    expect(offset(wide)).toBe(4 * 4104);
    expect(words(dataOf(wide) + 3 * 4104, 3)).toBe("9 0 12288");
    expect(words(dataOf(wide) + 4 * 4104 - 4, 2)).toBe("16380 0");
    record(9, 0, 1, 4096);
    expect(offset(wide)).toBe(4 * 4104 + 4096 * 12);
    expect(words(dataOf(wide) + 4 * 4104 + 4095 * 12, 4)).toBe("9 0 16380 0");
  });
});

// A copy of rings and their data, each at most so large, above what machine.ts keeps.
const KEPT: usize = 0x2800000;
const KEPT_BYTES: usize = 0x10000;
const NAMES: string[] = ["d", "o", "small", "wide"];

/** Every byte of a ring's control block and data. @returns how many */
function keep(ring: usize, index: i32): void {
  const bytes = load<u32>(ring, RING_BUFFER_MASK_AT) + 1;
  const to = KEPT + <usize>index * KEPT_BYTES;
  memory.copy(to, ring, 4096);
  memory.copy(to + 4096, load<u32>(ring, RING_DATA_AT), bytes);
}

function asKept(ring: usize, index: i32): bool {
  const bytes = load<u32>(ring, RING_BUFFER_MASK_AT) + 1;
  const from = KEPT + <usize>index * KEPT_BYTES;
  return (
    memory.compare(from, ring, 4096) == 0 &&
    memory.compare(from + 4096, load<u32>(ring, RING_DATA_AT), bytes) == 0
  );
}

/** Random calls, each as one batch or record by record; dom0 consumes now and then. */
function play(run: u32, asBatch: bool): StaticArray<usize> {
  reset(256);
  join(1, 1, 0);
  const rings: StaticArray<usize> = [
    started(NAMES[0], 64, 4),
    started(NAMES[1], 64, 4, 1),
    started(NAMES[2], 128, 2),
    started(NAMES[3], 1024, 8, 1),
  ];
  seed(run);
  for (let step: i32 = 0; step < 60; step++) {
    const size = below(16);
    const count = below(30);
    const now = <f64>step;
    if (asBatch) emitBatch(size, count, now);
    else for (let i: u32 = 0; i < count; i++) emit(size, now);
    const which = below(8);
    if (which < 4) {
      const at = load<u64>(rings[which] + 128);
      if ((at | 63) < offset(rings[which]) && which == 0) consume(NAMES[0], at, 0, 0);
    }
  }
  return rings;
}

describe("a batch, however large, in whatever rings", () => {
  it("leaves every byte of them as so many records of the same time would (100 seeds)", () => {
    for (let run: u32 = 1; run <= 100; run++) {
      const one = play(run, false);
      for (let i: i32 = 0; i < 4; i++) keep(one[i], i);
      const batch = play(run, true);
      for (let i: i32 = 0; i < 4; i++) {
        assert(asKept(batch[i], i), "seed " + run.toString() + ": " + NAMES[i] + " differs");
      }
    }
    // They were no bare rings.
    expect(counts("o").includes("overwritten 0")).toBe(false);
    expect(counts("d").includes("full 0")).toBe(false);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
