// The workers that this thread starts: when they start, and when they have ended.

import type { Worker } from "node:worker_threads";
import { type Disposable, disposable } from "../../dispose.js";
import { listen } from "../hooks/listen.js";

export interface WorkerWatch {
  /** A worker was started; its own code may run already. */
  started(worker: Worker): void;
  /** A worker has ended, whatever ended it. @param tid the `threadId` it had */
  ended(tid: number): void;
}

/** Watches the workers that this thread starts from now on, until it is disposed of. */
export function watchWorkers({ started, ended }: WorkerWatch): Disposable {
  const exits = new Set<Disposable>();
  const starts = listen(process, "worker", (worker: Worker) => {
    // It is -1 once the thread has ended.
    const { threadId: tid } = worker;
    const exit = listen(worker, "exit", () => {
      exit.dispose();
      exits.delete(exit);
      ended(tid);
    });
    exits.add(exit);
    started(worker);
  });
  return disposable(() => {
    starts.dispose();
    for (const exit of exits) exit.dispose();
    exits.clear();
  });
}
