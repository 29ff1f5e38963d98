// Frames: who gets which, and when they come back.

import {
  addressOf,
  alloc,
  frameEntry,
  framesCount,
  map,
  orderOf,
  put,
  releaseStrays,
  runFrames,
  setOwner,
  share,
  unmap,
  unmapAll,
} from "../assembly/page";
import {
  CTL_FIRST_FRAME_AT,
  CTL_FRAMES_AT,
  FRAME_COUNT_AT,
  FRAME_OWNED,
  FRAME_OWNER_AT,
  FRAME_RUN_AT,
  FRAME_SHARE_AT,
  OWNER_CPU,
  OWNER_TRACE,
  OWNER_XEN,
} from "../assembly/public/layout";
import { REASON_NOT_MAPPED, REASON_NOT_SHARED } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import { changed, framesFree, remember, reset, setControlWord } from "./machine";
import { below, seed } from "./random";

function owner(mfn: u32): u32 {
  return load<u32>(frameEntry(mfn), FRAME_OWNER_AT);
}

/** The owner's reference and those of mappings, together. */
function references(mfn: u32): u32 {
  const count = load<u32>(frameEntry(mfn), FRAME_COUNT_AT);
  return (count & ~FRAME_OWNED) + (count & FRAME_OWNED ? 1 : 0);
}

function shareWord(mfn: u32): u32 {
  return load<u32>(frameEntry(mfn), FRAME_SHARE_AT);
}

/** Allocates runs of one frame until memory is out. @returns how many there were */
function exhaust(): u32 {
  let runs: u32 = 0;
  while (alloc(0, OWNER_XEN)) runs++;
  return runs;
}

function mapReason(mfn: u32, count: u32): u32 {
  return map(mfn, count) ? reason() : 0;
}

