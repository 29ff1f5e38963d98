// The accounts of a ring close whatever the order of records, batches and consumes (I7). Both modes, 4
// sub-buffers of 64 bytes; the seed of a run that fails is in the message.

import { join } from "../assembly/cpu";
import {
  RING_DATA_AT,
  RING_SUBBUF_MASK_AT,
  SUBBUF_CONTENT_END_AT,
} from "../assembly/public/layout";
import { publishedRecords } from "../assembly/switch";
import { audit, found, soundness } from "./audit";
import {
  consume,
  consumed,
  counts,
  discardedBig,
  discardedFull,
  emitBatch,
  entry,
  offset,
  reset,
  startAt,
  started,
} from "./machine";
import { below, seed } from "./random";

let ring: usize = 0;
let over: usize = 0;

afterEach(audit);

/** Checks I1 between two steps: both positions only grow, and stay within N*S of each other. */
class Watch {
  offset: u64 = 0;
  consumed: u64 = 0;

  step(subject: usize, at: string): void {
    assert(offset(subject) >= this.offset, at + "offset goes back (I1)");
    assert(consumed(subject) >= this.consumed, at + "consumed goes back (I1)");
    this.offset = offset(subject);
    this.consumed = consumed(subject);
    assert(this.consumed <= this.offset, at + "consumed is before offset (I1)");
    assert(this.offset - this.consumed <= 256, at + "the reader is a turn behind (I1)");
  }
}

/** Takes what can be taken at the reader's position, now and then only a part. @returns records */
function takeSome(name: string, subject: usize): u32 {
  const mask: u64 = load<u32>(subject, RING_SUBBUF_MASK_AT);
  const old = consumed(subject);
  const end = (old | mask) + 1;
  const closed = end <= offset(subject);
  const contentEnd = load<u32>(entry(subject, <u32>(old >> 6) & 3), SUBBUF_CONTENT_END_AT);
  const stop = closed ? (old & ~mask) + contentEnd : offset(subject);
  const most: u32 = below(3) ? 100 : 1 + below(2);
  let records: u32 = 0;
  let at = old;
  while (at < stop && records < most) {
    at += 8 + (load<u32>(load<u32>(subject, RING_DATA_AT) + (<u32>at & 255)) & 4095) * 4;
    records++;
  }
  if (closed && at == stop) at = end;
  if (at == old) return 0;
  assert(consume(name, old, at, records) == 0, "consume");
  return records;
}

/** 300 random steps in rings that start at `position`, and the sums at their end. */
function account(seedOf: u32, position: u64): void {
  reset();
  join(1, 1, 0);
  ring = started("d", 64, 4);
  over = started("o", 64, 4, 1);
  startAt(ring, position, 0);
  startAt(over, position, 0);
  seed(seedOf);
  const text = "seed " + seedOf.toString() + ": ";
  const full = new Watch();
  const push = new Watch();
  let attempted: u64 = 0;
  let big: u64 = 0;
  let fromFull: u64 = 0;
  let fromOver: u64 = 0;
  for (let step = 0; step < 300; step++) {
    const what = below(10);
    if (what < 7) {
      // Payloads of 0 to 14 words: 14 is too big. A batch may be empty, or more than a ring holds.
      const size = below(15);
      const count = what < 4 ? 1 : below(40);
      emitBatch(size, count, <f64>step);
      attempted += count;
      if (size == 14) big += count;
    } else if (what == 7) fromFull += takeSome("d", ring);
    else fromOver += takeSome("o", over);
    full.step(ring, text);
    push.step(over, text);
    const wrong = soundness(ring) + soundness(over);
    assert(!wrong.length, text + wrong);
    assert(publishedRecords(ring) + discardedFull(ring) + big == attempted, text + "d (I7)");
    assert(publishedRecords(over) + big == attempted, text + "o (I7)");
  }
  assert(discardedBig(ring) == big && discardedBig(over) == big, text + "too big (I7)");
  assert(discardedFull(over) == 0, text + "an overwriting ring is never full");
  // What is left can be taken to the last record; then the accounts are bare sums.
  for (let turn = 0; turn < 20; turn++) {
    fromFull += takeSome("d", ring);
    fromOver += takeSome("o", over);
  }
  assert(consumed(ring) == offset(ring), text + "d is not empty");
  assert(consumed(over) == offset(over), text + "o is not empty");
  assert(fromFull + discardedFull(ring) + big == attempted, text + "d does not close (I7)");
  assert(
    counts("d").includes("taken " + fromFull.toString() + ", overwritten 0"),
    text + "d taken",
  );
  const lost = attempted - big - fromOver;
  const sum = "taken " + fromOver.toString() + ", overwritten " + lost.toString() + ",";
  assert(counts("o").includes(sum), text + "o does not close (I7)");
}

describe("any order of records, batches and consumes", () => {
  it("closes: attempted = taken + there + discarded + overwritten (I1, I7, 100 seeds)", () => {
    for (let run: u32 = 1; run <= 100; run++) account(run, 0);
  });

  it("closes across 2^32 (I1, I7, 50 seeds)", () => {
    // Both rings begin 10 sub-buffers before it.
    for (let run: u32 = 101; run <= 150; run++) {
      account(run, 4294966656);
      assert(offset(ring) > 4294967296, "seed " + run.toString() + ": d is not across");
      assert(offset(over) > 4294967296, "seed " + run.toString() + ": o is not across");
    }
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I1, I4, I7, I8, I9)", () => {
    expect(found()).toBe("");
  });
});
