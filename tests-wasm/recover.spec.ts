// A thread is killed at any instruction (I12). Each test brings a ring into a state that a writer
// leaves between two of its stores, then lets the slot be reaped and taken by the next thread. 4
// sub-buffers of 64 bytes; three records of 16 bytes fill one.

import { join, reap } from "../assembly/cpu";
import { bind, raise, take } from "../assembly/evtchn";
import {
  CTL_UPCALL_AT,
  RING_BATCH_AT,
  RING_CONSUMED_AT,
  RING_DATA_AT,
  RING_DISCARDED_FULL_AT,
  RING_OFFSET_AT,
  RING_TAKEN_AT,
  RING_TALLY_AT,
  SUBBUF_CONTENT_END_AT,
  SUBBUF_DISCARDED_AT,
  SUBBUF_TS_LAST_AT,
} from "../assembly/public/layout";
import { VIRQ_DOM_EXC, VIRQ_TBUF } from "../assembly/public/ops";
import { openSubbuf, publishedRecords } from "../assembly/switch";
import { audit, found } from "./audit";
import {
  consume,
  controlWord,
  counts,
  die,
  emit,
  emitBatch,
  entry,
  entryText,
  fill,
  offset,
  positions,
  reset,
  setControlWord,
  started,
  words,
} from "./machine";

let full: usize = 0;
let over: usize = 0;
let data: usize = 0;

/** The thread that was killed is found dead, and another one takes its slot. */
function succeed(): void {
  die();
  assert(reap(1) == 1, "reap");
  assert(join(2, 2, 0) == 0, "join");
}

/** As enterSubbuf does it: notes all about a sub-buffer that ends at `contentEnd`. */
function close(ring: usize, index: u32, contentEnd: u32): void {
  store<u64>(entry(ring, index), 0, SUBBUF_TS_LAST_AT);
  store<u64>(entry(ring, index), 0, SUBBUF_DISCARDED_AT);
  store<u32>(entry(ring, index), contentEnd, SUBBUF_CONTENT_END_AT);
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
  full = started("d", 64, 4);
  over = started("o", 64, 4, 1);
  data = load<u32>(full, RING_DATA_AT);
});
afterEach(audit);

