// Tracepoints: what a program calls to record an event. Disabled, one costs a load and a branch.
// A tracepoint can be called before its thread has joined a hypervisor: it does nothing then.
//
// Events of up to seven fields have a function an arity, with a converter a field: to gather the
// arguments into lists, and these again into lists of what they are turned into, would cost more
// than the record.

import { RECORD_EVENT_MASK, SCRATCH_BYTES } from "../../assembly/public/layout.js";
import type { CpuBinding } from "../cpu/current.js";
import { Area } from "../event/area.js";
import type { EventDefinition } from "../event/definition.js";
import type { EventEncoder } from "../event/encode.js";
import type { Converter, WordConverter } from "../event/plain.js";
import type { Writer } from "../event/write.js";
import type { CoreExports, WordRecords } from "../memory/core.js";
import { look as imported } from "../memory/look.js";
import { byNames, tellNoObject } from "./by-names.js";

/** A tracepoint's function, and how it is tied to the thread's CPU. */
export interface Tracepoint {
  readonly call: (...args: never[]) => void;
  /** Ties it to a CPU, on which its event has the id `event`; undefined: it does nothing. */
  bind(binding: CpuBinding | undefined, event: number): void;
}

type Positional = (...args: unknown[]) => void;
/** Seven at most: those that an event has not are not used. */
type Seven<T> = readonly [T, T, T, T, T, T, T];

/** The enabled word of an event without a CPU. */
const OFF: Int32Array = new Int32Array(1);
const NOWHERE = new Area(new Uint8Array(0), new DataView(new ArrayBuffer(0)), 0);
const nothing = (): void => {};
const noTime = (): number => 0;

/** Makes the tracepoint of an event. */
export function makeTracepoint(encoder: EventEncoder): Tracepoint {
  const { definition, words } = encoder;
  const tracepoint = words === undefined ? throughScratch(encoder) : byWords(encoder, words);
  return definition.named ? withObject(definition, tracepoint) : tracepoint;
}

/** The tracepoint that takes the arguments of a positional one by name. */
function withObject(definition: EventDefinition, { call, bind }: Tracepoint): Tracepoint {
  const look = imported;
  const callNamed = byNames(definition.fields, call as Positional);
  let enabled = OFF;
  return {
    // A disabled tracepoint looks at no argument: its getters are the program's code.
    call(values: unknown) {
      if (look(enabled, 0) === 0) return;
      if (typeof values !== "object") tellNoObject(definition, values);
      callNamed(values);
    },
    bind(binding, event) {
      bind(binding, event);
      enabled = enabledWord(binding, event & RECORD_EVENT_MASK);
    },
  };
}

/** The event's word of the enabled table, in a view of its own: the shortest way to look at it. */
function enabledWord(binding: CpuBinding | undefined, id: number): Int32Array {
  return binding ? binding.views.enabled.subarray(id, id + 1) : OFF;
}

type WordExport = (event: number, now: number, ...words: number[]) => void;

function exportOf(core: CoreExports, words: number): WordExport {
  return core[`record${words}` as keyof WordRecords] as WordExport;
}

/**
 * An event of up to seven words: its arguments go straight to the export of that arity. User code
 * (a clock, `valueOf`, getters) runs before anything is written.
 */
function byWords(encoder: EventEncoder, words: number): Tracepoint {
  // Held here, beside the word: V8 takes one load more to find what is imported.
  const look = imported;
  let enabled = OFF;
  let id = 0;
  let now = noTime;
  let write: WordExport = nothing;

  const [w0, w1, w2, w3, w4, w5, w6] = encoder.toWord as Seven<WordConverter>;
  const positional: readonly Positional[] = [
    // One for each number of words: written by scripts/arities.mjs.
    () => {
      if (look(enabled, 0) !== 0) write(id, now());
    },
    (a) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a));
    },
    (a, b) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a), w1(b));
    },
    (a, b, c) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a), w1(b), w2(c));
    },
    (a, b, c, d) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a), w1(b), w2(c), w3(d));
    },
    (a, b, c, d, e) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a), w1(b), w2(c), w3(d), w4(e));
    },
    (a, b, c, d, e, f) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a), w1(b), w2(c), w3(d), w4(e), w5(f));
    },
    (a, b, c, d, e, f, g) => {
      if (look(enabled, 0) !== 0) write(id, now(), w0(a), w1(b), w2(c), w3(d), w4(e), w5(f), w6(g));
    },
    // The end of what scripts/arities.mjs writes.
  ];
  const call = positional[words] as Positional;
  return {
    call,
    bind(binding, event) {
      id = event & RECORD_EVENT_MASK;
      now = binding?.now ?? noTime;
      write = binding ? exportOf(binding.core, words) : nothing;
      enabled = enabledWord(binding, id);
    },
  };
}

