// What the threads of a kill run do: for each thread and moment a choice, of which most would do
// something.

import * as layout from "../../assembly/public/layout.js";
import * as ops from "../../assembly/public/ops.js";
import type { Memory } from "./memory.js";
import type { Random } from "./random.js";
import type { SteppedThread, TraceShape } from "./stepped-hypervisor.js";

/** Names of the traces that there may be. */
export const TRACE_NAMES = ["a", "b", "c"];

const SHAPES: readonly TraceShape[] = [
  { subbufBytes: 64, subbufCount: 2 },
  { subbufBytes: 256, subbufCount: 4, overwrite: true },
  { subbufBytes: 2048, subbufCount: 4 },
  { subbufBytes: 2048, subbufCount: 8, overwrite: true, cpus: 0b10110 },
];
const FACILITIES = [
  { name: "p", bytes: 40, events: 2 },
  { name: "q", bytes: 5000, events: 3 },
  { name: "r", bytes: 9000, events: 1 },
];

/** A thread that lives. */
export interface Actor {
  readonly thread: SteppedThread;
  joined: boolean;
  /** It is held up in a call. */
  busy: boolean;
  /** What it has mapped as dom0. */
  readonly mapped: number[];
}

export interface Deed {
  readonly what: string;
  readonly weight: number;
  /** Whether it may be killed in this; true by default. */
  readonly mortal?: boolean;
  /** Whether it walks the enabled table, most of the time. */
  readonly walks?: boolean;
  readonly act: () => void;
}

export function leave(actor: Actor): Deed {
  const act = () => {
    actor.thread.stepped.core.cpu_leave();
    actor.joined = false;
  };
  return { what: "leave", weight: 2, act };
}

export function claim({ thread }: Actor): Deed {
  return { what: "claim", weight: 8, walks: true, act: () => thread.claim() };
}

export function resign({ thread, mapped }: Actor): Deed {
  const act = () => {
    thread.stepped.core.dom0_resign();
    mapped.length = 0;
  };
  return { what: "resign", weight: 1, walks: true, act };
}

/** A choice for a thread that is no CPU, or for one that is. */
export function cpuDeeds(actor: Actor, random: Random): Deed[] {
  const { core } = actor.thread.stepped;
  if (!actor.joined) {
    const act = () => {
      actor.joined = actor.thread.join() >= 0;
    };
    return [{ what: "join", weight: 20, act }];
  }
  const facility = random.pick(FACILITIES);
  const [trace, event] = [random.below(TRACE_NAMES.length), random.below(8)];
  const records = 1 + random.below(9);
  const record = () => {
    for (let i = 1; i <= records; i++) core.record2(2 * event, i, i, ~i);
  };
  return [
    leave(actor),
    { what: `record ${records}`, weight: 2, act: record },
    { what: "quiesce", weight: 4, act: () => core.cpu_quiesce() },
    {
      what: `facility ${facility.name}`,
      weight: 1,
      act: () => actor.thread.facility(facility),
    },
    { what: "labels", weight: 1, act: () => core.cpu_labels(random.below(3)) },
    { what: `enable ${event}`, weight: 1, act: () => core.trace_enable_event(trace, event) },
  ];
}

/** The name in a trace's frame. */
function nameOf(memory: Memory, frame: number): string {
  const at = frame + layout.TRACE_NAME_AT;
  const length = memory.word(frame + layout.TRACE_NAME_BYTES_AT);
  return String.fromCharCode(...memory.bytes.subarray(at, at + length));
}

function deedsTo(name: string, { thread }: Actor, memory: Memory, random: Random): Deed[] {
  const frames = Array.from({ length: layout.TRACES_MAX }, (_, i) =>
    memory.control(layout.CTL_TRACES_AT + i * 4),
  );
  const isThere = frames.some((frame) => frame !== 0 && nameOf(memory, frame) === name);
  if (!isThere) {
    const shape = random.pick(SHAPES);
    return [{ what: `create ${name}`, weight: 10, act: () => thread.create(name, shape) }];
  }
  const cpu = random.below(memory.cpus);
  const control = (what: string, weight: number, op: number): Deed => ({
    what: `${what} ${name}`,
    weight,
    walks: true,
    act: () => thread.control(op, name),
  });
  return [
    control("start", 1, ops.OP_START),
    control("stop", 1, ops.OP_STOP),
    control("destroy", 6, ops.OP_DESTROY),
    { what: `consume ${name} ${cpu}`, weight: 1, act: () => thread.consume(name, cpu) },
  ];
}

/** A choice for dom0, beside what it may do as a CPU. */
export function dom0Deeds(actor: Actor, memory: Memory, random: Random): Deed[] {
  const { thread, mapped } = actor;
  const { core } = thread.stepped;
  const shared = Array.from({ length: memory.frames }, (_, mfn) => mfn).filter(
    (mfn) => (memory.frame(mfn, layout.FRAME_SHARE_AT) & 1) !== 0,
  );
  // Any of them, published or not: a number that a reader has from anywhere.
  const mfn = random.pick(shared);
  const map = () => {
    if (core.frame_map(mfn, 1) === 0) mapped.push(mfn);
  };
  const unmap = () => {
    const last = mapped.pop();
    if (last !== undefined && core.frame_unmap(last) !== 0) throw new Error(`unmap ${last} failed`);
  };
  return [
    ...TRACE_NAMES.flatMap((name) => deedsTo(name, actor, memory, random)),
    { what: "settle", weight: 8, walks: true, act: () => core.trace_settle() },
    { what: `map ${mfn}`, weight: 2, act: map },
    { what: "unmap", weight: mapped.length, act: unmap },
    { what: "bind", weight: 1, act: () => core.evtchn_bind(ops.VIRQ_TBUF) },
    resign(actor),
  ];
}