function unmapReason(mfn: u32): u32 {
  return unmap(mfn) ? reason() : 0;
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("alloc", () => {
  it("hands out the first free run that is aligned to its size", () => {
    expect(alloc(0, OWNER_XEN)).toBe(9);
    expect(alloc(1, OWNER_XEN)).toBe(10);
    expect(alloc(2, OWNER_XEN)).toBe(12);
    expect(alloc(3, OWNER_XEN)).toBe(16);
    expect(alloc(4, OWNER_XEN)).toBe(32);
    expect(alloc(5, OWNER_XEN)).toBe(64);
    // 119 less 1 + 2 + 4 + 8 + 16 + 32.
    expect(framesFree()).toBe(56);
  });

  it("fills the holes that alignment left", () => {
    expect(alloc(3, OWNER_XEN)).toBe(16);
    expect(alloc(2, OWNER_XEN)).toBe(12);
    expect(alloc(0, OWNER_XEN)).toBe(9);
    expect(alloc(0, OWNER_XEN)).toBe(10);
  });

  it("makes every frame of the run its owner's, with one reference (I9)", () => {
    expect(alloc(2, OWNER_TRACE + 3)).toBe(12);
    for (let mfn: u32 = 12; mfn < 16; mfn++) expect(owner(mfn)).toBe(259);
    expect(owner(11)).toBe(0);
    expect(owner(16)).toBe(0);
    expect(references(12)).toBe(1);
    expect(runFrames(12)).toBe(4);
    expect(runFrames(13)).toBe(0);
  });

  it("zeroes what was handed out before (I9)", () => {
    const mfn = alloc(1, OWNER_XEN);
    memory.fill(addressOf(mfn), 0xaa, 8192);
    put(mfn, OWNER_XEN);
    expect(alloc(1, OWNER_XEN)).toBe(mfn);
    for (let at: u32 = 0; at < 8192; at += 4) {
      assert(load<u32>(addressOf(mfn) + at) == 0, "garbage at " + at.toString());
    }
  });

  it("zeroes a run of which one frame alone was handed out before (I9)", () => {
    const mfn = alloc(0, OWNER_XEN);
    expect(mfn).toBe(9);
    const second = alloc(0, OWNER_XEN);
    store<u32>(addressOf(second), 7);
    put(second, OWNER_XEN);
    expect(alloc(1, OWNER_XEN)).toBe(10);
    expect(load<u32>(addressOf(10))).toBe(0);
  });

  it("hands out the largest run there is", () => {
    expect(alloc(6, OWNER_XEN)).toBe(64);
    expect(alloc(6, OWNER_XEN)).toBe(0);
  });

  it("hands out every frame up to the last one", () => {
    expect(exhaust()).toBe(119);
    expect(owner(127)).toBe(1);
    expect(framesFree()).toBe(0);
  });

  it("changes nothing when memory is out", () => {
    exhaust();
    remember();
    expect(alloc(0, OWNER_XEN)).toBe(0);
    expect(changed()).toBe(0);
  });

  it("changes nothing when no run is long enough", () => {
    // Every run of 32 has a frame that is in use, at its end: 32 .. 63*, 64 .. 95*, 96 .. 127*.
    exhaust();
    for (let mfn: u32 = 9; mfn < 128; mfn++) if ((mfn & 31) != 31) put(mfn, OWNER_XEN);
    expect(framesFree()).toBe(115);
    remember();
    expect(alloc(5, OWNER_XEN)).toBe(0);
    expect(changed()).toBe(0);
  });

  it("refuses a run that is larger than memory", () => {
    remember();
    expect(alloc(7, OWNER_XEN)).toBe(0);
    expect(alloc(20, OWNER_XEN)).toBe(0);
    expect(changed()).toBe(0);
  });
});

describe("a wrong word in the control page", () => {
  it("of how many frames there are lets no search go round for ever (I10)", () => {
    for (let order: u32 = 28; order < 32; order++) {
      for (let bit: u32 = 28; bit < 32; bit++) {
        setControlWord(CTL_FRAMES_AT, 1 << bit);
        expect(alloc(order, OWNER_CPU)).toBe(0);
        setControlWord(CTL_FRAMES_AT, 0xffffffff >> bit);
        expect(alloc(order, OWNER_CPU)).toBe(0);
      }
    }
    setControlWord(CTL_FRAMES_AT, 0xffffffff);
    expect(alloc(31, OWNER_CPU)).toBe(0);
    // Those that memory has: 128 MiB.
    expect(framesCount()).toBe(32768);
    setControlWord(CTL_FRAMES_AT, 128);
    expect(framesFree()).toBe(119);
  });

  it("of which frame is the first one hands out none of the hypervisor's own (I9)", () => {
    for (let shift: u32 = 0; shift < 32; shift++) {
      setControlWord(CTL_FIRST_FRAME_AT, 0xffffffff >> shift);
      const mfn = alloc(2, OWNER_CPU);
      assert(mfn == 0 || mfn >= 9, "frame " + mfn.toString());
      if (mfn) put(mfn, OWNER_CPU);
    }
    setControlWord(CTL_FIRST_FRAME_AT, 9);
    expect(framesFree()).toBe(119);
  });

  it("of a run that memory has no room for makes it no run", () => {
    const mfn = alloc(1, OWNER_CPU);
    for (let run: u32 = 8; run; run <<= 1) {
      store<u32>(frameEntry(mfn), run, FRAME_RUN_AT);
      expect(runFrames(mfn)).toBe(0);
    }
    store<u32>(frameEntry(mfn), 2, FRAME_RUN_AT);
    put(mfn, OWNER_CPU);
    expect(framesFree()).toBe(119);
  });
});

describe("orderOf", () => {
  it("is the smallest order whose run holds the bytes", () => {
    expect(orderOf(0)).toBe(0);
    expect(orderOf(1)).toBe(0);
    expect(orderOf(4096)).toBe(0);
    expect(orderOf(4097)).toBe(1);
    expect(orderOf(8192)).toBe(1);
    expect(orderOf(8193)).toBe(2);
    expect(orderOf(16384)).toBe(2);
    expect(orderOf(1073741824)).toBe(18);
  });
});

describe("put", () => {
  it("merges what comes back: four frames make a run of four again", () => {
    reset(64);
    const taken = exhaust();
    expect(taken).toBe(55);
    for (let mfn: u32 = 60; mfn < 64; mfn++) put(mfn, OWNER_XEN);
    expect(alloc(2, OWNER_XEN)).toBe(60);
  });

  it("counts a generation at each free, and shares nothing with the next owner", () => {
    const mfn = alloc(0, OWNER_XEN);
    share(mfn, true);
    expect(shareWord(mfn)).toBe(1);
    put(mfn, OWNER_XEN);
    expect(shareWord(mfn)).toBe(2);
    expect(alloc(0, OWNER_XEN)).toBe(mfn);
    share(mfn, true);
    expect(shareWord(mfn)).toBe(3);
    put(mfn, OWNER_XEN);
    expect(shareWord(mfn)).toBe(4);
  });
});

describe("the generation of a frame", () => {
  it("does not come round to that of a frame that was never handed out (I9)", () => {
    const mfn = alloc(0, OWNER_XEN);
    store<u32>(frameEntry(mfn), 0xffffffff, FRAME_SHARE_AT);
    store<u32>(addressOf(mfn), 7);
    put(mfn, OWNER_XEN);
    expect(shareWord(mfn)).toBe(2);
    expect(alloc(0, OWNER_XEN)).toBe(mfn);
    expect(load<u32>(addressOf(mfn))).toBe(0);
    store<u32>(frameEntry(mfn), 0xfffffffc, FRAME_SHARE_AT);
    put(mfn, OWNER_XEN);
    expect(shareWord(mfn)).toBe(0xfffffffe);
  });
});

describe("releaseStrays", () => {
  it("gives back what an owner has, but for one run, and nothing of others", () => {
    const kept = alloc(1, OWNER_CPU);
    const other = alloc(0, OWNER_TRACE);
    alloc(1, OWNER_CPU);
    alloc(0, OWNER_CPU);
    releaseStrays(OWNER_CPU, kept);
    expect(framesFree()).toBe(116);
    expect(owner(kept)).toBe(512);
    expect(owner(kept + 1)).toBe(512);
    expect(owner(other)).toBe(256);
  });

  it("gives back frames that were claimed and are in no run yet (I12)", () => {
    const mfn = alloc(1, OWNER_CPU);
    store<u32>(frameEntry(mfn), 0, FRAME_RUN_AT);
    releaseStrays(OWNER_CPU, 0);
    expect(framesFree()).toBe(119);
    expect(alloc(1, OWNER_CPU)).toBe(mfn);
  });
});

describe("unmapAll", () => {
  it("drops all mappings, and frees what its owner has dropped (I9)", () => {
    const held = alloc(0, OWNER_TRACE);
    const dropped = alloc(1, OWNER_TRACE);
    share(held, true);
    share(dropped, true);
    map(held, 1);
    map(dropped, 2);
    map(dropped, 1);
    share(dropped, false);
    put(dropped, OWNER_TRACE);
    expect(framesFree()).toBe(116);
    unmapAll();
    expect(framesFree()).toBe(118);
    expect(references(held)).toBe(1);
  });
});

describe("put by another than the owner", () => {
  it("does nothing to the run (I9)", () => {
    const mfn = alloc(1, OWNER_TRACE + 1);
    remember();
    put(mfn, OWNER_TRACE);
    expect(changed()).toBe(0);
    put(mfn, OWNER_TRACE + 1);
    expect(framesFree()).toBe(119);
  });
});

describe("setOwner", () => {
  it("hands over the whole run and no frame more (I9)", () => {
    const mfn = alloc(1, OWNER_CPU + 2);
    setOwner(mfn, OWNER_TRACE);
    expect(owner(mfn)).toBe(256);
    expect(owner(mfn + 1)).toBe(256);
    expect(owner(mfn + 2)).toBe(0);
  });
});

describe("map and unmap", () => {
  it("count references: a run is freed only at 0 (I9)", () => {
    const mfn = alloc(1, OWNER_TRACE);
    share(mfn, true);
    expect(map(mfn, 2)).toBe(0);
    expect(map(mfn, 1)).toBe(0);
    expect(references(mfn)).toBe(3);
    share(mfn, false);
    put(mfn, OWNER_TRACE);
    expect(unmap(mfn)).toBe(0);
    expect(framesFree()).toBe(117);
    expect(unmap(mfn)).toBe(0);
    expect(framesFree()).toBe(119);
  });

  it("leave the owner's reference alone while the run is shared", () => {
    const mfn = alloc(0, OWNER_TRACE);
    share(mfn, true);
    map(mfn, 1);
    expect(unmap(mfn)).toBe(0);
    expect(unmapReason(mfn)).toBe(REASON_NOT_MAPPED);
    expect(references(mfn)).toBe(1);
  });

  it("leave the owner's reference alone when the run is shared no more (I9)", () => {
    // What destroy does: the run is in quarantine, and nobody has it mapped.
    const mfn = alloc(0, OWNER_TRACE);
    share(mfn, true);
    map(mfn, 1);
    share(mfn, false);
    expect(unmap(mfn)).toBe(0);
    expect(unmapReason(mfn)).toBe(REASON_NOT_MAPPED);
    expect(references(mfn)).toBe(1);
    expect(owner(mfn)).toBe(256);
  });

  it("refuse what a CPU has not published yet: it may free it at any time (I9)", () => {
    const mfn = alloc(1, OWNER_CPU + 3);
    share(mfn, true);
    remember();
    expect(mapReason(mfn, 2)).toBe(REASON_NOT_SHARED);
    expect(changed()).toBe(0);
    setOwner(mfn, OWNER_TRACE);
    expect(map(mfn, 2)).toBe(0);
  });

  it("refuse what was never shared (I9)", () => {
    const mfn = alloc(0, OWNER_CPU);
    expect(mapReason(mfn, 1)).toBe(REASON_NOT_SHARED);
    expect(unmapReason(mfn)).toBe(REASON_NOT_MAPPED);
    expect(references(mfn)).toBe(1);
    expect(owner(mfn)).toBe(512);
  });

  it("refuse the hypervisor's own tables", () => {
    // 1 and 2 are shared: control and hypercall page. 3 to 8: enabled bits, CPUs, frames.
    expect(map(1, 1)).toBe(0);
    expect(unmap(1)).toBe(0);
    for (let mfn: u32 = 3; mfn < 9; mfn++) {
      expect(mapReason(mfn, 1)).toBe(REASON_NOT_SHARED);
      expect(unmapReason(mfn)).toBe(REASON_NOT_MAPPED);
      expect(owner(mfn)).toBe(1);
    }
  });

  it("refuse what is free, what lies within a run, and more than the run", () => {
    const mfn = alloc(1, OWNER_TRACE);
    share(mfn, true);
    remember();
    expect(mapReason(mfn + 2, 1)).toBe(REASON_NOT_SHARED);
    expect(mapReason(mfn + 1, 1)).toBe(REASON_NOT_SHARED);
    expect(mapReason(mfn, 3)).toBe(REASON_NOT_SHARED);
    expect(mapReason(mfn, 0)).toBe(REASON_NOT_SHARED);
    expect(unmapReason(mfn + 1)).toBe(REASON_NOT_MAPPED);
    expect(unmapReason(mfn + 2)).toBe(REASON_NOT_MAPPED);
    expect(changed()).toBe(0);
  });

  it("refuse numbers that are no frames", () => {
    remember();
    expect(mapReason(0, 1)).toBe(REASON_NOT_SHARED);
    expect(mapReason(128, 1)).toBe(REASON_NOT_SHARED);
    expect(mapReason(0xffffffff, 0xffffffff)).toBe(REASON_NOT_SHARED);
    expect(unmapReason(0)).toBe(REASON_NOT_MAPPED);
    expect(unmapReason(128)).toBe(REASON_NOT_MAPPED);
    expect(unmapReason(0xffffffff)).toBe(REASON_NOT_MAPPED);
    expect(changed()).toBe(0);
  });
});

const live = new StaticArray<u32>(128);

/** Allocates and frees at random; a frame's `live` entry is 1 + the start of its run. */
function churn(seedOf: u32, steps: u32): void {
  const at = "seed " + seedOf.toString() + ": ";
  seed(seedOf);
  for (let step: u32 = 0; step < steps; step++) {
    const order = below(6);
    const size: u32 = 1 << order;
    if (below(2)) {
      const mfn = alloc(order, OWNER_XEN);
      if (!mfn) continue;
      assert(mfn % size == 0, at + "not aligned");
      assert(mfn >= 9 && mfn + size <= 128, at + "out of bounds");
      for (let i: u32 = 0; i < size; i++) {
        assert(live[mfn + i] == 0, at + "two runs overlap (I9)");
        live[mfn + i] = mfn + 1;
        assert(load<u32>(addressOf(mfn + i)) == 0, at + "not zeroed (I9)");
        store<u32>(addressOf(mfn + i), step + 1);
      }
    } else {
      const run = live[9 + below(119)];
      if (run) drop(run - 1);
    }
  }
  for (let mfn: u32 = 9; mfn < 128; mfn++) if (live[mfn]) drop(live[mfn] - 1);
  assert(framesFree() == 119, at + "frames are lost");
  const largest = alloc(6, OWNER_XEN);
  assert(largest == 64, at + "what came back is not merged");
  put(largest, OWNER_XEN);
}

function drop(mfn: u32): void {
  for (let i = mfn; i < 128 && live[i] == mfn + 1; i++) live[i] = 0;
  put(mfn, OWNER_XEN);
}

describe("any interleaving of alloc and put", () => {
  it("keeps runs apart, aligned and zeroed, and loses nothing (I9, 200 seeds)", () => {
    for (let run: u32 = 1; run <= 200; run++) churn(run, 300);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I9)", () => {
    expect(found()).toBe("");
  });
});
