// Frames: alloc, free, share, reference count. Owns the frame table. Knows nothing of traces.
// There are no free lists: the table is the only truth, and a frame is claimed by one CAS on its
// owner word. So no thread can hold a lock while it dies (docs/adr/0003-frame-table.md).

import { add32, and32, cas32, load32, store32, sub32 } from "./atomic";
import {
  CONTROL_AT,
  CTL_FIRST_FRAME_AT,
  CTL_FRAME_TABLE_AT,
  CTL_FRAMES_AT,
  FRAME_BYTES,
  FRAME_COUNT_AT,
  FRAME_ENTRY_SHIFT,
  FRAME_OWNED,
  FRAME_OWNER_AT,
  FRAME_RUN_AT,
  FRAME_SHARE_AT,
  FRAME_SHIFT,
  OWNER_CPU,
} from "./public/layout";
import { REASON_NOT_MAPPED, REASON_NOT_SHARED } from "./public/ops";
import { fail } from "./reason";

/** Passes over the table before alloc gives up: a run may be missed while another thread that
 * wanted an overlapping one rolls back. */
const PASSES: u32 = 3;

export function addressOf(mfn: u32): usize {
  return mfn << FRAME_SHIFT;
}

export function mfnOf(address: usize): u32 {
  return <u32>address >> FRAME_SHIFT;
}

export function frameEntry(mfn: u32): usize {
  return load<u32>(CONTROL_AT, CTL_FRAME_TABLE_AT) + (mfn << FRAME_ENTRY_SHIFT);
}

/** Frames that there are: never more than memory has, whatever the word holds, so that loops end. */
export function framesCount(): u32 {
  return min(load<u32>(CONTROL_AT, CTL_FRAMES_AT), (<u32>memory.size()) << (16 - FRAME_SHIFT));
}

/** The first frame that can be allocated. */
export function firstFrame(): u32 {
  return load<u32>(CONTROL_AT, CTL_FIRST_FRAME_AT);
}

export function ownerOf(mfn: u32): u32 {
  // Pairs with claimRun, setOwner and releaseFrame.
  return load32(frameEntry(mfn) + FRAME_OWNER_AT);
}

/** Smallest order whose run holds `bytes`: 1 -> 0, 4096 -> 0, 4097 -> 1, 16384 -> 2. */
export function orderOf(bytes: u32): u32 {
  const frames = (bytes + FRAME_BYTES - 1) >> FRAME_SHIFT;
  return frames <= 1 ? 0 : 32 - clz<u32>(frames - 1);
}

/** Claims all frames of a run or none of them. */
function claimRun(mfn: u32, frames: u32, owner: u32): bool {
  for (let i: u32 = 0; i < frames; i++) {
    // Pairs with the store of owner 0 in releaseFrame: its share word is seen after it.
    if (cas32(frameEntry(mfn + i) + FRAME_OWNER_AT, 0, owner)) continue;
    while (i > 0) store32(frameEntry(mfn + --i) + FRAME_OWNER_AT, 0);
    return false;
  }
  return true;
}

/** A frame that was handed out before is zeroed (I9); a fresh one is zero already, and leaving
 * it alone leaves it unbacked by the operating system until somebody records. */
function zeroRun(mfn: u32, frames: u32): void {
  for (let i: u32 = 0; i < frames; i++) {
    const used = load<u32>(frameEntry(mfn + i), FRAME_SHARE_AT) >> 1;
    if (used) memory.fill(addressOf(mfn + i), 0, FRAME_BYTES);
  }
}

/**
 * Allocates a run of 2^order frames, aligned to its size, zeroed, with the owner's reference.
 * @returns the mfn of its first frame, 0 when no such run is free.
 */
export function alloc(order: u32, owner: u32): u32 {
  const step: u32 = 1 << order;
  const first = (firstFrame() + step - 1) & ~(step - 1);
  const end = framesCount();
  for (let pass: u32 = 0; pass < PASSES; pass++) {
    // Not `mfn + step <= end`, which comes round for the largest orders.
    for (let mfn = first; mfn < end && step <= end - mfn; mfn += step) {
      if (!claimRun(mfn, step, owner)) continue;
      zeroRun(mfn, step);
      store<u32>(frameEntry(mfn), order + 1, FRAME_RUN_AT);
      // Pairs with map, put and unmapRun, once the run is published.
      store32(frameEntry(mfn) + FRAME_COUNT_AT, FRAME_OWNED);
      return mfn;
    }
  }
  return 0;
}

/** Frames in the run that starts at `mfn`; 0 when no run starts there, or none that memory holds. */
export function runFrames(mfn: u32): u32 {
  const order = load<u32>(frameEntry(mfn), FRAME_RUN_AT) - 1;
  const frames: u32 = order < 32 ? 1 << order : 0;
  const end = framesCount();
  return mfn < end && frames <= end - mfn ? frames : 0;
}

