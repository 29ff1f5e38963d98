// Random things that are done to a hypervisor and its CPUs: what they are, and how they are done.

import fc from "fast-check";
import { RING_OFFSET_AT } from "../../assembly/public/layout.js";
import { VIRQ_TBUF } from "../../assembly/public/ops.js";
import type { TraceMode } from "../../src/index.js";
import {
  CPUS,
  type Machine,
  ORIGIN_MS,
  recordScratch,
  recordWords,
  type Writer,
} from "./writer-twin.js";

type Clock = { readonly by: number } | { readonly at: number };

export type Step =
  | { do: "words"; cpu: number; event: number; clock: Clock; words: number[] }
  | {
      do: "scratch";
      cpu: number;
      event: number;
      clock: Clock;
      bytes: number;
      count: number;
      seed: number;
    }
  /** The coarse time: near the clock's last reading, or what it says. */
  | { do: "coarse"; time: { readonly byMs: number } | { readonly at: bigint } }
  | { do: "burst"; cpu: number; event: number; count: number; words: number[] }
  | {
      do: "create";
      trace: string;
      mode: TraceMode;
      subbufBytes: number;
      subbufCount: number;
      events: number[];
    }
  | { do: "start" | "stop" | "destroy"; trace: string }
  | { do: "startAt"; trace: string; cpu: number; near: number; back: number; records: number }
  | { do: "consume"; trace: string; cpu: number; how: "whole" | "part" | "stale"; share: number }
  | { do: "info"; trace: string; cpu: number }
  | { do: "settle" | "bind" | "unbind" | "mask" | "unmask" | "take" | "waits" | "woken" }
  | { do: "leave"; cpu: number }
  | { do: "join"; cpu: number; writer: Writer };

const TRACES = ["a", "b", "c"] as const;

const trace = fc.constantFrom(...TRACES);
const cpu = fc.nat(CPUS - 1);
const mode = fc.constantFrom<TraceMode>("discard", "overwrite");
// 4096 + 1 is event 1: the bits above are no event's.
const event = fc.constantFrom(0, 1, 2, 3, 9, 4095, 4097, 0xffffffff);
// What a call of a Wasm export makes a word of: any number.
const word = fc.oneof(
  fc.integer(),
  fc.nat(0xffffffff),
  fc.constantFrom(-1, 2 ** 32 + 7, 1.9, -0.5),
);
const words = fc.array(word, { maxLength: 7 });

const MILLIS_52 = 2 ** 52 / 1e6;
const MILLIS_62 = 2 ** 62 / 1e6;
const clock: fc.Arbitrary<Clock> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ by: fc.double({ min: 0, max: 3, noNaN: true }) }) },
  { weight: 4, arbitrary: fc.record({ by: fc.double({ min: -5, max: 0, noNaN: true }) }) },
  // Past the low word, which comes round every 4.3 s.
  { weight: 4, arbitrary: fc.record({ by: fc.double({ min: 0, max: 20_000, noNaN: true }) }) },
  // The coarse time.
  { weight: 6, arbitrary: fc.constant({ at: Number.NaN }) },
  { weight: 2, arbitrary: fc.constantFrom({ at: -1 / 0 }, { at: 1 / 0 }) },
  { weight: 3, arbitrary: fc.constantFrom({ at: -1e9 }, { at: -1e300 }, { at: 1e300 }) },
  { weight: 1, arbitrary: fc.constantFrom({ by: MILLIS_52 }, { by: MILLIS_52 * 3 }) },
  { weight: 1, arbitrary: fc.constantFrom({ at: MILLIS_62 * 0.9 }, { at: MILLIS_62 * 1.0001 }) },
  { weight: 1, arbitrary: fc.record({ at: fc.double() }) },
);

const coarse = fc.oneof(
  { weight: 8, arbitrary: fc.record({ byMs: fc.double({ min: -5, max: 5, noNaN: true }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ byMs: fc.double({ min: -20_000, max: 20_000, noNaN: true }) }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[0n, (1n << 32n) - 1n, 1n << 32n, 1n << 52n, 1n << 62n, (1n << 62n) + 1n, 1n << 63n]
        .concat((1n << 64n) - 1n, 0xffffffff00000000n)
        .map((at) => ({ at })),
    ),
  },
  // All but the last ever after.
  { weight: 1, arbitrary: fc.constant({ at: (1n << 61n) + 12345n }) },
);

const scratchBytes = fc.oneof(
  { weight: 8, arbitrary: fc.nat(150) },
  fc.constantFrom(4000, 16383, 16384, 16385, 2 ** 31, -1),
);
// What a call of a Wasm export makes a count of; small enough to be counted one by one.
const scratchCount = fc.oneof(
  { weight: 6, arbitrary: fc.constant(1) },
  { weight: 8, arbitrary: fc.nat(50) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1365, 4096, 4097, 2.7, 0.9, 2 ** 32 + 3, -0, Number.NaN),
  },
);
const shape = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      subbufBytes: fc.constantFrom(64, 128, 256, 1024),
      subbufCount: fc.constantFrom(2, 4, 8, 64),
    }),
  },
  fc.constant({ subbufBytes: 32768, subbufCount: 2 }),
);

const just = <T extends string>(...all: T[]) => fc.constantFrom(...all);

