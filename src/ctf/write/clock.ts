// The clock of a trace: as the neutral model has it, and as metadata says it.

import type { ClockBase, CpuClock } from "../../clock/clock.js";
import type { TraceClock } from "../../trace/schema.js";
import type { ClockDescription } from "./metadata.js";

/** The hypervisor's clock, as precise as the worst of those that are known: TSDL has one clock a trace. */
export function hypervisorClock({ wallNs }: ClockBase, clocks: readonly CpuClock[]): TraceClock {
  const precisions = clocks.map(({ resolutionNs, errorNs = 0 }) => resolutionNs + errorNs);
  return {
    ...(precisions.length > 0 && { precisionNs: Math.max(...precisions) }),
    description: "nanoseconds since the hypervisor was booted",
    offsetNs: wallNs,
  };
}

/** A clock whose offset nobody knows counts from the epoch. */
export function describeClock({
  offsetNs = 0n,
  description = "",
  ...rest
}: TraceClock): ClockDescription {
  return {
    ...rest,
    description,
    offsetSeconds: Number(offsetNs / 1_000_000_000n),
    offsetNanoseconds: Number(offsetNs % 1_000_000_000n),
  };
}
