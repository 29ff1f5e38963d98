// Where a ring's reader comes to its limits. A writer overtakes dom0 in the middle of a snapshot: what is
// missing is told by the packet behind the hole, exactly (I6, I7); the writer runs inside what the reader
// calls between copy and check. And positions that a number cannot hold end in an error (I10).

import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { sizerOf } from "../../src/event/payload.js";
import type { ForeignMapping } from "../../src/host/foreign-map.js";
import { RingReader } from "../../src/host/ring-reader.js";
import {
  bytes,
  type Dom0,
  facility,
  field,
  type Hypervisor,
  type Packet,
  type Trace,
  type TraceMode,
  u32,
} from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { cpuInfo, decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("holes", { step: [field("n", u32)], big: [field("data", bytes)] });

const SUBBUF_BYTES = 64;
/** Records of 12 bytes in a sub-buffer. */
const FULL = 5;

let hypervisor: Hypervisor;
let dom0: Dom0;
let next = 0;
let big = 0;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 1, memoryBytes: 1 << 20 });
  dom0 = hypervisor.dom0();
  hypervisor.attach();
  next = 0;
  big = 0;
});

function started(subbufCount: number, mode: TraceMode = "overwrite"): Trace {
  const events = "holes";
  const trace = dom0.createTrace("a", { events, mode, subbufBytes: SUBBUF_BYTES, subbufCount });
  trace.start();
  return trace;
}

/** Records the next numbers. */
function steps(count: number): void {
  for (let i = 0; i < count; i++) app.step(next++);
}

/** Records what fits no sub-buffer. */
function tooBig(count: number): void {
  big += count;
  for (let i = 0; i < count; i++) app.big(new Uint8Array(SUBBUF_BYTES));
}

/** A reader of a trace's only ring, for which `meddle` runs at each point where a writer may. */
function readerOf(trace: Trace, meddle: () => void): RingReader {
  const { mode, subbufBytes, subbufCount } = trace.info();
  const { cpu, ringMfn, dataMfn } = cpuInfo(trace, 0);
  const data = dom0.mapForeignRange(dataMfn, 1);
  const meddled = {
    get bytes() {
      meddle();
      return data.bytes;
    },
    unmap: () => data.unmap(),
  };
  const sizers = dom0
    .facilities()
    .flatMap(({ firstEvent, definition }) =>
      definition.events.map((event, i) => [firstEvent + i, sizerOf(event)] as const),
    );
  const known = new Map(sizers);
  return new RingReader(
    { cpu, mode, subbufBytes, subbufCount },
    { control: dom0.mapForeignRange(ringMfn, 1), data: meddled as unknown as ForeignMapping },
    {
      findSizer: (event) => known.get(event),
      withTexts: (bytes) => bytes,
      now: () => {
        meddle();
        return 2n ** 62n;
      },
      fence: meddle,
    },
  );
}

/**
 * Each packet tells what is missing before it, no more and no less: all numbers before its first one
 * that were neither consumed nor are in a packet before it. @returns how many holes there are
 */
function expectExact(trace: Trace, packets: readonly Packet[]): number {
  const { taken } = cpuInfo(trace, 0);
  let holes = 0;
  let position = -1;
  let held = 0;
  let told = 0;
  for (const packet of packets) {
    const numbers = decode(dom0, [packet]).map(({ fields }) => fields.n as number);
    const [first = -1] = numbers;
    expect(numbers).toEqual(numbers.map((_, i) => first + i));
    expect(first, "in order, and none twice").toBeGreaterThanOrEqual(position);
    if (position >= 0 && first > position) holes++;
    const lost = first - taken - held;
    // Those that fit nowhere are told some time after they were refused: when, the entries say.
    expect(packet.discarded, "all losses").toBeGreaterThanOrEqual(lost);
    expect(packet.discarded, "and no others").toBeLessThanOrEqual(lost + big);
    expect(packet.discarded, "babeltrace2 wants it to grow").toBeGreaterThanOrEqual(told);
    told = packet.discarded;
    held += numbers.length;
    position = first + numbers.length;
  }
  return holes;
}

