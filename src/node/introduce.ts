// The first records of a thread: that its domain is there, and who it is.

import { coreEvents } from "../builtin.js";
import type { Cpu } from "../cpu.js";
import { schedEvents } from "./sched-events.js";

export function introduce(cpu: Cpu, name: string): void {
  schedEvents.sched_dom_add(cpu.domain);
  coreEvents.domain_info(cpu.domain, cpu.index, cpu.tid, name);
}