/**
 * Any other event: laid out in the CPU's scratch area, from where the hypervisor copies it. First the
 * clock is read and all arguments are turned into plain values: both may run user code, which may
 * record, and use the scratch area, or tie the tracepoint to another CPU.
 */
function throughScratch(encoder: EventEncoder): Tracepoint {
  const look = imported;
  let enabled = OFF;
  let id = 0;
  let now = noTime;
  let record: CoreExports["record"] = nothing;
  let area = NOWHERE;
  let scratch = 0;

  // What does not fit is recorded as one word too many, which the hypervisor counts as too big.
  const finish = (time: number, bytes: number): void => {
    record(id, time, bytes < 0 ? SCRATCH_BYTES + 4 : bytes, 1);
  };
  const write = (time: number, plain: readonly unknown[]): void => {
    finish(time, encoder.encode(plain, area, scratch));
  };

  const [p0, p1, p2, p3, p4, p5, p6] = encoder.toPlain as Seven<Converter>;
  const [w0, w1, w2, w3, w4, w5, w6] = encoder.writers as Seven<Writer>;
  // Each ends where the next begins; -1, when it does not fit, goes through all that follow.
  const end1 = (a: unknown): number => w0(a, area, scratch);
  const end2 = (a: unknown, b: unknown): number => w1(b, area, end1(a));
  const end3 = (a: unknown, b: unknown, c: unknown): number => w2(c, area, end2(a, b));
  const end4 = (a: unknown, b: unknown, c: unknown, d: unknown): number =>
    w3(d, area, end3(a, b, c));
  const end5 = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown): number =>
    w4(e, area, end4(a, b, c, d));
  const end6 = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown): number =>
    w5(f, area, end5(a, b, c, d, e));
  const end7 = (
    a: unknown,
    b: unknown,
    c: unknown,
    d: unknown,
    e: unknown,
    f: unknown,
    g: unknown,
  ): number => w6(g, area, end6(a, b, c, d, e, f));
  const positional: readonly Positional[] = [
    (a) => {
      if (look(enabled, 0) !== 0) finish(now(), end1(p0(a)) - scratch);
    },
    (a, b) => {
      if (look(enabled, 0) !== 0) finish(now(), end2(p0(a), p1(b)) - scratch);
    },
    (a, b, c) => {
      if (look(enabled, 0) !== 0) finish(now(), end3(p0(a), p1(b), p2(c)) - scratch);
    },
    (a, b, c, d) => {
      if (look(enabled, 0) !== 0) finish(now(), end4(p0(a), p1(b), p2(c), p3(d)) - scratch);
    },
    (a, b, c, d, e) => {
      if (look(enabled, 0) !== 0) finish(now(), end5(p0(a), p1(b), p2(c), p3(d), p4(e)) - scratch);
    },
    (a, b, c, d, e, f) => {
      if (look(enabled, 0) !== 0)
        finish(now(), end6(p0(a), p1(b), p2(c), p3(d), p4(e), p5(f)) - scratch);
    },
    (a, b, c, d, e, f, g) => {
      if (look(enabled, 0) !== 0)
        finish(now(), end7(p0(a), p1(b), p2(c), p3(d), p4(e), p5(f), p6(g)) - scratch);
    },
  ];
  const { fields } = encoder.definition;
  const call: Positional =
    positional[fields.length - 1] ??
    ((...args) => {
      if (look(enabled, 0) !== 0) write(now(), encoder.plain(args));
    });
  return {
    call,
    bind(binding, event) {
      id = event & RECORD_EVENT_MASK;
      now = binding?.now ?? noTime;
      record = binding?.core.record ?? nothing;
      scratch = binding?.core.cpu_scratch_at() ?? 0;
      area = binding
        ? new Area(binding.views.bytes, binding.views.data, scratch + SCRATCH_BYTES)
        : NOWHERE;
      enabled = enabledWord(binding, id);
    },
  };
}
