// The table of all sources: what is recorded of a thread of Node. A new source is one file and one line here.

import type { Member } from "../../cpu/member.js";
import { type Disposable, disposable } from "../../dispose.js";
import { chooseSources, type SourceSelection } from "../../sources/choose.js";
import type { ContextOptions } from "../../sources/context.js";
import { type InstalledSources, installEach } from "../../sources/install.js";
import { wasm } from "../../sources/wasm.js";
import { wasmExports } from "../../sources/wasm-exports.js";
import { openContext, type ThreadContext } from "./context.js";
import { errors } from "./errors.js";
import { gc } from "./gc.js";
import { httpRequests } from "./http.js";
import { idle } from "./idle.js";
import { loop } from "./loop.js";
import type { Source } from "./source.js";
import { thread } from "./thread.js";
import { timers } from "./timers.js";
import { workers } from "./workers.js";

export type { SourceSelection } from "../../sources/choose.js";

/** All sources, in the order in which they are installed. */
export const sources: readonly Source[] = Object.freeze([
  thread,
  errors,
  workers,
  loop,
  idle,
  timers,
  gc,
  httpRequests,
  wasm,
  wasmExports,
]);

/**
 * Installs the sources of the table that are meant, in this thread. One that cannot be installed is told as a warning,
 * and the others are. Throws TraceError `bad-option` for a name that no source has; none is installed then.
 * @returns what takes them away, all or one by one
 */
export function installSources(
  context: ThreadContext,
  selection?: SourceSelection,
): InstalledSources {
  return installEach(chooseSources(sources, selection), context);
}

/** Opens this thread's context and installs sources in it. Throws as `installSources`. @returns what ends both */
export function observeThread(
  member: Member,
  { budget, ...selection }: SourceSelection & ContextOptions = {},
): Disposable {
  const context = openContext(member, undefined, { budget });
  try {
    const installed = installSources(context, selection);
    return disposable(() => {
      installed.dispose();
      context.dispose();
    });
  } catch (error) {
    context.dispose();
    throw error;
  }
}
