// Records of what took time, for the tests of formats.

import fc from "fast-check";
import { eventClassOf } from "../../src/ctf/event-class.js";
import { defineFacility, field, u32 } from "../../src/event/index.js";
import { TOOK } from "../../src/facilities/took.js";
import type { RecordEntry } from "../../src/trace/index.js";

const [definition] = defineFacility("took", { work: [...TOOK, field("n", u32)] }).events;
if (!definition) throw new Error("no event");
const eventClass = eventClassOf("took", definition);

interface Given {
  readonly start: bigint;
  readonly duration: bigint;
  readonly n?: number;
  readonly cpu?: number;
  readonly timestamp?: bigint;
}

export function tookRecord({ start, duration, n = 0, cpu = 0, timestamp }: Given): RecordEntry {
  const fields = { start, duration, n };
  const time = timestamp ?? start + duration;
  return { kind: "record", cpu, event: "took:work", eventClass, timestamp: time, fields };
}

/** Up to 30 of two threads, told when they are over or a while later; `n` counts them. */
export const tookRecords: fc.Arbitrary<RecordEntry[]> = fc
  .array(fc.tuple(fc.nat(60), fc.nat(60), fc.nat(20), fc.nat(1)), { maxLength: 30 })
  .map((given) =>
    given
      .map(([start, duration, late, cpu]) => ({
        start,
        duration,
        cpu,
        at: start + duration + late,
      }))
      .sort((a, b) => a.at - b.at)
      .map(({ start, duration, cpu, at }, n) =>
        tookRecord({
          start: BigInt(start),
          duration: BigInt(duration),
          n,
          cpu,
          timestamp: BigInt(at),
        }),
      ),
  );
