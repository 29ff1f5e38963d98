// What this thread's sources have in common: its end, its workers, and how they tell what goes wrong. And the CPUs of
// its workers that have ended are given back.

import { isMainThread, type Worker } from "node:worker_threads";
import type { Member } from "../../cpu/member.js";
import { type Disposable, disposable, makeDisposable } from "../../dispose.js";
import { messageOf, warn } from "../../errors.js";
import type { ThreadInfo } from "../../memory/cpu-table.js";
import {
  type ThreadContext as AnyThreadContext,
  type ContextOptions,
  threadContext,
} from "../../sources/context.js";
import { afterExit } from "../hooks/after-exit.js";
import { watchWorkers } from "../threads/watch-workers.js";
import type { SourceContext } from "./source.js";

/** The context of all sources of a thread. What is for one source alone is added when it is installed. */
export interface ThreadContext
  extends AnyThreadContext,
    Omit<SourceContext, "events" | "meter">,
    Disposable {}

type Action<Args extends readonly unknown[]> = (...args: Args) => void;

/**
 * Opens a thread's context. Disposing of it takes back whatever was asked of it, and workers that end later keep their
 * CPUs. The thread may become a CPU later. Throws TraceError `bad-option`.
 * @param tell is given what goes wrong, instead of the warnings of the process
 */
export function openContext(
  member: Member,
  tell: typeof warn = warn,
  options?: ContextOptions,
): ThreadContext {
  const shared = threadContext(member, options);
  const ends = new Set<Action<[number]>>();
  const starts = new Set<Action<[Worker]>>();
  const deaths = new Set<Action<[readonly ThreadInfo[]]>>();
  let exit: Disposable | undefined;

  const watch = watchWorkers({
    started: (worker) => callAll(tell, [...starts], worker),
    ended(tid) {
      try {
        if (deaths.size > 0) callAll(tell, [...deaths], member.threadsOf(tid));
        member.reap(tid);
      } catch (error) {
        tell("TBUF_CPU_HELD", `thread ${tid} holds its CPU: ${messageOf(error)}`);
      }
    },
  });
  // Only when somebody asks: `process.emit` is replaced for it.
  const watchEnd = (): void => {
    exit ??= afterExit((code) => callAll(tell, [...ends].reverse(), code));
  };
  const letGoOfEnd = (): void => {
    if (ends.size > 0) return;
    exit?.dispose();
    exit = undefined;
  };

  const { dispose } = disposable(() => {
    watch.dispose();
    for (const hooks of [ends, starts, deaths]) hooks.clear();
    letGoOfEnd();
  });
  const context = Object.assign(shared, {
    dispose,
    isMainThread,
    onEnd(action: Action<[number]>) {
      const added = add(ends, action);
      watchEnd();
      return disposable(() => {
        added.dispose();
        letGoOfEnd();
      });
    },
    onWorker: (hook: Action<[Worker]>) => add(starts, hook),
    onWorkerGone: (hook: Action<[readonly ThreadInfo[]]>) => add(deaths, hook),
    warn: (text: string) => tell("TBUF_SOURCE", text),
  });
  makeDisposable(context, dispose);
  return context as ThreadContext;
}

/** One entry each time: the same function may be there twice. */
function add<Args extends readonly unknown[]>(
  actions: Set<Action<Args>>,
  action: Action<Args>,
): Disposable {
  const entry: Action<Args> = (...args) => action(...args);
  actions.add(entry);
  return disposable(() => actions.delete(entry));
}

/** Calls each of them, whatever the others throw: they run within the program, which must not notice. */
function callAll<Args extends readonly unknown[]>(
  tell: typeof warn,
  actions: Iterable<Action<Args>>,
  ...args: Args
): void {
  for (const action of actions) {
    try {
      action(...args);
    } catch (error) {
      tell("TBUF_SOURCE", `a source of events failed: ${messageOf(error)}`);
    }
  }
}
