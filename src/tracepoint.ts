// Tracepoints: what a program calls to record an event. Disabled, one costs a load and a branch.
// A tracepoint can be called before its thread has joined a hypervisor: it does nothing then.

import { EVENTS_MAX, RECORD_EVENT_MASK, SCRATCH_BYTES } from "../assembly/public/layout.js";
import type { CoreExports } from "./core.js";
import type { CpuBinding } from "./current.js";
import { compileEvent, type EventCodec } from "./event/codec.js";
import type { EventDefinition } from "./event/definition.js";

/** A tracepoint's function, and how it is tied to the thread's CPU. */
export interface Tracepoint {
  readonly call: (...args: never[]) => void;
  /** Ties it to a CPU, on which its event has the id `event`; undefined: it does nothing. */
  bind(binding: CpuBinding | undefined, event: number): void;
}

/** An enabled table in which nothing is enabled. */
const OFF: Int32Array = new Int32Array(EVENTS_MAX);
const nothing = (): void => {};

/** Makes the tracepoint of an event. */
export function makeTracepoint(definition: EventDefinition): Tracepoint {
  const codec = compileEvent(definition);
  if (codec.words === undefined) return throughScratch(codec);
  return byWords(codec, codec.words);
}

type WordExport = (event: number, now: number, ...words: number[]) => void;

function exportOf(core: CoreExports, words: number): WordExport {
  const { record0, record1, record2, record3, record4, record5, record6, record7 } = core;
  const exports = [record0, record1, record2, record3, record4, record5, record6, record7];
  return exports[words] as WordExport;
}

/**
 * An event of up to seven words: its arguments go straight to the export of that arity. User code
 * (`valueOf`, getters) runs while the arguments are turned into words, before anything is written.
 */
function byWords(codec: EventCodec, words: number): Tracepoint {
  let enabled = OFF;
  let id = 0;
  let now: () => number = () => 0;
  let write: WordExport = nothing;

  const word = codec.toWord;
  const bind = (binding: CpuBinding | undefined, event: number): void => {
    id = event & RECORD_EVENT_MASK;
    now = binding?.now ?? now;
    write = binding ? exportOf(binding.core, words) : nothing;
    enabled = binding?.views.enabled ?? OFF;
  };
  type Args = (...args: unknown[]) => void;
  // One function an arity: gathering the arguments into lists would cost more than the record.
  const positional: readonly Args[] = [
    () => {
      if (enabled[id] !== 0) write(id, now());
    },
    (a) => {
      if (enabled[id] !== 0) write(id, now(), word(0, a));
    },
    (a, b) => {
      if (enabled[id] !== 0) write(id, now(), word(0, a), word(1, b));
    },
    (a, b, c) => {
      if (enabled[id] !== 0) write(id, now(), word(0, a), word(1, b), word(2, c));
    },
    (a, b, c, d) => {
      if (enabled[id] !== 0) write(id, now(), word(0, a), word(1, b), word(2, c), word(3, d));
    },
    (a, b, c, d, e) => {
      if (enabled[id] === 0) return;
      write(id, now(), word(0, a), word(1, b), word(2, c), word(3, d), word(4, e));
    },
    (a, b, c, d, e, f) => {
      if (enabled[id] === 0) return;
      write(id, now(), word(0, a), word(1, b), word(2, c), word(3, d), word(4, e), word(5, f));
    },
    (a, b, c, d, e, f, g) => {
      if (enabled[id] === 0) return;
      const last = word(6, g);
      write(
        id,
        now(),
        word(0, a),
        word(1, b),
        word(2, c),
        word(3, d),
        word(4, e),
        word(5, f),
        last,
      );
    },
  ];
  const call = positional[words] as Args;
  if (!codec.definition.named) return { call, bind };
  const [n0 = "", n1 = "", n2 = "", n3 = "", n4 = "", n5 = "", n6 = ""] =
    codec.definition.fields.map(({ name }) => name);
  type Values = Record<string, unknown> | undefined;
  const named: readonly ((o: Values) => void)[] = [
    () => call(),
    (o) => call(o?.[n0]),
    (o) => call(o?.[n0], o?.[n1]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3], o?.[n4]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3], o?.[n4], o?.[n5]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3], o?.[n4], o?.[n5], o?.[n6]),
  ];
  const callNamed = named[words] as (o: Values) => void;
  return {
    // A disabled tracepoint looks at no argument: its getters are the program's code.
    call: (o: Values) => {
      if (enabled[id] !== 0) callNamed(o);
    },
    bind,
  };
}

/** Any other event: laid out in the CPU's scratch area, from where the hypervisor copies it. */
function throughScratch(codec: EventCodec): Tracepoint {
  let binding: CpuBinding | undefined;
  let enabled = OFF;
  let id = 0;
  let scratch = 0;

  const write = (values: readonly unknown[]): void => {
    if (!binding) return;
    const { core, views, now } = binding;
    const bytes = codec.encode(values, views.bytes, views.data, scratch, scratch + SCRATCH_BYTES);
    // What does not fit is recorded as one word too many, which the hypervisor counts as too big.
    core.record(id, now(), bytes < 0 ? SCRATCH_BYTES + 4 : bytes, 1);
  };
  const call = codec.definition.named
    ? (args: unknown): void => {
        // Plain values first: user code that runs meanwhile may record, and use the scratch area.
        if (enabled[id] !== 0) write(codec.plainNamed(args));
      }
    : (...args: unknown[]): void => {
        if (enabled[id] !== 0) write(codec.plain(args));
      };
  return {
    call: call as Tracepoint["call"],
    bind(next, event) {
      binding = next;
      id = event & RECORD_EVENT_MASK;
      enabled = next?.views.enabled ?? OFF;
      scratch = next?.core.scratchAt() ?? 0;
    },
  };
}
