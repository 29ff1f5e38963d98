// Tracepoints that are told when it was: for what is recorded later than it happened, and for several records of one
// moment, which then cost one reading of the clock together.

import { RECORD_EVENT_MASK } from "../../assembly/public/layout.js";
import { type CpuBinding, currentBinding, onBindingChange } from "../cpu/current.js";
import { TraceError } from "../errors.js";
import type { FacilityDefinition, FacilityTable } from "../event/definition.js";
import { encoderOf, WORDS_MAX } from "../event/encode.js";
import type { CoreExports, WordRecords } from "../memory/core.js";
import { look as imported } from "../memory/look.js";
import { registerDefinition } from "./register.js";

/** Records one event. */
export interface TimedTracepoint {
  /**
   * @param ms when it was: a reading of this thread's `performance.now()`. A time before that of the thread's last
   *   record counts as that one
   * @param words the payload as `writeMany` has it: a field of up to 32 bits is one word, a u64 is two, the low one
   *   first (`low`, `high`). As many as the event has
   */
  (ms: number, ...words: number[]): void;
  /** Whether somebody records the event now. */
  enabled(): boolean;
}

/** One function for each event of a facility, by its name. */
export type TimedTracepoints<T extends FacilityTable> = {
  readonly [E in keyof T]: TimedTracepoint;
};

type WordExport = (event: number, now: number, ...words: number[]) => void;
/** Seven at most: those that an event has not are not used. */
type Call = (
  ms: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
) => void;

const OFF: Int32Array = new Int32Array(1);
const nothing = (): void => {};
const made = new Map<FacilityDefinition, TimedTracepoints<FacilityTable>>();

/**
 * The timed tracepoints of a facility; the same for each caller of a thread. Throws TraceError `bad-option` when one
 * of its events does not have 0 to 7 words, and what `tracepointsOf` throws.
 */
export function timedTracepoints<T extends FacilityTable>(
  definition: FacilityDefinition<T>,
): TimedTracepoints<T> {
  const known = made.get(definition);
  if (known) return known as TimedTracepoints<T>;
  const entries = definition.events.map((event) => {
    const { fixedBytes } = encoderOf(event);
    return { name: event.name, ...timed(event.name, (fixedBytes ?? Number.POSITIVE_INFINITY) / 4) };
  });
  const bind = (binding: CpuBinding | undefined): void => {
    const first = binding ? registerDefinition(binding.core, binding.views, definition) : 0;
    for (const [i, entry] of entries.entries()) entry.bind(binding, first + i);
  };
  bind(currentBinding());
  onBindingChange(bind);
  const all = Object.freeze(Object.fromEntries(entries.map(({ name, call }) => [name, call])));
  made.set(definition, all as TimedTracepoints<FacilityTable>);
  return all as TimedTracepoints<T>;
}

/** The low word of a whole number of up to 2^53. */
export const low = (value: number): number => value | 0;
/** Its high word. */
export const high = (value: number): number => (value / 0x1_0000_0000) | 0;

function timed(name: string, words: number) {
  if (words > WORDS_MAX) {
    throw new TraceError("bad-option", `timed: event ${name} has not 0 to ${WORDS_MAX} words`);
  }
  const look = imported;
  let enabled = OFF;
  let id = 0;
  let write: WordExport = nothing;
  const calls: readonly Call[] = [
    // One for each number of words: written by scripts/arities.mjs.
    (ms) => {
      if (look(enabled, 0) !== 0) write(id, ms);
    },
    (ms, a) => {
      if (look(enabled, 0) !== 0) write(id, ms, a);
    },
    (ms, a, b) => {
      if (look(enabled, 0) !== 0) write(id, ms, a, b);
    },
    (ms, a, b, c) => {
      if (look(enabled, 0) !== 0) write(id, ms, a, b, c);
    },
    (ms, a, b, c, d) => {
      if (look(enabled, 0) !== 0) write(id, ms, a, b, c, d);
    },
    (ms, a, b, c, d, e) => {
      if (look(enabled, 0) !== 0) write(id, ms, a, b, c, d, e);
    },
    (ms, a, b, c, d, e, f) => {
      if (look(enabled, 0) !== 0) write(id, ms, a, b, c, d, e, f);
    },
    (ms, a, b, c, d, e, f, g) => {
      if (look(enabled, 0) !== 0) write(id, ms, a, b, c, d, e, f, g);
    },
    // The end of what scripts/arities.mjs writes.
  ];
  const call: TimedTracepoint = Object.assign(calls[words] as Call, {
    enabled: () => look(enabled, 0) !== 0,
  }) as never;
  return {
    call,
    bind(binding: CpuBinding | undefined, event: number): void {
      id = event & RECORD_EVENT_MASK;
      write = binding ? exportOf(binding.core, words) : nothing;
      enabled = binding ? binding.views.enabled.subarray(id, id + 1) : OFF;
    },
  };
}

function exportOf(core: CoreExports, words: number): WordExport {
  return core[`record${words}` as keyof WordRecords] as WordExport;
}
