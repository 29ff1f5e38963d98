// Making a thread of Node a CPU, so that readers know it and its death can be noticed.

import { isMainThread, threadId } from "node:worker_threads";
import type { AttachOptions, Cpu } from "../../cpu/cpu.js";
import type { Member } from "../../cpu/member.js";
import { describeValue, TraceError } from "../../errors.js";
import { ancestors } from "./ancestors.js";
import { introduce } from "./introduce.js";

export interface AttachThreadOptions extends AttachOptions {
  /** What readers call this thread. Default: "main", or "worker" and its thread id. */
  readonly name?: string;
}

/**
 * Makes this Node thread a CPU under its own thread id, by which `reapWorkers` in the thread that
 * started it can give the CPU back when it has died, or in one that started that thread, when that
 * thread has; records that its domain is there, and its name. Throws TraceError as `Hypervisor.attach`.
 */
export function attachThread(
  hypervisor: Member,
  { name = threadName(), ...options }: AttachThreadOptions = {},
): Cpu {
  checkMember(hypervisor);
  const known = hypervisor.cpu;
  const cpu = hypervisor.attach({ tid: threadId, parent: ancestors, ...options });
  if (cpu !== known && options.current !== false) introduce(cpu, name);
  return cpu;
}

/** The commonest slip is to pass on what another thread sent: the handle. Throws TraceError `bad-handle`. */
function checkMember(hypervisor: Partial<Member> | undefined): void {
  if (typeof hypervisor?.attach === "function") return;
  const isHandle = (hypervisor as { kind?: unknown } | undefined)?.kind === "tbuf-hypervisor";
  throw new TraceError(
    "bad-handle",
    `attachThread takes a hypervisor, got ${isHandle ? "its handle" : describeValue(hypervisor)}; ` +
      "call attachThread(join(handle))",
  );
}

function threadName(): string {
  return isMainThread ? "main" : `worker ${threadId}`;
}
