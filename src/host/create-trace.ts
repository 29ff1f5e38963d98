// Creating a trace: from options and a selection of events to what the hypervisor takes.

import {
  CPUS_MAX,
  TRACE_CPU_SET_BYTES,
  TRACE_EVENT_SET_BYTES,
} from "../../assembly/public/layout.js";
import { badOption, checkOptions, TraceError } from "../errors.js";
import {
  type EventSelection,
  parseSelection,
  type Selection,
  selects,
  selectsAll,
  unmatchedParts,
} from "../event/selection.js";
import { type TraceMode, traceIndex } from "../memory/trace-table.js";
import type { Dom0Context } from "./context.js";
import type { RegisteredFacility } from "./facility-table.js";

export interface CreateTraceOptions {
  /** Bytes of a sub-buffer: a power of two, 64 to 64 MiB. Default 64 KiB. */
  readonly subbufBytes?: number;
  /** Sub-buffers of each CPU's buffer: a power of two, 2 to 64. Default 4. */
  readonly subbufCount?: number;
  /** What happens to a record that finds the buffer full. Default "discard". */
  readonly mode?: TraceMode;
  /**
   * Events to record, as `tbuf record -e` takes them: `"app"`, `"app:request"`, `"sched,mem"`,
   * `"0x0002f000"`; also of facilities that come later. Default `"all"`.
   */
  readonly events?: EventSelection;
  /** Indices of the CPUs to record. Default: all, also those that come later. */
  readonly cpus?: readonly number[];
  /**
   * True: throws TraceError `bad-option` when a part of `events` matches no event of the facilities that are
   * registered by now; those of a thread are when it attaches. Default false: a part that has matched nothing by
   * the end is told by a warning, when the trace is stopped or destroyed.
   */
  readonly strict?: boolean;
}

const CREATE_OPTIONS = ["subbufBytes", "subbufCount", "mode", "events", "cpus", "strict"];

/**
 * Creates a trace: see `Dom0.createTrace`, whose errors it throws.
 * @returns what tells the parts of its selection that match no event of a facility that is there
 */
export function createTrace(
  context: Dom0Context,
  name: string,
  options: CreateTraceOptions,
): () => readonly string[] {
  const { privcmd, facilities } = context;
  checkOptions("createTrace", options, CREATE_OPTIONS);
  const { subbufBytes = 65536, subbufCount = 4, mode = "discard", events = "all" } = options;
  if (mode !== "discard" && mode !== "overwrite") {
    throw badOption("createTrace", "mode", '"discard" or "overwrite"', mode);
  }
  const selection = selectionOf(events);
  const all = selectsAll(selection);
  const looked = all ? [] : facilities.all().slice();
  const unmatched = () => unmatchedParts(selection, () => facilities.all());
  if (options.strict) refuseUnmatched(unmatched());
  const failed = privcmd.create({
    name,
    subbufBytes,
    subbufCount,
    mode,
    cpuSet: cpuSetOf(options.cpus),
    eventSet: all ? ones(TRACE_EVENT_SET_BYTES) : eventSetOf(selection, looked),
    pattern: all ? "" : selection.text,
  });
  if (failed) throw privcmd.error("create trace", { name, subbufBytes, subbufCount });
  // Facilities that were registered between the look and the creation.
  if (!all) enableSelected(context, name, selection, facilities.all().slice(looked.length));
  return unmatched;
}

function enableSelected(
  { privcmd, claim: { core, views } }: Dom0Context,
  name: string,
  selection: Selection,
  facilities: readonly RegisteredFacility[],
): void {
  if (facilities.length === 0) return;
  const info = privcmd.getInfo(name);
  const index = traceIndex(views, typeof info === "number" ? 0 : info.mfn);
  for (const event of selected(selection, facilities)) core.trace_enable_event(index, event);
}

function selectionOf(events: EventSelection): Selection {
  try {
    return parseSelection(events);
  } catch (error) {
    throw new TraceError("bad-option", `createTrace: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function refuseUnmatched(parts: readonly string[]): void {
  if (parts.length === 0) return;
  throw new TraceError(
    "bad-option",
    `createTrace: events: no event is called ${parts.join(", ")}; with strict they must be registered by now, ` +
      "which a thread does for its facilities when it attaches",
  );
}

/** The ids of the selection's events. */
function selected(selection: Selection, facilities: readonly RegisteredFacility[]): number[] {
  return facilities.flatMap(({ firstEvent, definition: { name, events } }) =>
    events.flatMap((event, i) => (selects(selection, name, event) ? [firstEvent + i] : [])),
  );
}

function eventSetOf(selection: Selection, facilities: readonly RegisteredFacility[]): Uint8Array {
  const set = new Uint8Array(TRACE_EVENT_SET_BYTES);
  for (const event of selected(selection, facilities)) {
    set[event >> 3] = (set[event >> 3] ?? 0) | (1 << (event & 7));
  }
  return set;
}

function ones(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0xff);
}

function cpuSetOf(cpus: readonly number[] | undefined): Uint8Array {
  if (cpus === undefined) return ones(TRACE_CPU_SET_BYTES);
  if (!Array.isArray(cpus)) {
    throw badOption("createTrace", "cpus", "a list of CPU numbers such as [0, 1]", cpus);
  }
  const set = new Uint8Array(TRACE_CPU_SET_BYTES);
  for (const cpu of cpus) {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= CPUS_MAX) {
      throw badOption("createTrace", "a CPU in cpus", `an integer from 0 to ${CPUS_MAX - 1}`, cpu);
    }
    set[cpu >> 3] = (set[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  }
  return set;
}