describe("a writer that dies in a record", () => {
  //     | 1 | 2 | ? |      header and payload are there, offset is 32
  it("before it published has written nothing", () => {
    fill(2);
    store<u64>(data + 32, u64.MAX_VALUE);
    store<u64>(data + 40, u64.MAX_VALUE);
    expect(publishedRecords(full)).toBe(2);
    succeed();
    expect(publishedRecords(full)).toBe(2);
    emit(2);
    expect(offset(full)).toBe(48);
    expect(words(data, 12)).toBe("2 0 256 257 2 0 512 513 2 0 768 769");
    expect(counts("d")).toBe("written 3, taken 0, overwritten 0, full 0, big 0");
  });

  it("between tally and offset has written nothing either", () => {
    fill(2);
    store<u64>(full, 0x0000000300000030, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(2);
    succeed();
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x0000000200000020);
    emit(3);
    expect(publishedRecords(full)).toBe(3);
    expect(offset(full)).toBe(52);
    expect(words(data + 32, 5)).toBe("3 0 768 769 770");
  });

  it("between tally and offset of the first record has written nothing", () => {
    store<u64>(full, 0x0000000100000010, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(0);
    succeed();
    fill(4);
    expect(counts("d")).toBe("written 4, taken 0, overwritten 0, full 0, big 0");
    expect(positions("d")).toBe("0 .. 80");
  });

  //     | 1 | ? ? |      offset is 16, the batch begins behind it
  it("in a batch, before the tally, has written nothing of it", () => {
    fill(1);
    store<u64>(data + 16, u64.MAX_VALUE);
    store<u32>(full, 1, RING_BATCH_AT);
    expect(publishedRecords(full)).toBe(1);
    succeed();
    expect(load<u32>(full, RING_BATCH_AT)).toBe(0);
    expect(publishedRecords(full)).toBe(1);
    emitBatch(2, 2);
    expect(words(data, 12)).toBe("2 0 256 257 2 0 512 513 2 0 768 769");
    expect(counts("d")).toBe("written 3, taken 0, overwritten 0, full 0, big 0");
  });

  it("in a batch, between tally and offset, has written nothing of it (I7)", () => {
    fill(1);
    store<u32>(full, 1, RING_BATCH_AT);
    store<u64>(full, 0x0000000300000030, RING_TALLY_AT);
    // As dom0 sees it while nobody has taken the slot over yet.
    expect(counts("d")).toBe("written 1, taken 0, overwritten 0, full 0, big 0");
    expect(publishedRecords(full)).toBe(1);
    succeed();
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x0000000100000010);
    expect(load<u32>(full, RING_BATCH_AT)).toBe(0);
    emitBatch(3, 2);
    expect(offset(full)).toBe(56);
    expect(words(data + 16, 5)).toBe("3 0 512 513 514");
    expect(counts("d")).toBe("written 3, taken 0, overwritten 0, full 0, big 0");
  });

  it("in a batch that is the ring's first has written nothing", () => {
    store<u32>(full, 2, RING_BATCH_AT);
    store<u64>(full, 0x0000000300000030, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(0);
    succeed();
    fill(4);
    expect(counts("d")).toBe("written 4, taken 0, overwritten 0, full 0, big 0");
    expect(positions("d")).toBe("0 .. 80");
  });

  // offset 64:  | 1 | 2 | 3 |    | ? ? |   the batch went on in the next sub-buffer
  it("in the second part of a batch has written the first", () => {
    fill(1);
    emitBatch(2, 2);
    close(full, 0, 48);
    openSubbuf(full, 64, 3);
    store<u64>(full, 64, RING_OFFSET_AT);
    store<u32>(full, 1, RING_BATCH_AT);
    store<u64>(full, 0x0000000200000060, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(3);
    succeed();
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x0000000000000040);
    fill(1);
    expect(positions("d")).toBe("0 .. 80");
    expect(counts("d")).toBe("written 4, taken 0, overwritten 0, full 0, big 0");
  });

  it("in an overwriting batch has lost no count (I7)", () => {
    fill(13);
    // The writer at 272; it has pushed the reader to 64.
    store<u32>(over, 1, RING_BATCH_AT);
    store<u64>(over, 0x0000000300000130, RING_TALLY_AT);
    expect(counts("o")).toBe("written 13, taken 0, overwritten 3, full 0, big 0");
    succeed();
    expect(counts("o")).toBe("written 13, taken 0, overwritten 3, full 0, big 0");
    emitBatch(2, 3);
    expect(counts("o")).toBe("written 16, taken 0, overwritten 6, full 0, big 0");
  });

  it("after it published a batch has written all of it, and its successor knows of no batch", () => {
    emitBatch(2, 3);
    store<u32>(full, 2, RING_BATCH_AT);
    expect(counts("d")).toBe("written 3, taken 0, overwritten 0, full 0, big 0");
    succeed();
    expect(counts("d")).toBe("written 3, taken 0, overwritten 0, full 0, big 0");
    // The successor dies as well, between tally and offset of one record: that one is taken back.
    fill(1);
    store<u64>(full, 0x0000000200000060, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(4);
  });

  it("between two traces has written to the first alone", () => {
    // Trace 0 got the record, trace 1 did not.
    emit(2);
    store<u64>(over, 0, RING_OFFSET_AT);
    store<u64>(over, 0, RING_TALLY_AT);
    succeed();
    emit(2);
    expect(counts("d")).toBe("written 2, taken 0, overwritten 0, full 0, big 0");
    expect(counts("o")).toBe("written 1, taken 0, overwritten 0, full 0, big 0");
  });

  it("after it counted a discard has counted it (I7)", () => {
    fill(12);
    store<u64>(full, 1, RING_DISCARDED_FULL_AT);
    succeed();
    fill(1);
    expect(counts("d")).toBe("written 12, taken 0, overwritten 0, full 2, big 0");
  });
});

describe("a writer that dies in a switch", () => {
  // offset 48:  | 1 | 2 | 3 |    |               |    entry 0 says that its content ends at 48
  it("after it closed the old sub-buffer is still in it", () => {
    fill(3);
    close(full, 0, 48);
    expect(publishedRecords(full)).toBe(3);
    succeed();
    // What fits goes on in the old one, and its end is noted again.
    emit(1);
    expect(offset(full)).toBe(60);
    fill(1);
    expect(entryText(full, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 60");
    expect(counts("d")).toBe("written 5, taken 0, overwritten 0, full 0, big 0");
    expect(consume("d", 0, 0, 4)).toBe(0);
  });

  // offset 48:  | 1 | 2 | 3 |    | entry 1 open  |    the tally still says 3 records at 48
  it("after it opened the new one is still in the old one", () => {
    fill(3);
    close(full, 0, 48);
    openSubbuf(full, 64, 3);
    expect(publishedRecords(full)).toBe(3);
    succeed();
    emit(1);
    fill(3);
    expect(positions("d")).toBe("0 .. 112");
    expect(entryText(full, 1)).toBe("begin 64, before 4, last 0, lost 0, ends 64");
    expect(counts("d")).toBe("written 7, taken 0, overwritten 0, full 0, big 0");
  });

  // offset 48:  | 1 | 2 | 3 |    | entry 1 open  |    the tally says 0 records at 64
  it("after it reset the tally has lost no count", () => {
    fill(3);
    close(full, 0, 48);
    openSubbuf(full, 64, 3);
    store<u64>(full, 0x0000000000000040, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(3);
    succeed();
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x0000000300000030);
    emit(1);
    fill(3);
    expect(positions("d")).toBe("0 .. 112");
    expect(entryText(full, 0)).toBe("begin 0, before 0, last 0, lost 0, ends 60");
    expect(entryText(full, 1)).toBe("begin 64, before 4, last 0, lost 0, ends 64");
    expect(counts("d")).toBe("written 7, taken 0, overwritten 0, full 0, big 0");
  });

  // offset 240:  | entry 0 open | 64 .. | 128 .. | 192 .. 240 |   consumed 64, as one turn ago
  it("in the last sub-buffer of a turn has lost no count", () => {
    fill(12);
    consume("d", 0, 0, 3);
    close(full, 3, 48);
    openSubbuf(full, 256, 12);
    store<u64>(full, 0x0000000000000100, RING_TALLY_AT);
    expect(publishedRecords(full)).toBe(12);
    succeed();
    fill(1);
    expect(positions("d")).toBe("64 .. 272");
    expect(counts("d")).toBe("written 13, taken 3, overwritten 0, full 0, big 0");
  });

  // offset 64:  | 1 | 2 | 3 |    |               |    the switch is done, the record is not
  it("before its record was written leaves an empty sub-buffer", () => {
    fill(3);
    close(full, 0, 48);
    openSubbuf(full, 64, 3);
    store<u64>(full, 0x0000000000000040, RING_TALLY_AT);
    store<u64>(full, 64, RING_OFFSET_AT);
    expect(publishedRecords(full)).toBe(3);
    succeed();
    expect(consume("d", 0, 0, 3)).toBe(0);
    fill(1);
    expect(positions("d")).toBe("64 .. 80");
    expect(counts("d")).toBe("written 4, taken 3, overwritten 0, full 0, big 0");
  });

  // offset 240, consumed 64:  | pushed | 64 .. | 128 .. | 192 .. 240 |
  it("after its push has overwritten nothing, and the count says what is gone (I7)", () => {
    fill(12);
    store<u64>(over, 64, RING_CONSUMED_AT);
    expect(counts("o")).toBe("written 12, taken 0, overwritten 3, full 0, big 0");
    succeed();
    expect(counts("o")).toBe("written 12, taken 0, overwritten 3, full 0, big 0");
    fill(1);
    expect(positions("o")).toBe("64 .. 272");
    expect(counts("o")).toBe("written 13, taken 0, overwritten 3, full 0, big 0");
  });

  it("after push and entries has lost no count", () => {
    fill(12);
    store<u64>(over, 64, RING_CONSUMED_AT);
    close(over, 3, 48);
    openSubbuf(over, 256, 12);
    store<u64>(over, 0x0000000000000100, RING_TALLY_AT);
    expect(counts("o")).toBe("written 12, taken 0, overwritten 3, full 0, big 0");
    succeed();
    fill(4);
    expect(positions("o")).toBe("128 .. 336");
    expect(counts("o")).toBe("written 16, taken 0, overwritten 6, full 0, big 0");
  });
});

describe("a writer that dies at 2^32", () => {
  it("between tally and offset has written nothing", () => {
    // In the last sub-buffer before 2^32, after two records of 16.
    store<u64>(full, 4294967264, RING_OFFSET_AT);
    store<u64>(full, 4294967232, RING_CONSUMED_AT);
    openSubbuf(full, 4294967232, 7);
    store<u64>(full, 7, RING_TAKEN_AT);
    store<u64>(full, 0x00000003fffffff0, RING_TALLY_AT);
    store<u64>(data + 192, 2);
    store<u64>(data + 208, 2);
    expect(publishedRecords(full)).toBe(9);
    succeed();
    fill(2);
    expect(positions("d")).toBe("4294967232 .. 4294967312");
    expect(publishedRecords(full)).toBe(11);
  });

  it("between tally and offset of a batch that ends in the last word has written nothing", () => {
    // The tally names 2^32 - 4: three records of 12 and two of 12 bytes that nobody sees.
    store<u64>(full, 4294967268, RING_OFFSET_AT);
    store<u64>(full, 4294967232, RING_CONSUMED_AT);
    openSubbuf(full, 4294967232, 7);
    store<u64>(full, 7, RING_TAKEN_AT);
    store<u32>(full, 1, RING_BATCH_AT);
    store<u64>(full, 0x00000005fffffffc, RING_TALLY_AT);
    for (let at: u32 = 192; at < 228; at += 12) store<u64>(data + at, 1);
    expect(publishedRecords(full)).toBe(10);
    succeed();
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x00000003ffffffe4);
    emitBatch(1, 4);
    expect(positions("d")).toBe("4294967232 .. 4294967320");
    expect(publishedRecords(full)).toBe(14);
  });

  it("between tally and offset of the switch has lost no count", () => {
    store<u64>(full, 4294967280, RING_OFFSET_AT);
    store<u64>(full, 4294967232, RING_CONSUMED_AT);
    openSubbuf(full, 4294967232, 7);
    store<u64>(full, 7, RING_TAKEN_AT);
    close(full, 3, 48);
    openSubbuf(full, 4294967296, 10);
    store<u64>(full, 0, RING_TALLY_AT);
    store<u64>(data + 192, 2);
    store<u64>(data + 208, 2);
    store<u64>(data + 224, 2);
    expect(publishedRecords(full)).toBe(10);
    succeed();
    expect(load<u64>(full, RING_TALLY_AT)).toBe(0x00000003fffffff0);
    fill(1);
    expect(positions("d")).toBe("4294967232 .. 4294967312");
    expect(publishedRecords(full)).toBe(11);
  });
});

describe("a writer that dies before it raised VIRQ_TBUF", () => {
  it("leaves a delivery that is announced when it is reaped (I11, I12)", () => {
    bind(VIRQ_DOM_EXC);
    const port = bind(VIRQ_TBUF);
    fill(4);
    // The switch raised it; take it back, as if the thread had died just before.
    take();
    die();
    reap(1);
    expect((take() >> port) & 1).toBe(1);
  });

  it("or before the upcall: the next announcement calls dom0", () => {
    bind(VIRQ_DOM_EXC);
    const port = bind(VIRQ_TBUF);
    fill(4);
    // Pending is set, the upcall word is not.
    setControlWord(CTL_UPCALL_AT, 0);
    raise(VIRQ_TBUF);
    expect(controlWord(CTL_UPCALL_AT)).toBe(0);
    die();
    reap(1);
    expect(controlWord(CTL_UPCALL_AT)).toBe(1);
    expect((take() >> port) & 1).toBe(1);
  });
});

describe("a ring whose writer is at rest", () => {
  it("stays as it is through leave and join", () => {
    fill(5);
    succeed();
    expect(counts("d")).toBe("written 5, taken 0, overwritten 0, full 0, big 0");
    expect(positions("d")).toBe("0 .. 96");
    fill(1);
    expect(words(data + 96, 4)).toBe("2 0 1536 1537");
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
