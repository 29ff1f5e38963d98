// The invariants that can be read off memory at rest, checked after every test: I1, I4, I7, I8 of
// each ring, I9 of the frame table. as-pect would leave out the rest of a group whose afterEach
// fails, so `audit` only notes what it finds, and the last test of each file asks for it.

import { ringInfo } from "../assembly/consume";
import { cpusCount } from "../assembly/cputable";
import { frameEntry } from "../assembly/page";
import {
  CTL_FIRST_FRAME_AT,
  CTL_FRAMES_AT,
  FRAME_COUNT_AT,
  FRAME_OWNER_AT,
  FRAME_RUN_AT,
  HYPERCALL_AT,
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_SUBBUF_MASK_AT,
  SUBBUF_CONTENT_END_AT,
  TRACES_MAX,
} from "../assembly/public/layout";
import { TBC_OVERWRITTEN_AT, TBC_TAKEN_AT } from "../assembly/public/ops";
import { publishedRecords, subbufEntry } from "../assembly/switch";
import { ringOfCpu, traceSlot } from "../assembly/tracetable";
import { consumed, controlWord, offset } from "./machine";

let findings = "";
let tests: u32 = 0;
let trusted = true;

/** This test leaves memory behind that no invariant holds for: it played a liar. */
export function distrust(): void {
  trusted = false;
}

export function audit(): void {
  tests++;
  if (trusted) {
    const found = frames() + rings();
    if (found.length) findings += "after test " + tests.toString() + ": " + found;
  }
  trusted = true;
}

/** All that was found so far, "" for nothing. */
export function found(): string {
  return findings;
}

function say(mfn: u32, what: string): string {
  return "frame " + mfn.toString() + " " + what + "; ";
}

/** I9: what is not free lies in exactly one run, aligned, with one owner and a reference. */
function frames(): string {
  let text = "";
  const end = controlWord(CTL_FRAMES_AT);
  for (let mfn = controlWord(CTL_FIRST_FRAME_AT); mfn < end; ) {
    const owner = load<u32>(frameEntry(mfn), FRAME_OWNER_AT);
    const run = load<u32>(frameEntry(mfn), FRAME_RUN_AT);
    const size: u32 = run ? 1 << (run - 1) : 1;
    if (!owner && run) text += say(mfn, "is free and begins a run");
    if (owner && !run) text += say(mfn, "is in no run");
    if (owner && run && !load<u32>(frameEntry(mfn), FRAME_COUNT_AT)) text += say(mfn, "count 0");
    if (mfn & (size - 1)) text += say(mfn, "is not aligned");
    for (let i: u32 = 1; i < size; i++) {
      const other = frameEntry(mfn + i);
      if (load<u32>(other, FRAME_OWNER_AT) != owner) text += say(mfn + i, "has another owner");
      if (load<u32>(other, FRAME_RUN_AT)) text += say(mfn + i, "begins a run within a run");
    }
    mfn += size;
  }
  return text;
}

function rings(): string {
  let text = "";
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    const frame = load<u32>(traceSlot(trace));
    if (!frame) continue;
    for (let cpu: u32 = 0; cpu < cpusCount(); cpu++) {
      const ring = ringOfCpu(frame, cpu);
      if (!ring) continue;
      const wrong = soundness(ring);
      if (!wrong.length) continue;
      text += "trace " + trace.toString() + " CPU " + cpu.toString() + " " + wrong + "; ";
    }
  }
  return text;
}

/** "" when the ring holds what its words say, else what is wrong. Event n has n payload words. */
export function soundness(ring: usize): string {
  const mask: u64 = load<u32>(ring, RING_SUBBUF_MASK_AT);
  const from = consumed(ring);
  const to = offset(ring);
  if (from > to || to - from > <u64>load<u32>(ring, RING_BUFFER_MASK_AT) + 1) {
    return "positions " + from.toString() + " .. " + to.toString() + " (I1)";
  }
  let records: u64 = 0;
  let time: u64 = 0;
  for (let at = from & ~mask; at < to; ) {
    const begin = at;
    const closed = (at | mask) < to;
    const stop = closed ? at + load<u32>(subbufEntry(ring, at), SUBBUF_CONTENT_END_AT) : to;
    while (at < stop) {
      const head = load<u64>(
        load<u32>(ring, RING_DATA_AT) + (<u32>at & load<u32>(ring, RING_BUFFER_MASK_AT)),
      );
      if (head >> 12 < time) return "time goes back at " + at.toString() + " (I8)";
      time = head >> 12;
      if (at >= from) records++;
      at += 8 + (head & 4095) * 4;
    }
    if (at != stop)
      return "records from " + begin.toString() + " end at " + at.toString() + " (I4)";
    if (closed) at = (begin | mask) + 1;
  }
  ringInfo(ring);
  const gone = load<u64>(HYPERCALL_AT, TBC_TAKEN_AT) + load<u64>(HYPERCALL_AT, TBC_OVERWRITTEN_AT);
  const published = publishedRecords(ring);
  if (gone + records == published) return "";
  return published.toString() + " written, " + records.toString() + " there (I7)";
}
