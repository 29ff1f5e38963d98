// The writer in JavaScript is the Wasm writer's double: whatever is done to two hypervisors, one with
// each, their memories stay the same, byte for byte.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CPU_RECORD_AT,
  CPU_TS_AT,
  CPUS_AT,
  NOBODY_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
} from "../../assembly/public/layout.js";
import type { TraceMode } from "../../src/index.js";
import { Run, type Step, steps } from "../lib/writer-steps.js";
import {
  CPUS,
  Machine,
  ORIGIN_MS,
  recordScratch,
  recordWords,
  type Writer,
} from "../lib/writer-twin.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Does the steps to two machines. `writer`: of the second one's joins, as the steps say if not. */
async function both(all: readonly Step[], second: Writer, writer?: Writer): Promise<void> {
  const machines = [new Machine("wasm"), new Machine(second)] as const;
  const [one, other] = machines;
  try {
    const runs = [new Run(one, "wasm"), new Run(other, writer)] as const;
    for (const [i, step] of all.entries()) {
      const [seen, seenByOther] = runs.map((run) => run.step(step));
      expect(seenByOther, `step ${i}, ${step.do}`).toEqual(seen);
      other.expectSame(one, `step ${i}, ${step.do}`);
    }
  } finally {
    for (const machine of machines) machine.close();
  }
  // Lets go of the memories: what waited for their epochs ends.
  await turn();
}

describe("the writer in JavaScript", () => {
  it("writes what the Wasm writer writes, whatever happens", async () => {
    const property = fc.asyncProperty(steps(), (all) => both(all, "js", "js"));
    await fc.assert(property, { numRuns: 400 });
  });

  it("takes over from the Wasm writer, and the other way round, at any moment", async () => {
    const property = fc.asyncProperty(
      steps(["wasm", "js"]),
      fc.constantFrom<Writer>("wasm", "js"),
      (all, first) => both(all, first),
    );
    await fc.assert(property, { numRuns: 400 });
  });

  it("keeps the later time, whatever the clock, the coarse time and the last one say", () => {
    const machines = (["wasm", "js"] as const).map((writer) => new Machine(writer));
    const [one, other] = machines as [Machine, Machine];
    const lasts = [-1n, -(1n << 32n), 0n, 0xffffffffn, 1n << 32n, (1n << 62n) - 1n, 1n << 62n];
    const times = [-1 / 0, 1 / 0, ORIGIN_MS, ORIGIN_MS - 1e-6, 4294.967295 + ORIGIN_MS];
    const coarse = lasts.concat(-(1n << 63n), 1n, 0xfffffffen, 0x1ffffffffn, 1n << 52n);
    const at = CPUS_AT + CPU_TS_AT;
    /** Records after `last`, and tells the time that the record has got. */
    const stamped = (last: bigint, now: number): bigint => {
      for (const machine of machines) {
        machine.views.data.setBigInt64(at, last, true);
        recordWords(machine.binding(0), 1, now, []);
      }
      other.expectSame(one, `${now} after ${last}`);
      return other.views.data.getBigInt64(at, true);
    };
    for (const last of lasts) {
      for (const time of times) stamped(last, time);
      for (const time of coarse) {
        for (const machine of machines) machine.setCoarse(BigInt.asUintN(64, time));
        const later = time > last && time < 1n << 62n ? time : last;
        expect(stamped(last, Number.NaN), `${time} after ${last}`).toBe(later);
      }
    }
    for (const machine of machines) machine.close();
  });

  it("writes nothing when it has left, also where another has joined since", () => {
    const machine = new Machine("js");
    machine.create("t", "discard", 256, 4);
    machine.privcmd.start("t");
    const stale = machine.binding(1);
    recordWords(stale, 1, 10, [1]);
    machine.join(1, "js");
    recordWords(machine.binding(1), 1, 11, [2]);
    const before = machine.image();
    recordWords(stale, 1, 12, [3]);
    stale.core.record(2, 13, 8, 5);
    const after = machine.image();
    // All that remains is the time of NOBODY and the one record in its block, as of the Wasm writer.
    const mine = [CPU_TS_AT, CPU_TS_AT + 4, CPU_RECORD_AT, CPU_RECORD_AT + 4, CPU_RECORD_AT + 8];
    expect(after.readInt32LE(CPU_RECORD_AT) & 4095).toBe(1);
    for (const at of mine) before.copy(after, NOBODY_AT + at, NOBODY_AT + at, NOBODY_AT + at + 4);
    expect(after.equals(before)).toBe(true);
    machine.close();
  });

  const masks = [0, 1, 7, 8, 9, 12, 0x40000001, 0x2aaaaaab, 0x7ffffffe, 0x80000001, 0xffffffff];
  it.each(masks)("ends, as the Wasm writer does, where its ring's mask is %d", (mask) => {
    for (const writer of ["wasm", "js"] as const) {
      for (const mode of ["discard", "overwrite"] as const) {
        const machine = new Machine(writer);
        machine.create("t", mode, 64, 4);
        machine.privcmd.start("t");
        const ring = machine.ring("t", 0);
        machine.views.data.setUint32(ring + RING_SUBBUF_MASK_AT, mask, true);
        // Where the most bits of the mask are in the way.
        machine.views.data.setUint32(ring + RING_OFFSET_AT, mask & 0x7ffffffc, true);
        const begin = performance.now();
        const calls = [
          () => recordWords(machine.binding(0), 1, 10, [1, 2]),
          () => recordScratch(machine.binding(0), 1, 11, 8, 40, 1),
          () => recordScratch(machine.binding(0), 1, 11, 16385, 40, 1),
          // What was written may lie anywhere, also where the hypervisor has to look now.
          () => machine.close(),
        ];
        for (const call of calls) {
          try {
            call();
          } catch (error) {
            expect((error as Error).name).toBeOneOf(["RuntimeError", "RangeError", "TraceError"]);
          }
        }
        expect(performance.now() - begin, `${writer}, ${mode}`).toBeLessThan(1000);
      }
    }
  });

  it("is what an attached CPU's tracepoints see, and only where it is asked for", () => {
    const machine = new Machine("wasm");
    const { core } = machine.binding(1);
    machine.join(1, "js");
    const js = machine.binding(1).core;
    for (const [name, value] of Object.entries(core)) {
      const replaced = name.startsWith("record") || name === "cpu_leave";
      expect([name, js[name as keyof typeof js] !== value]).toEqual([name, replaced]);
    }
    machine.close();
  });
});

