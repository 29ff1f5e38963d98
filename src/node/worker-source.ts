// Sees to it that the threads which this thread starts are traced, and that their death is noticed:
// a terminated thread cannot say itself that it is gone.

import { type createRequire, syncBuiltinESMExports } from "node:module";
import { threadId, type Worker, type WorkerOptions } from "node:worker_threads";
import { schedEvents } from "../builtin.js";
import type { AttachOptions, Cpu } from "../cpu.js";
import type { Hypervisor } from "../hypervisor.js";

type WorkerClass = typeof Worker;

/**
 * Worker with the preload added to `execArgv`. Without it, a Worker with an `execArgv` or `env` of
 * its own would not run the preload.
 */
export function preloadWorkers(require: ReturnType<typeof createRequire>, preload: string): void {
  const threads = require("node:worker_threads") as { Worker: WorkerClass };
  const Original = threads.Worker;
  const Traced = class Worker extends Original {
    constructor(filename: string | URL, options: WorkerOptions = {}) {
      const execArgv = [...(options.execArgv ?? process.execArgv), "--require", preload];
      super(filename, { ...options, execArgv });
    }
  };
  threads.Worker = Traced;
  syncBuiltinESMExports();
}

/**
 * Makes this Node thread a CPU under its own thread id, by which `reapWorkers` in the thread that
 * started it can give the CPU back when it has died. Throws TraceError as `Hypervisor.attach`.
 */
export function attachThread(hypervisor: Hypervisor, options: AttachOptions = {}): Cpu {
  return hypervisor.attach({ tid: threadId, ...options });
}

/**
 * Gives the CPUs back of the threads that this thread starts from now on, when they have ended, also
 * by `terminate`. Those threads attach with `attachThread`.
 */
export function reapWorkers(hypervisor: Hypervisor): void {
  process.on("worker", (worker: Worker) => {
    // It is -1 once the thread has ended.
    const { threadId: tid } = worker;
    worker.once("exit", () => {
      for (const { domain } of hypervisor.threadsOf(tid)) schedEvents.sched_dom_rem(domain);
      hypervisor.reap(tid);
    });
  });
}
