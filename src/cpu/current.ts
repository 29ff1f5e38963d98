// The CPU that this thread's tracepoints write to. Kept on the global object under a registered
// symbol, because a program may hold several copies of this package (the preload's, its own, a
// dependency's) and all of them shall record on the thread's one CPU.

import { ABI_VERSION } from "../../assembly/public/layout.js";
import type { CoreExports } from "../memory/core.js";
import type { MemoryViews } from "../memory/views.js";

/** What a copy of the package must know of the thread's CPU to record on it. */
export interface CpuBinding {
  readonly abi: number;
  readonly core: CoreExports;
  readonly views: MemoryViews;
  readonly cpu: number;
  readonly domain: number;
  readonly now: () => number;
}

type Listener = (binding: CpuBinding | undefined) => void;

interface ThreadState {
  binding: CpuBinding | undefined;
  /**
   * CPUs of other hypervisors that this thread is as well, the latest last: a program that is recorded from
   * outside may record itself for a while. Absent where an older copy of the package made this object.
   */
  below?: CpuBinding[];
  /** `tbuf record` observes this thread: its output must stay as it is, so nobody gives advice there. */
  observed?: boolean;
  readonly listeners: Set<Listener>;
}

const KEY = Symbol.for("tbuf.thread");

function state(): ThreadState {
  const holder = globalThis as { [KEY]?: ThreadState };
  holder[KEY] ??= { binding: undefined, listeners: new Set() };
  return holder[KEY];
}

/** The CPU of this thread, if it has joined and this copy of the package can read its layout. */
export function currentBinding(): CpuBinding | undefined {
  const { binding } = state();
  return binding?.abi === ABI_VERSION ? binding : undefined;
}

/** Notes that somebody else than the program records this thread, for as long as it lives. */
export function markObserved(): void {
  state().observed = true;
}

export function isObserved(): boolean {
  return state().observed === true;
}

/** Makes a CPU the one that this thread's tracepoints write to, until it leaves. Throws what a listener throws. */
export function enterBinding(binding: CpuBinding): void {
  const thread = state();
  thread.below ??= [];
  if (thread.binding) thread.below.push(thread.binding);
  setBinding(thread, binding);
}

/** The CPU is no more. If this thread's tracepoints wrote to it, they write to the one before it again. */
export function leaveBinding(binding: CpuBinding): void {
  const thread = state();
  const below = thread.below ?? [];
  if (thread.binding !== binding) {
    const at = below.indexOf(binding);
    if (at >= 0) below.splice(at, 1);
    return;
  }
  try {
    setBinding(thread, below.pop());
  } catch {
    // It refuses a facility that came meanwhile. Who ends a recording of its own must not hear of that.
    setBinding(thread, undefined);
  }
}

function setBinding(thread: ThreadState, binding: CpuBinding | undefined): void {
  thread.binding = binding;
  for (const listener of thread.listeners) listener(currentBinding());
}

/** Calls `listener` whenever this thread's CPU changes, for as long as the thread lives. */
export function onBindingChange(listener: Listener): void {
  state().listeners.add(listener);
}