describe("positions near the end of a word", () => {
  const modes: TraceMode[] = ["discard", "overwrite"];
  const cases = [2 ** 32, 2 ** 33].flatMap((near) => modes.map((mode) => [near, mode] as const));

  it.each(cases)("pass %d in %s mode", (near, mode) => {
    const machines = (["wasm", "js"] as const).map((writer) => new Machine(writer));
    const [one, other] = machines as [Machine, Machine];
    const each = (call: (machine: Machine) => void, what: string) => {
      for (const machine of machines) call(machine);
      other.expectSame(one, what);
    };
    each((machine) => {
      machine.create("t", mode, 128, 4);
      machine.privcmd.start("t");
      for (let cpu = 0; cpu < CPUS; cpu++) {
        const position = BigInt(near - 128 * 7 - 128 * cpu);
        machine.startAt(machine.ring("t", cpu), position, 77n);
      }
    }, "start");
    for (let i = 0; i < 150; i++) {
      const words = [1, -2, 3, -4, 5].slice(0, i % 6);
      each((machine) => recordWords(machine.binding(i % CPUS), i, 10 + i, words), `record ${i}`);
      each(
        (machine) => recordScratch(machine.binding(i % CPUS), i, 10 + i, (i * 4) % 60, i % 7, i),
        `batch ${i}`,
      );
      if (i % 5 !== 0) continue;
      each((machine) => {
        const info = machine.privcmd.getCpuInfo("t", i % CPUS);
        if (typeof info !== "object") throw new Error("no ring");
        machine.privcmd.consume("t", i % CPUS, info.consumed, 0, 0);
      }, `consume ${i}`);
    }
    for (let cpu = 0; cpu < CPUS; cpu++) {
      expect(other.long(other.ring("t", cpu) + RING_OFFSET_AT)).toBeGreaterThan(BigInt(near));
    }
    for (const machine of machines) machine.close();
  });
});
