// Sees to it that the workers which this thread starts load the preload as well.

import workerThreads, { SHARE_ENV, type WorkerOptions } from "node:worker_threads";
import type { Disposable } from "../../dispose.js";
import { replace } from "../hooks/replace.js";
import { requireOption } from "./node-options.js";

/**
 * Worker that also loads the preload when the program gives it an `execArgv` or `env` of its own; as
 * the program made it otherwise, since a worker inherits the preload from its parent, and Node
 * refuses some inherited flags (`--expose-gc`) where they are given.
 */
export function preloadWorkers(preload: string): Disposable {
  return replace([workerThreads as { Worker: typeof workerThreads.Worker }], {
    Worker: (Original, hook) =>
      class Worker extends Original {
        constructor(filename: string | URL, options?: WorkerOptions) {
          super(filename, hook.active ? withPreload(options, preload) : options);
        }
      },
  });
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
