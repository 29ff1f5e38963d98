// One CPU's ring and data are scribbled on: dom0 throws nothing but TraceError, never hangs, yields
// nothing from outside the ring, and the other CPUs go on exactly (I10).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import {
  type Scribble,
  SUBBUF_BYTES,
  SUBBUF_COUNT,
  scribbles,
  VICTIM,
  Victim,
} from "../lib/hostile.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const ENTRIES = SUBBUF_COUNT * layout.SUBBUF_ENTRY_BYTES;

interface Plan {
  readonly all: readonly Scribble[];
  /** dom0 has read the trace before. */
  readonly read: boolean;
  readonly mode: "discard" | "overwrite";
  readonly before: number;
  readonly after: number;
}

const plan = (all: fc.Arbitrary<readonly Scribble[]>): fc.Arbitrary<Plan> =>
  fc.record({
    all,
    read: fc.boolean(),
    mode: fc.constantFrom("discard", "overwrite"),
    before: fc.nat(90),
    after: fc.nat(90),
  });

async function play({ all, read, mode, before, after }: Plan, base: (victim: Victim) => number) {
  const victim = new Victim(world, mode).remember();
  if (read) {
    for (const cpu of [0, 1, 2]) victim.record(cpu, 20);
    await victim.read();
  }
  for (const cpu of [0, 1, 2]) victim.record(cpu, before);
  victim.scribble(base(victim), all);
  await victim.read();
  for (const cpu of [0, 2]) victim.record(cpu, after);
  await victim.read();
  victim.expectOthersExact();
  expect(victim.trace.info().corrupt).toBeOneOf([[], [VICTIM]]);
  return victim;
}

const fields = (...at: number[]) => at;
const areas: [string, fc.Arbitrary<readonly Scribble[]>, (victim: Victim) => number][] = [
  [
    "positions and counts",
    scribbles(
      layout.RING_SUBBUFS_AT,
      fields(
        layout.RING_OFFSET_AT,
        layout.RING_OFFSET_AT + 4,
        layout.RING_CONSUMED_AT,
        layout.RING_CONSUMED_AT + 4,
        layout.RING_TALLY_AT,
        layout.RING_TAKEN_AT,
        layout.RING_OVERWRITTEN_AT,
        layout.RING_DISCARDED_FULL_AT,
      ),
    ),
    (victim) => victim.ring,
  ],
  [
    "geometry",
    scribbles(
      32,
      fields(
        layout.RING_SUBBUF_MASK_AT,
        layout.RING_BUFFER_MASK_AT,
        layout.RING_DATA_AT,
        layout.RING_MODE_AT,
        layout.RING_SUBBUF_BYTES_AT,
        layout.RING_SUBBUF_COUNT_AT,
      ),
    ),
    (victim) => victim.ring,
  ],
  ["sub-buffer entries", scribbles(ENTRIES), (victim) => victim.ring + layout.RING_SUBBUFS_AT],
  ["data", scribbles(SUBBUF_BYTES * SUBBUF_COUNT), (victim) => victim.data],
];

describe("a ring whose words were scribbled on", () => {
  it.each(areas)("harms nobody else: %s (I10)", async (_name, all, base) => {
    await fc.assert(
      fc.asyncProperty(plan(all), async (each) => {
        await play(each, base);
      }),
      { numRuns: 120 },
    );
  });

  const lies: [string, number, number][] = [
    ["an offset that is not aligned", layout.RING_OFFSET_AT, 61],
    ["an offset far away", layout.RING_OFFSET_AT, 0x7ffffffc],
    ["an offset before consumed", layout.RING_OFFSET_AT, 4],
    ["an offset beyond 2^53", layout.RING_OFFSET_AT + 4, 0xffffffff],
    ["a consumed beyond offset", layout.RING_CONSUMED_AT, 0x10000],
    ["a content_end beyond its sub-buffer", layout.RING_SUBBUFS_AT + 32, 0xfffffff0],
    ["a content_end that is not aligned", layout.RING_SUBBUFS_AT + 32, 7],
    ["a content_end before what was read", layout.RING_SUBBUFS_AT + 32, 4],
    ["a content_end within the first header", layout.RING_SUBBUFS_AT + 32 + 40, 4],
    ["an entry of another turn", layout.RING_SUBBUFS_AT, 1024],
    ["no records in a full sub-buffer", layout.RING_SUBBUFS_AT + 8 + 40, 0],
    ["more records than fit", layout.RING_SUBBUFS_AT + 8 + 40, 33],
    ["a time before the first record", layout.RING_SUBBUFS_AT + 16, 0],
  ];
  it.each(lies)("is told as corrupt: %s", async (_name, at, value) => {
    const victim = new Victim(world, "discard").remember();
    for (const cpu of [0, 1, 2]) victim.record(cpu, 5);
    await victim.read();
    for (const cpu of [0, 1, 2]) victim.record(cpu, 30);
    const more = at === layout.RING_SUBBUFS_AT + 16 ? [{ at: at + 4, value: 0 }] : [];
    victim.scribble(victim.ring, [{ at, value }, ...more]);
    await victim.read();
    expect(victim.trace.info().corrupt).toEqual([VICTIM]);
    for (const cpu of [0, 2]) victim.record(cpu, 10);
    await victim.read();
    victim.expectOthersExact();
    expect(victim.trace.info().corrupt).toEqual([VICTIM]);
  });

  it("is told as corrupt: records of an event that nobody knows", async () => {
    const victim = new Victim(world, "discard").remember();
    victim.record(VICTIM, 3);
    victim.scribble(victim.data, [{ at: 16, value: 0xfff }]);
    await victim.read();
    expect(victim.trace.info().corrupt).toEqual([VICTIM]);
  });

  it.each([
    ["the hypercall page", () => layout.HYPERCALL_AT],
    ["the control page", () => layout.CONTROL_AT],
    ["its own control block", (victim: Victim) => victim.ring],
    ["another CPU's data", (victim: Victim) => victim.dataOf(0)],
    ["no frame", () => 0],
  ])("is told as corrupt, and not read: data that is %s", async (_name, lie) => {
    const victim = new Victim(world, "discard").remember();
    for (const cpu of [0, 1, 2]) victim.record(cpu, 30);
    victim.scribble(victim.ring, [{ at: layout.RING_DATA_AT, value: lie(victim) }]);
    await victim.read();
    victim.expectOthersExact();
    expect(victim.trace.info().corrupt).toEqual([VICTIM]);
    expect(victim.check.streams.get(VICTIM)).toBeUndefined();
  });

  it("does not keep its trace from being destroyed, nor its frames (I9)", async () => {
    const victim = new Victim(world, "discard").remember();
    const before = victim.hypervisor.frames().free;
    victim.record(VICTIM, 100);
    victim.scribble(victim.ring, [
      { at: layout.RING_OFFSET_AT, value: 0xffffffff },
      { at: layout.RING_CONSUMED_AT, value: 0xffffffff },
    ]);
    await victim.read();
    victim.trace.destroy();
    expect(await victim.dom0.settled(5000)).toBe(true);
    // The control frame, and for each CPU a ring frame and one of data.
    expect(victim.hypervisor.frames().free).toBe(before + 7);
  });
});
