// The invariants that can be read off a hypervisor's memory while its writers are at rest or dead.

import { expect } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import type { Hypervisor } from "../../src/index.js";
import { Memory } from "./memory.js";

/** Frames of 4096 bytes that hold so many bytes. */
function runOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / layout.FRAME_BYTES));
}

/** Throws an assertion that names the invariant. */
export function checkInvariants(hypervisor: Hypervisor): void {
  const memory = new Memory(hypervisor);
  const expected = new Map<number, number>();
  for (const trace of memory.traces()) {
    let frames = 1;
    for (const ring of memory.rings(trace)) frames += checkRing(memory, ring);
    expected.set(layout.OWNER_TRACE + memory.word(trace + layout.TRACE_INDEX_AT), frames);
  }
  for (let cpu = 0; cpu < memory.cpus; cpu++) {
    if (memory.cpu(cpu, layout.CPU_SCRATCH_AT) === 0) continue;
    expected.set(layout.OWNER_CPU + cpu, layout.SCRATCH_BYTES / layout.FRAME_BYTES);
  }
  const owners = memory.owners();
  for (const [owner, frames] of owners) {
    // What dom0 still maps of a trace that is gone keeps its owner's name and nothing else.
    if (!expected.has(owner) && owner < layout.OWNER_CPU) continue;
    expect([owner, frames], "I9: frames of an owner").toEqual([owner, expected.get(owner)]);
  }
  for (let i = 0; i < 32; i++) {
    const ring = memory.word(layout.NOBODY_AT + layout.CPU_RINGS_AT + i * 4);
    expect(ring, "I2: a ring of nobody").toBe(0);
  }
}

/** Checks one ring and returns the frames that it holds. */
function checkRing(memory: Memory, ring: number): number {
  const bytes = memory.word(ring + layout.RING_SUBBUF_BYTES_AT);
  const count = memory.word(ring + layout.RING_SUBBUF_COUNT_AT);
  const offset = memory.long(ring + layout.RING_OFFSET_AT);
  const consumed = memory.long(ring + layout.RING_CONSUMED_AT);
  expect(offset - consumed, "I1: offset - consumed").toBeGreaterThanOrEqual(0);
  expect(offset - consumed, "I1: offset - consumed").toBeLessThanOrEqual(bytes * count);
  for (let index = 0; index < count; index++) {
    const { begin, contentEnd } = memory.entry(ring, index);
    const written = begin < offset - (offset % bytes) && (begin > 0 || index === 0);
    if (!written) continue;
    expect(contentEnd, "I4: content_end of a closed sub-buffer").toBeLessThan(bytes);
    expect(contentEnd % 4, "I4: alignment of content_end").toBe(0);
  }
  return 1 + runOf(bytes * count);
}
