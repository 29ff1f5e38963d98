// Registering a facility with a hypervisor: its definition goes to shared memory, so that dom0 can
// describe records whose thread is dead, and traces that wait for it enable its events.

import { EVENTS_MAX, SCRATCH_BYTES, TRACES_MAX } from "../../assembly/public/layout.js";
import { hypercallError, TraceError } from "../errors.js";
import { type FacilityDefinition, isOwnDefinition, toJson } from "../event/definition.js";
import { parseSelection, type Selection, selects } from "../event/selection.js";
import type { CoreExports } from "../memory/core.js";
import { guarded } from "../memory/guarded.js";
import { readPattern, traceMfn } from "../memory/trace-table.js";
import type { MemoryViews } from "../memory/views.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What this thread has registered with one hypervisor; facilities are never taken back. */
interface Registered {
  readonly firsts: Map<FacilityDefinition, number>;
  readonly definitions: Map<number, FacilityDefinition>;
}

/** By the instance's views: one thread's, one hypervisor's. */
const registered = new WeakMap<MemoryViews, Registered>();

function registeredWith(views: MemoryViews): Registered {
  let known = registered.get(views);
  if (!known) {
    known = { firsts: new Map(), definitions: new Map() };
    registered.set(views, known);
  }
  return known;
}

/**
 * The definition that this thread has registered with the events from `first` on. Private to the
 * thread, so dom0 may rely on it without a look at what shared memory says of it.
 */
export function registeredAt(views: MemoryViews, first: number): FacilityDefinition | undefined {
  return registered.get(views)?.definitions.get(first);
}

/**
 * Registers a facility on behalf of this thread, which must be a CPU. Threads that register the
 * same definition get the same ids. Throws TraceError `facility-differs` when the name is taken by
 * another definition, `facility-bytes`, `facilities-full`, `events-full`, `no-memory`, or `corrupt`
 * when shared memory has been overwritten.
 * @returns the id of its first event
 */
export function registerDefinition(
  core: CoreExports,
  views: MemoryViews,
  definition: FacilityDefinition,
): number {
  const { firsts, definitions } = registeredWith(views);
  const known = firsts.get(definition);
  // Traces that have come since have found its events among those that are registered.
  if (known !== undefined) return known;
  const name = encoder.encode(definition.name);
  const json = encoder.encode(toJson(definition));
  const bytes = name.length + json.length;
  // All that may be code of the program's has run before the scratch area is touched: it may record.
  const { length: events } = definition.events;
  const scratch = core.cpu_scratch_at();
  if (scratch && bytes <= SCRATCH_BYTES) {
    views.bytes.set(name, scratch);
    views.bytes.set(json, scratch + name.length);
  }
  const first = guarded("register facility", () =>
    core.facility_register(name.length, bytes, events),
  );
  if (first < 0) {
    throw hypercallError("register facility", core.reason(), {
      name: definition.name,
      events,
      bytes,
      bytesMax: SCRATCH_BYTES,
    });
  }
  checkEvents(definition, first, definitions);
  enableWhereWanted(core, views, definition, first);
  // One that was put together by hand may change, or be one that dom0 elsewhere refuses.
  if (isOwnDefinition(definition)) {
    firsts.set(definition, first);
    definitions.set(first, definition);
  }
  return first;
}

/**
 * The id came from shared memory: with another facility's, its records would be taken for that one's.
 * Throws TraceError `corrupt`.
 */
function checkEvents(
  definition: FacilityDefinition,
  first: number,
  known: ReadonlyMap<number, FacilityDefinition>,
): void {
  const end = first + definition.events.length;
  const taken = [...known].find(
    ([at, { name, events }]) =>
      first < at + events.length && at < end && !(at === first && name === definition.name),
  );
  if (end <= EVENTS_MAX && !taken) return;
  throw new TraceError(
    "corrupt",
    `register facility: ${definition.name} cannot have the events ${first} to ${end - 1}: ` +
      (taken ? `they are those of ${taken[1].name}` : `there are ${EVENTS_MAX}`),
  );
}

/**
 * Enables the events in the traces that were created before them and asked for them by name. Done
 * here and not by dom0, so that not even the first record is missed.
 */
function enableWhereWanted(
  core: CoreExports,
  views: MemoryViews,
  definition: FacilityDefinition,
  first: number,
): void {
  for (let trace = 0; trace < TRACES_MAX; trace++) {
    const mfn = traceMfn(views, trace);
    const selection = mfn === undefined ? undefined : selectionOf(views, mfn);
    if (!selection) continue;
    definition.events.forEach((event, i) => {
      if (selects(selection, definition.name, event)) {
        guarded("enable event", () => core.trace_enable_event(trace, first + i));
      }
    });
  }
}

/**
 * What a trace asked for by name, if it did. Also undefined for what is no trace, as its words may have
 * been overwritten: that harms the trace, and not the thread that registers.
 */
function selectionOf(views: MemoryViews, mfn: number): Selection | undefined {
  const pattern = readPattern(views, mfn);
  if (pattern.length === 0) return undefined;
  try {
    return parseSelection(decoder.decode(pattern));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
