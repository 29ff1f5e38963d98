// What all CPUs share is scribbled on: trace frames and facilities. Nobody can be right then, but
// dom0 throws nothing but TraceError, never hangs, and yields nothing from outside the memory (I10).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { Hypervisor, TraceError } from "../../src/index.js";
import { type Scribble, scribbles, tolerated, Victim } from "../lib/hostile.js";
import { Memory } from "../lib/memory.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

async function play(
  all: readonly Scribble[],
  read: boolean,
  base: (victim: Victim) => number,
): Promise<Victim> {
  const victim = new Victim(world, "discard").remember();
  for (const cpu of [0, 1, 2]) victim.record(cpu, 30);
  if (read) await victim.read();
  victim.scribble(base(victim), all);
  await victim.read();
  return victim;
}

/** Address of the last facility's description: that of `load`. */
function lastFacility({ memory }: Victim): number {
  const all = Array.from({ length: layout.FACILITIES_MAX }, (_, i) =>
    memory.control(layout.CTL_FACILITIES_AT + i * 4),
  );
  return all.filter((at) => at !== 0).at(-1) ?? 0;
}

const areas: [string, fc.Arbitrary<readonly Scribble[]>, (victim: Victim) => number][] = [
  [
    "a trace frame",
    scribbles(layout.TRACE_BYTES - 4, [
      layout.TRACE_STATE_AT,
      layout.TRACE_MODE_AT,
      layout.TRACE_SUBBUF_BYTES_AT,
      layout.TRACE_SUBBUF_COUNT_AT,
      layout.TRACE_NAME_BYTES_AT,
      layout.TRACE_PATTERN_BYTES_AT,
      layout.TRACE_DIRECTORY_AT,
      layout.TRACE_DIRECTORY_AT + 4,
      layout.TRACE_DIRECTORY_AT + 8,
    ]),
    (victim) => victim.traceFrame,
  ],
  [
    "a facility",
    scribbles(160, [
      layout.FACILITY_BYTES_AT,
      layout.FACILITY_NAME_BYTES_AT,
      layout.FACILITY_EVENTS_AT,
      layout.FACILITY_FIRST_AT,
    ]),
    lastFacility,
  ],
];

describe("what all share, scribbled on", () => {
  it.each(areas)("throws nothing but TraceError: %s (I10)", async (_name, all, base) => {
    await fc.assert(
      fc.asyncProperty(all, fc.boolean(), async (words, read) => {
        await play(words, read, base);
      }),
      { numRuns: 150 },
    );
  });

  it("leaves new traces as they should be, when it was a facility", async () => {
    const noise = [{ at: layout.FACILITY_BYTES_AT, value: 0xffffffff }];
    const victim = await play(noise, false, lastFacility);
    tolerated(() => victim.dom0.createTrace("next", { events: "sched", subbufBytes: 1024 }));
    const trace = victim.dom0.openTrace("next");
    expect(trace.info()).toMatchObject({ name: "next", subbufBytes: 1024 });
    expect(victim.dom0.facilities().map(({ definition }) => definition.name)).toContain("core");
  });

  it("ends in bounded time, when it was a description of many events", async () => {
    const noise = [
      { at: layout.FACILITY_EVENTS_AT, value: 0xffffffff },
      { at: layout.FACILITY_BYTES_AT, value: layout.SCRATCH_BYTES },
    ];
    const begin = performance.now();
    await play(noise, false, lastFacility);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});

describe("the number of frames, scribbled on", () => {
  const orders = [28, 29, 30, 31];

  it.each(orders)("lets a thread join or not, in bounded time: order %i (I10)", (order) => {
    world.scribbled();
    const hypervisor = world.boot({ cpus: 4, memoryBytes: 1 << 20 });
    const memory = new Memory(hypervisor);
    hypervisor.dom0().createTrace("a");
    for (const frames of [0x7fffffff, 0x80000000, 0xffffffff]) {
      Atomics.store(memory.words, (layout.CONTROL_AT + layout.CTL_FRAMES_AT) / 4, frames);
      const [trace = 0] = memory.traces();
      Atomics.store(memory.words, (trace + layout.TRACE_ORDER_AT) / 4, order);
      const other = Hypervisor.join(hypervisor.handle());
      expect(() => other.attach({ current: false })).toThrow(TraceError);
      // As many as memory has.
      expect(hypervisor.frames().total).toBe(256);
    }
  });
});
