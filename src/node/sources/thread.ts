// Source of the events of a thread's own life: it joins, it has an error, it ends.

import { threadId } from "node:worker_threads";
import type { Cpu } from "../../cpu/cpu.js";
import type { Member } from "../../cpu/member.js";
import { coreEvents } from "../../tracepoint/builtin.js";
import { afterExit } from "../hooks/after-exit.js";
import { ancestors } from "../threads/ancestors.js";
import { introduce } from "../threads/introduce.js";
import { schedEvents } from "../threads/sched-events.js";

/** Why a domain shut down: Xen's SHUTDOWN_poweroff and SHUTDOWN_crash (public/sched.h). */
const POWEROFF = 0;
const CRASH = 3;

/**
 * Makes this thread a CPU and records its life from here to its end. `ended` runs after the last
 * record, when the thread is no CPU any more.
 */
export function traceThread(hypervisor: Member, name: string, ended: () => void): Cpu {
  const cpu = hypervisor.attach({ tid: threadId, parent: ancestors });
  introduce(cpu, name);
  let crashed = false;
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    // The monitor hears also of errors that the program handles, and then goes on.
    if (handlesUncaught()) return;
    crashed = true;
    coreEvents.error(cpu.domain, String(error));
  });
  afterExit(() => {
    schedEvents.sched_shutdown(cpu.domain, cpu.index, crashed ? CRASH : POWEROFF);
    schedEvents.sched_dom_rem(cpu.domain);
    cpu.detach();
    ended();
  });
  return cpu;
}

function handlesUncaught(): boolean {
  return (
    process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback()
  );
}
