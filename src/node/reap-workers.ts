// Giving back the CPUs of threads that have ended: for programs that attach their threads by themselves.

import type { Member } from "../cpu/member.js";
import type { Disposable } from "../dispose.js";
import { observeThread } from "./sources/index.js";

/**
 * Gives the CPUs back of the threads that this thread starts from now on, when they have ended, also
 * by `terminate`, and of all threads that those started, which end with them. Those threads attach
 * with `attachThread`. What prevents it is told as a warning of the process.
 * @returns what ends it: threads that end later keep their CPUs
 */
export function reapWorkers(hypervisor: Member): Disposable {
  return observeThread(hypervisor, { only: ["workers"] });
}