describe("a snapshot in the middle of which the writer overtakes", () => {
  it("tells the hole that it leaves (I7)", () => {
    const trace = started(4);
    steps(4 * FULL);
    let looks = 0;
    // After two sub-buffers were copied, three turns go by.
    const reader = readerOf(trace, () => {
      if (++looks === 6) steps(12 * FULL);
    });
    const packets = reader.snapshot();
    const numbers = packets.map((packet) => decode(dom0, [packet])[0]?.fields.n);
    expect(numbers.slice(0, 3)).toEqual([0, 5, 60]);
    expect(packets.map(({ discarded }) => discarded).slice(0, 3)).toEqual([0, 0, 50]);
    expect(expectExact(trace, packets)).toBe(1);
  });

  it("tells it where it began in a sub-buffer that was read in part", () => {
    const trace = started(4);
    steps(7 * FULL);
    trace.drain(() => {});
    steps(2);
    expect(drained(trace)).toMatchObject([{ records: 2 }]);
    const { overwritten } = cpuInfo(trace, 0);
    expect(overwritten).toBe(3 * FULL);
    steps(FULL);
    let looks = 0;
    const reader = readerOf(trace, () => {
      if (++looks === 4) steps(12 * FULL);
    });
    const packets = reader.snapshot();
    expect(packets[0]).toMatchObject({ records: 3, discarded: overwritten });
    expect(expectExact(trace, packets)).toBe(1);
    const { records, taken } = cpuInfo(trace, 0);
    const held = packets.reduce((sum, packet) => sum + packet.records, 0);
    expect(held + (packets.at(-1)?.discarded ?? 0), "I7").toBe(records - taken);
  });

  it.each([2, 4, 16])("is exact, whatever the schedule: %i sub-buffers (I7)", (subbufCount) => {
    const burst = fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      fc.nat(2 * FULL),
      fc.nat(3 * FULL * subbufCount),
    );
    const plan = fc.record({
      before: fc.nat(3 * FULL * subbufCount),
      read: fc.boolean(),
      partly: fc.nat(FULL),
      more: fc.nat(2 * FULL * subbufCount),
      bursts: fc.array(burst, { maxLength: 60 }),
      refused: fc.nat(3),
    });
    let holes = 0;
    fc.assert(
      fc.property(plan, ({ before, read, partly, more, bursts, refused }) => {
        next = 0;
        big = 0;
        const trace = started(subbufCount);
        try {
          steps(before);
          if (read) trace.drain(() => {});
          steps(partly);
          if (read) trace.drain(() => {});
          steps(more);
          const plans = [...bursts];
          const reader = readerOf(trace, () => {
            const count = plans.shift() ?? 0;
            if (count % 7 === 3) tooBig(refused);
            steps(count);
          });
          holes += expectExact(trace, reader.snapshot());
          expect(reader.corrupt).toBe(false);
          reader.close();
        } finally {
          trace.destroy();
          hypervisor.cpu?.detach();
          dom0.settle();
          hypervisor.attach();
        }
      }),
      { numRuns: 300 },
    );
    expect(holes, "schedules that left a hole").toBeGreaterThan(5);
  });
});

/** Puts the only ring of a stopped trace at a position, as if it had come there by itself. */
function moveTo(trace: Trace, position: bigint): void {
  const { longs } = new Memory(hypervisor);
  const { subbufCount } = trace.info();
  const ring = cpuInfo(trace, 0).ringMfn * layout.FRAME_BYTES;
  const index = Number((position / BigInt(SUBBUF_BYTES)) % BigInt(subbufCount));
  const entry = ring + layout.RING_SUBBUFS_AT + index * layout.SUBBUF_ENTRY_BYTES;
  longs[(entry + layout.SUBBUF_BEGIN_AT) / 8] = position;
  longs[(ring + layout.RING_OFFSET_AT) / 8] = position;
  longs[(ring + layout.RING_CONSUMED_AT) / 8] = position;
  longs[(ring + layout.RING_TALLY_AT) / 8] = BigInt.asUintN(32, position);
}

describe("positions near 2^53 bytes", () => {
  const LIMIT = 2n ** 53n;

  it.each(["discard", "overwrite"] as const)(
    "are read below it, and corrupt above it: %s",
    (mode) => {
      const trace = started(4, mode);
      moveTo(trace, LIMIT - BigInt(3 * SUBBUF_BYTES));
      const numbers: unknown[] = [];
      for (let i = 0; i < 3 * FULL - 1; i++) {
        steps(1);
        const snapshot = decode(dom0, trace.snapshot());
        const read = decode(dom0, drained(trace));
        expect(snapshot).toEqual(read);
        numbers.push(...read.map(({ fields }) => fields.n));
      }
      expect(numbers).toEqual(Array.from({ length: 3 * FULL - 1 }, (_, i) => i));
      expect(trace.info().corrupt).toEqual([]);
      steps(2 * FULL);
      let packets = 0;
      // A drain that gives the same packet again and again would never end.
      for (let rounds = 0; rounds < 20; rounds++) packets += drained(trace).length;
      expect(packets).toBe(0);
      expect(trace.snapshot()).toEqual([]);
      expect(trace.info().corrupt, "and not in silence").toEqual([0]);
      world.scribbled();
    },
  );

  it.each(["discard", "overwrite"] as const)("end a snapshot, which tells it: %s", (mode) => {
    world.scribbled();
    const trace = started(4, mode);
    moveTo(trace, 2n ** 60n);
    steps(7);
    expect(trace.snapshot()).toEqual([]);
    expect(trace.info().corrupt).toEqual([0]);
  });

  it.each(["discard", "overwrite"] as const)("end a loop's packets: %s", async (mode) => {
    world.scribbled();
    const trace = started(4, mode);
    moveTo(trace, LIMIT - BigInt(SUBBUF_BYTES));
    steps(2 * FULL);
    let packets = 0;
    const signal = AbortSignal.timeout(100);
    for await (const _ of trace.packets({ signal, pollMs: 1 })) packets++;
    expect(packets).toBe(0);
    expect(trace.info().corrupt).toEqual([0]);
  });
});
