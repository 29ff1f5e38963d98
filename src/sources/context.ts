// What a thread's sources have in common in every runtime.

import type { Cpu } from "../cpu/cpu.js";
import type { Member } from "../cpu/member.js";
import { TraceError, warn } from "../errors.js";
import { BUDGET_PERCENT, Budget } from "./budget.js";
import type { SourceContext } from "./source.js";

/** The context of all sources of a thread. What is for one source alone is added when it is installed. */
export interface ThreadContext extends Omit<SourceContext, "events" | "meter"> {
  /** What all sources of the thread together may cost. */
  readonly budget: Budget;
}

/** Of all the sources of a thread. */
export interface ContextOptions {
  /** Per cent of a thread's time that they may take together: more than 0; from 100 on there is no limit. Default 2. */
  readonly budget?: number | undefined;
}

const NS_PER_MS = 1_000_000;

/** Makes a thread's context; the thread may become a CPU later. Throws TraceError `bad-option`. */
export function threadContext(
  member: Member,
  { budget = BUDGET_PERCENT }: ContextOptions = {},
): ThreadContext {
  const timeNs = (ms: number) => Math.max(0, Math.trunc((ms - member.origin.ms) * NS_PER_MS));
  return {
    member,
    get cpu(): Cpu {
      if (member.cpu) return member.cpu;
      throw new TraceError("not-joined", "this thread is no CPU: attach it first");
    },
    timeNs,
    budget: new Budget(budget, timeNs),
    warn: (text: string) => warn("TBUF_SOURCE", text),
  };
}
