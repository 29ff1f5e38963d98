// The clocks of the CPUs, as each thread has noted them in its CPU block when it joined.

import {
  CLOCK_CALLER,
  CLOCK_COARSE,
  CLOCK_PRECISE,
  ERROR_UNKNOWN,
} from "../../assembly/public/layout.js";
import type { ClockKind, CpuClock } from "../clock/clock.js";
import { coarseStepNs } from "../clock/ticker.js";
import { cpuSlots } from "../memory/control-page.js";
import { notedClock } from "../memory/cpu-table.js";
import type { MemoryViews } from "../memory/views.js";

const KINDS: ReadonlyMap<number, ClockKind> = new Map([
  [CLOCK_PRECISE, "precise"],
  [CLOCK_COARSE, "coarse"],
  [CLOCK_CALLER, "caller"],
]);

/** The clocks of all slots that a thread has joined at some time; the last one's, where several. */
export function readClocks(views: MemoryViews): CpuClock[] {
  const clocks: CpuClock[] = [];
  const cpus = cpuSlots(views);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const noted = notedClock(views, cpu);
    const clock = KINDS.get(noted.kind);
    if (!clock) continue;
    // A ticker that was held up since has made a longer step than was promised.
    const stepNs = clock === "coarse" ? coarseStepNs(views) : 0;
    const resolutionNs = Math.max(noted.resolutionNs, stepNs);
    const errorNs = noted.errorNs < ERROR_UNKNOWN ? noted.errorNs : undefined;
    clocks.push({ cpu, clock, resolutionNs, errorNs });
  }
  return clocks;
}
