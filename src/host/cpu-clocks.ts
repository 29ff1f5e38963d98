// The clocks of the CPUs, as each thread has noted them in its CPU block when it joined.

import {
  CLOCK_CALLER,
  CLOCK_COARSE,
  CLOCK_PRECISE,
  CPU_BLOCK_BYTES,
  CPU_CLOCK_AT,
  CPU_ERROR_AT,
  CPU_RESOLUTION_AT,
  CPUS_AT,
  CPUS_MAX,
  CTL_CPUS_AT,
  ERROR_UNKNOWN,
} from "../../assembly/public/layout.js";
import type { ClockKind, CpuClock } from "../clock/clock.js";
import { coarseStepNs } from "../clock/ticker.js";
import { controlWord, type MemoryViews } from "../memory/views.js";

const KINDS: ReadonlyMap<number, ClockKind> = new Map([
  [CLOCK_PRECISE, "precise"],
  [CLOCK_COARSE, "coarse"],
  [CLOCK_CALLER, "caller"],
]);

/** The clocks of all slots that a thread has joined at some time; the last one's, where several. */
export function readClocks(views: MemoryViews): CpuClock[] {
  const { words } = views;
  const clocks: CpuClock[] = [];
  const cpus = Math.min(Atomics.load(words, controlWord(CTL_CPUS_AT)) >>> 0, CPUS_MAX);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const load = (at: number) =>
      Atomics.load(words, (CPUS_AT + cpu * CPU_BLOCK_BYTES + at) / 4) >>> 0;
    const clock = KINDS.get(load(CPU_CLOCK_AT));
    if (!clock) continue;
    const noted = load(CPU_RESOLUTION_AT);
    // A ticker that was held up since has made a longer step than was promised.
    const resolutionNs = clock === "coarse" ? Math.max(noted, coarseStepNs(views)) : noted;
    const error = load(CPU_ERROR_AT);
    clocks.push({ cpu, clock, resolutionNs, errorNs: error < ERROR_UNKNOWN ? error : undefined });
  }
  return clocks;
}