/** What both writers can be put through. `joins`: CPUs that leave and join, with which writer. */
export function steps(joins: readonly Writer[] = ["wasm"]): fc.Arbitrary<Step[]> {
  const create = fc
    .record({
      do: just("create"),
      trace,
      mode,
      events: fc.oneof(
        fc.constant<number[]>([255]),
        fc.array(fc.nat(255), { minLength: 1, maxLength: 3 }),
      ),
    })
    .chain((rest) => shape.map((each) => ({ ...rest, ...each })));
  const one: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: just("words"), cpu, event, clock, words }) },
    {
      weight: 12,
      arbitrary: fc.record({
        do: just("scratch"),
        cpu,
        event,
        clock,
        bytes: scratchBytes,
        count: scratchCount,
        seed: fc.nat(255),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({ do: just("burst"), cpu, event, count: fc.nat(60), words }),
    },
    { weight: 4, arbitrary: fc.record({ do: just("coarse"), time: coarse }) },
    { weight: 3, arbitrary: create },
    { weight: 5, arbitrary: fc.record({ do: just("start"), trace }) },
    { weight: 2, arbitrary: fc.record({ do: just("stop", "destroy"), trace }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: just("startAt"),
        trace,
        cpu,
        near: fc.constantFrom(2 ** 32, 2 ** 33, 3 * 2 ** 32, 2 ** 45),
        back: fc.nat(9),
        records: fc.nat(1000),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: just("consume"),
        trace,
        cpu,
        how: fc.constantFrom<"whole" | "part" | "stale">("whole", "whole", "part", "stale"),
        share: fc.nat(15),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: just("info"), trace, cpu }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: just("settle", "bind", "unbind", "mask", "unmask", "take", "waits", "woken"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: just("leave"), cpu }) },
    {
      weight: joins.length * 2 - 1,
      arbitrary: fc.record({ do: just("join"), cpu, writer: fc.constantFrom(...joins) }),
    },
  );
  // From traces that are there and run, or most of the steps would do nothing.
  const first = fc.tuple(create, create).map((made) =>
    made.flatMap((each, i): Step[] => {
      const name = TRACES[i] as string;
      return [
        { ...each, trace: name },
        { do: "start", trace: name },
      ];
    }),
  );
  return fc
    .tuple(first, fc.array(one, { maxLength: 80, size: "max" }))
    .map(([begin, then]) => [{ do: "bind" }, ...begin, ...then]);
}

/** Does steps to a machine; two runs do the same to two machines. */
export class Run {
  readonly #machine: Machine;
  /** Writer of all joins; undefined: the step says which. */
  readonly #writer: Writer | undefined;
  #now = 10;
  #port = -1;

  constructor(machine: Machine, writer?: Writer) {
    this.#machine = machine;
    this.#writer = writer;
  }

  /** @returns what the one who does it would see of it */
  step(step: Step): unknown {
    const machine = this.#machine;
    const { privcmd, core } = machine;
    switch (step.do) {
      case "words":
        recordWords(machine.binding(step.cpu), step.event, this.#tick(step.clock), step.words);
        return undefined;
      case "scratch": {
        const { cpu, event, clock, bytes, count, seed } = step;
        recordScratch(machine.binding(cpu), event, this.#tick(clock), bytes, count, seed);
        return undefined;
      }
      case "coarse": {
        const { time } = step;
        const near = (by: number) =>
          BigInt(Math.round(Math.max(0, this.#now - ORIGIN_MS + by) * 1e6));
        return machine.setCoarse("at" in time ? time.at : near(time.byMs));
      }
      case "burst":
        for (let i = 0; i < step.count; i++) {
          const now = this.#tick({ by: 0.01 });
          recordWords(machine.binding(step.cpu), step.event, now, step.words);
        }
        return undefined;
      case "create": {
        const { trace: name, subbufBytes, subbufCount, events } = step;
        return machine.create(name, step.mode, subbufBytes, subbufCount, events);
      }
      case "start":
      case "stop":
      case "destroy":
        return privcmd[step.do](step.trace);
      case "startAt": {
        const ring = machine.ring(step.trace, step.cpu);
        if (ring === 0) return undefined;
        const info = privcmd.getInfo(step.trace);
        if (typeof info === "number") return info;
        const position = BigInt(step.near - step.back * info.subbufBytes);
        // Positions only grow.
        if (position <= machine.long(ring + RING_OFFSET_AT)) return undefined;
        return machine.startAt(ring, position, BigInt(step.records));
      }
      case "consume":
        return this.#consume(step);
      case "info":
        return [privcmd.getInfo(step.trace), privcmd.getCpuInfo(step.trace, step.cpu)];
      case "settle":
        return core.trace_settle();
      case "bind": {
        const port = core.evtchn_bind(VIRQ_TBUF);
        if (port >= 0) this.#port = port;
        return port;
      }
      case "unbind":
        return core.evtchn_unbind(VIRQ_TBUF);
      case "mask":
      case "unmask":
        return core.evtchn_mask(this.#port, step.do === "mask");
      case "take":
        return core.evtchn_take();
      case "waits":
        return machine.waits(1);
      case "woken":
        return machine.waits(-1);
      case "leave":
        return machine.leave(step.cpu);
      case "join":
        return machine.join(step.cpu, this.#writer ?? step.writer);
    }
  }

  #tick(clock: Clock): number {
    if ("at" in clock) return clock.at;
    this.#now += clock.by;
    return this.#now;
  }

  #consume({ trace: name, cpu: at, how, share }: Step & { do: "consume" }): unknown {
    const { privcmd } = this.#machine;
    const info = privcmd.getCpuInfo(name, at);
    if (typeof info !== "object") return info;
    const { consumed, offset } = info;
    const failed =
      how === "stale"
        ? privcmd.consume(name, at, Math.max(0, consumed - share * 8), 0, 0)
        : how === "whole"
          ? privcmd.consume(name, at, consumed, 0, 0)
          : privcmd.consume(name, at, consumed, Math.min(offset, consumed + share * 4), share);
    return [failed, privcmd.reason()];
  }
}
