// What a thread calls when it comes, goes or dies, over tables that somebody wrote over: nothing but
// TraceErrors get out, and every call returns (I10).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { Hypervisor, TraceError } from "../../src/index.js";
import { type Scribble, scribbles, tolerated } from "../lib/hostile.js";
import { Memory } from "../lib/memory.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const CPUS = 3;

/** A hypervisor of three CPUs, of which two are taken, with a trace and without a dom0. */
function start() {
  world.scribbled();
  const hypervisor = world.boot({ cpus: CPUS, memoryBytes: 1 << 20 });
  const dom0 = hypervisor.dom0();
  dom0.createTrace("lives", { subbufBytes: 4096 }).start();
  // What dom0 makes of such memory is another test's: hostile-shared.
  dom0.close();
  const other = Hypervisor.join(hypervisor.handle());
  other.attach({ tid: 10, parent: [9, 8], current: false });
  hypervisor.attach({ tid: 11, parent: 10, current: false });
  return { hypervisor, other, memory: new Memory(hypervisor) };
}

/** Everything that a thread which is not dom0 may call. */
function callAll(hypervisor: Hypervisor, other: Hypervisor): void {
  tolerated(() => hypervisor.threadsOf(8));
  tolerated(() => hypervisor.frames());
  tolerated(() => Hypervisor.join(hypervisor.handle()).attach({ tid: 12, current: false }));
  tolerated(() => other.cpu?.detach());
  tolerated(() => hypervisor.reap(8));
  tolerated(() => hypervisor.reap(12));
  tolerated(() => other.close());
  expect([other.cpu, hypervisor.cpu?.detached]).toEqual([undefined, false]);
}

const areas: [string, number, readonly number[], (memory: Memory) => number][] = [
  [
    "the control page",
    layout.CTL_FAMILY_AT + 64,
    [
      layout.CTL_FRAMES_AT,
      layout.CTL_CPUS_AT,
      layout.CTL_FRAME_TABLE_AT,
      layout.CTL_FIRST_FRAME_AT,
      layout.CTL_TRACES_AT,
      layout.CTL_DYING_AT,
      layout.CTL_FACILITIES_AT,
      layout.CTL_FAMILY_AT,
      layout.CTL_FAMILY_AT + 8,
    ],
    () => layout.CONTROL_AT,
  ],
  [
    "the CPU table",
    CPUS * layout.CPU_BLOCK_BYTES,
    [layout.CPU_STATE_AT, layout.CPU_TID_AT, layout.CPU_SCRATCH_AT, layout.CPU_RINGS_AT],
    () => layout.CPUS_AT,
  ],
  [
    "a trace frame",
    layout.TRACE_BYTES - 4,
    [layout.TRACE_ORDER_AT, layout.TRACE_INDEX_AT, layout.TRACE_DIRECTORY_AT],
    (memory) => memory.traces()[0] ?? 0,
  ],
];

function scribble(memory: Memory, base: number, all: readonly Scribble[]): void {
  for (const { at, value } of all) Atomics.store(memory.words, (base + at) / 4, value);
}

describe("threads that come, go and die over memory that was overwritten", () => {
  it.each(areas)("throw nothing but TraceErrors: %s", (_name, bytes, favourites, base) => {
    fc.assert(
      fc.property(scribbles(bytes, favourites), (all) => {
        const { hypervisor, other, memory } = start();
        scribble(memory, base(memory), all);
        callAll(hypervisor, other);
      }),
      { numRuns: 60 },
    );
  });

  it("are told of a pointer out of the memory as corrupt, and are detached all the same", () => {
    const { other, memory } = start();
    // The table is looked through for what the thread had allocated.
    const far = { at: layout.CTL_FRAME_TABLE_AT, value: 0x7ffff000 };
    scribble(memory, layout.CONTROL_AT, [far]);
    let thrown: unknown;
    try {
      other.cpu?.detach();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TraceError);
    expect(thrown).toMatchObject({ code: "corrupt", cause: expect.any(Error) });
    expect(other.cpu).toBeUndefined();
  });
});
