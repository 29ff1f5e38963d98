// Sees to it that the threads which this thread starts are traced, and that their death is noticed:
// a terminated thread cannot say itself that it is gone.

import { type createRequire, syncBuiltinESMExports } from "node:module";
import {
  isMainThread,
  SHARE_ENV,
  threadId,
  type Worker,
  type WorkerOptions,
} from "node:worker_threads";
import type { AttachOptions, Cpu } from "../../cpu/cpu.js";
import type { Member } from "../../cpu/member.js";
import { requireOption } from "../record/node-options.js";
import { ancestors } from "../threads/ancestors.js";
import { introduce } from "../threads/introduce.js";
import { schedEvents } from "../threads/sched-events.js";

type WorkerClass = typeof Worker;

/**
 * Worker that also loads the preload when the program gives it an `execArgv` or `env` of its own; as
 * the program made it otherwise, since a worker inherits the preload from its parent, and Node
 * refuses some inherited flags (`--expose-gc`) where they are given.
 */
export function preloadWorkers(require: ReturnType<typeof createRequire>, preload: string): void {
  const threads = require("node:worker_threads") as { Worker: WorkerClass };
  const Original = threads.Worker;
  const Traced = class Worker extends Original {
    constructor(filename: string | URL, options?: WorkerOptions) {
      super(filename, withPreload(options, preload));
    }
  };
  threads.Worker = Traced;
  syncBuiltinESMExports();
}

function withPreload(options: WorkerOptions | undefined, preload: string) {
  if (options?.execArgv) {
    return { ...options, execArgv: [...options.execArgv, "--require", preload] };
  }
  if (options?.env && options.env !== SHARE_ENV) {
    const env = options.env as NodeJS.Dict<string>;
    return { ...options, env: { ...env, NODE_OPTIONS: requireOption(env.NODE_OPTIONS, preload) } };
  }
  return options;
}

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
  const known = hypervisor.cpu;
  const cpu = hypervisor.attach({ tid: threadId, parent: ancestors, ...options });
  if (cpu !== known && options.current !== false) introduce(cpu, name);
  return cpu;
}

export function threadName(): string {
  return isMainThread ? "main" : `worker ${threadId}`;
}

/**
 * Gives the CPUs back of the threads that this thread starts from now on, when they have ended, also
 * by `terminate`, and of all threads that those started, which end with them. Those threads attach
 * with `attachThread`. What prevents it is told as a warning of the process.
 */
export function reapWorkers(hypervisor: Member): void {
  process.on("worker", (worker: Worker) => {
    // It is -1 once the thread has ended.
    const { threadId: tid } = worker;
    worker.once("exit", () => {
      try {
        for (const { domain } of hypervisor.threadsOf(tid)) schedEvents.sched_dom_rem(domain);
        hypervisor.reap(tid);
      } catch (error) {
        process.emitWarning(`tbuf: thread ${tid} holds its CPU: ${String(error)}`);
      }
    });
  });
}
