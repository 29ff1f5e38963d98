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

/** Makes a CPU the one that this thread's tracepoints write to, or none. */
export function setCurrentBinding(binding: CpuBinding | undefined): void {
  const thread = state();
  thread.binding = binding;
  for (const listener of thread.listeners) listener(currentBinding());
}

/** Calls `listener` whenever this thread's CPU changes, for as long as the thread lives. */
export function onBindingChange(listener: Listener): void {
  state().listeners.add(listener);
}
