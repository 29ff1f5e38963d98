// The first records of a thread: that its domain is there, and who it is.

import type { Cpu } from "../../cpu/cpu.js";
import { coreEvents } from "../../tracepoint/builtin.js";
import { schedEvents } from "./sched-events.js";

export function introduce(cpu: Cpu, name: string): void {
  schedEvents.sched_dom_add(cpu.domain);
  coreEvents.domain_info(cpu.domain, cpu.index, cpu.tid, name);
}