/** Gives one frame back. */
function releaseFrame(mfn: u32): void {
  const entry = frameEntry(mfn);
  const share = (load<u32>(entry, FRAME_SHARE_AT) | 1) + 1;
  store<u32>(entry, 0, FRAME_RUN_AT);
  store<u32>(entry, 0, FRAME_COUNT_AT);
  // Generation 0 is that of a frame that was never handed out: it does not come round to it.
  store<u32>(entry, share ? share : 2, FRAME_SHARE_AT);
  // Pairs with the CAS in claimRun.
  store32(entry + FRAME_OWNER_AT, 0);
}

/**
 * Gives back what begins at `mfn`, to which nobody has a reference: a run, or a frame that is in no run
 * yet, or not any more. @returns how many frames that are
 */
export function releaseAt(mfn: u32): u32 {
  const frames = max<u32>(runFrames(mfn), 1);
  for (let i: u32 = 0; i < frames; i++) releaseFrame(mfn + i);
  return frames;
}

/**
 * Changes the owner of a whole run; the caller owns it. Its first frame comes last: who dies in between
 * has left a run that is still found under its old owner.
 */
export function setOwner(mfn: u32, owner: u32): void {
  // Pairs with isPublished and ownerOf.
  for (let i = runFrames(mfn); i > 0; ) store32(frameEntry(mfn + --i) + FRAME_OWNER_AT, owner);
}

/**
 * `owner` drops its reference to a run, which is freed when nobody has it mapped (I9). Nothing is done
 * to the run of another: the word that named it was wrong.
 */
export function put(mfn: u32, owner: u32): void {
  if (ownerOf(mfn) != owner) return;
  // Pairs with unmapRun and map: the one that leaves 0 behind frees the run.
  if (and32(frameEntry(mfn) + FRAME_COUNT_AT, ~FRAME_OWNED) == FRAME_OWNED) releaseAt(mfn);
}

/** Drops `mappings` references of dom0's to a run, which is freed if its owner has dropped its own. */
function unmapRun(mfn: u32, mappings: u32): void {
  // Pairs with put, as said there.
  if (sub32(frameEntry(mfn) + FRAME_COUNT_AT, mappings) == mappings) releaseAt(mfn);
}

function mappingsOf(mfn: u32): u32 {
  // dom0 alone counts mappings: what put does to the word meanwhile is not looked at.
  return load32(frameEntry(mfn) + FRAME_COUNT_AT) & ~FRAME_OWNED;
}

/** Shares a run with dom0, or takes the sharing back: what is mapped stays counted. */
export function share(mfn: u32, shared: bool): void {
  const frames = runFrames(mfn);
  for (let i: u32 = 0; i < frames; i++) {
    const at = frameEntry(mfn + i) + FRAME_SHARE_AT;
    // Pairs with the load in map.
    store32(at, (load32(at) & ~1) | <u32>shared);
  }
}

/**
 * Whether a run is a trace's or the hypervisor's, which dom0 alone frees. What a CPU owns it has not
 * published yet, and may free at any time. Pairs with setOwner: its last store says that all is done.
 */
export function isPublished(mfn: u32): bool {
  const owner = ownerOf(mfn);
  return owner != 0 && owner < OWNER_CPU;
}

/**
 * dom0 maps `count` frames from `mfn`, which must be shared with it, start a run, and lie in it.
 * Takes a reference. @returns 0, or 1 with REASON_NOT_SHARED.
 */
export function map(mfn: u32, count: u32): u32 {
  if (mfn == 0 || mfn >= framesCount() || !isPublished(mfn)) return fail(REASON_NOT_SHARED);
  const entry = frameEntry(mfn);
  // Pairs with share.
  if (!(load32(entry + FRAME_SHARE_AT) & 1) || count == 0 || count > runFrames(mfn)) {
    return fail(REASON_NOT_SHARED);
  }
  // Pairs with put.
  add32(entry + FRAME_COUNT_AT, 1);
  return 0;
}

/** dom0 gives a mapping back. @returns 0, or 1 with REASON_NOT_MAPPED. */
export function unmap(mfn: u32): u32 {
  if (mfn == 0 || mfn >= framesCount() || !mappingsOf(mfn)) return fail(REASON_NOT_MAPPED);
  unmapRun(mfn, 1);
  return 0;
}

/** Drops every mapping: the dom0 that made them is gone. */
export function unmapAll(): void {
  for (let mfn: u32 = 1, end = framesCount(); mfn < end; mfn++) {
    const mappings = runFrames(mfn) ? mappingsOf(mfn) : 0;
    if (mappings) unmapRun(mfn, mappings);
  }
}

/** The first frame of `owner` from `mfn` on that is not in the run at `keep` (0: none); 0: no such. */
export function strayOf(owner: u32, keep: u32, mfn: u32): u32 {
  const kept = runFrames(keep);
  for (const end = framesCount(); mfn < end; mfn++) {
    if (ownerOf(mfn) == owner && mfn - keep >= kept) return mfn;
  }
  return 0;
}

/** Gives back every frame of `owner` but for the run at `keep` (0: none), whatever run it was in. */
export function releaseStrays(owner: u32, keep: u32): void {
  let mfn = strayOf(owner, keep, firstFrame());
  while (mfn) mfn = strayOf(owner, keep, mfn + releaseAt(mfn));
}
