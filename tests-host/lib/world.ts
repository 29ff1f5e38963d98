// What a test boots and starts, and what must hold when it is done: afterwards every thread is
// stopped and reaped, and the invariants that can be read off the memory are checked (I1, I4, I9).

import { afterEach } from "vitest";
import { type BootOptions, Hypervisor, TraceError } from "../../src/index.js";
import { checkInvariants } from "./invariants.js";
import { leavesBehind } from "./resources.js";
import { Thread, type ThreadOptions } from "./thread.js";

export interface World {
  /** Boots a hypervisor that is closed after the test. */
  boot(options?: BootOptions): Hypervisor;
  /** Has a hypervisor checked and closed after the test that was made in another way. */
  adopt(hypervisor: Hypervisor): Hypervisor;
  /** Starts a program of tests-host/fixtures that joins the hypervisor; resolves when it is ready. */
  spawn(hypervisor: Hypervisor, program: string, options?: ThreadOptions): Promise<Thread>;
  /** The memory of this test's hypervisors was scribbled on: nothing can be said of it afterwards. */
  scribbled(): void;
}

/** To be called once in a file or a suite. */
export function useWorld(): World {
  const hypervisors: Hypervisor[] = [];
  const threads: Thread[] = [];
  let trusted = true;

  afterEach(async () => {
    const check = trusted;
    trusted = true;
    await Promise.all(threads.splice(0).map((thread) => thread.kill()));
    const all = hypervisors.splice(0);
    try {
      if (check) for (const hypervisor of all) checkInvariants(hypervisor);
    } finally {
      for (const hypervisor of all) close(hypervisor, check);
    }
  });

  const adopt = (hypervisor: Hypervisor): Hypervisor => {
    hypervisors.push(hypervisor);
    return hypervisor;
  };
  return {
    adopt,
    boot: (options) => adopt(Hypervisor.boot(options)),
    async spawn(hypervisor, program, options) {
      const thread = new Thread(hypervisor, program, options);
      threads.push(thread);
      await thread.ready;
      return thread;
    },
    scribbled() {
      trusted = false;
      leavesBehind("its memory was scribbled on");
    },
  };
}

/** What was scribbled on may not close without a complaint, but with no other than TraceError. */
function close(hypervisor: Hypervisor, trusted: boolean): void {
  try {
    hypervisor.close();
  } catch (error) {
    if (trusted || !(error instanceof TraceError)) throw error;
  }
}

/** Resolves after some milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits until `done` is true. Throws an Error naming `what` when it is not after `timeoutMs`. */
export async function until(what: string, done: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > end) throw new Error(`${what}: not after ${timeoutMs} ms`);
    await sleep(2);
  }
}
