// A ring decoded from a copy of the memory, without a hypervisor: what comes out is what the live consumer
// delivers, and whatever the copy's words say, nothing is thrown but TraceError and nothing goes on for ever.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { FacilityTable } from "../../src/host/facility-table.js";
import { type DecodedRing, decodeRing } from "../../src/host/ring-decode.js";
import {
  type Cpu,
  type Dom0,
  facility,
  field,
  Hypervisor,
  type Packet,
  type Trace,
  TraceError,
  type TraceMode,
  u32,
} from "../../src/index.js";
import { cpuSlots } from "../../src/memory/control-page.js";
import { framesAt } from "../../src/memory/frame-table.js";
import { dataFrames, isRingOf, isShape, ringFrames } from "../../src/memory/ring.js";
import { readTrace, traceMfn } from "../../src/memory/trace-table.js";
import { viewsOf } from "../../src/memory/views.js";
import { Memory } from "../lib/memory.js";
import { decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
facility("image", { step: [field("n", u32)], pair: [field("n", u32), field("m", u32)] });

const CPUS = 3;
const SUBBUF_BYTES = 64;
/** Nanoseconds since boot: no record of a test is after, nor 52 days before. */
const UNTIL = 10n ** 15n;

/** The memory as it is now, in a buffer that nothing else has. */
function imageOf({ views }: Hypervisor): ArrayBuffer {
  const copy = new ArrayBuffer(views.buffer.byteLength);
  new Uint8Array(copy).set(views.bytes);
  return copy;
}

/** All rings of the trace in the first slot, by what the copy says. */
function decodeImage(buffer: ArrayBuffer): DecodedRing[] {
  const views = viewsOf({ buffer });
  const frames = (mfn: number, count: number) => {
    const bytes = framesAt(views, mfn, count);
    if (!bytes) throw new TraceError("corrupt", `mfn=${mfn}, count=${count}`);
    return { bytes, unmap: () => {} };
  };
  const facilities = new FacilityTable(views, frames);
  const findSizer = (event: number) => facilities.sizer(event);
  const trace = traceMfn(views, 0);
  if (trace === undefined) return [];
  const shape = readTrace(views, trace * layout.FRAME_BYTES);
  if (!isShape(shape)) return [];
  return Array.from({ length: cpuSlots(views) }, (_, cpu) => cpu).flatMap((cpu) => {
    const ring = ringFrames(views, trace, cpu);
    if (!ring || !isRingOf(views, trace, shape, ring)) return [];
    const control = frames(ring.ringMfn, 1);
    const data = frames(ring.dataMfn, dataFrames(shape));
    return [decodeRing({ control, data }, { ...shape, cpu }, { findSizer, until: UNTIL })];
  });
}

const packetsOf = (rings: readonly DecodedRing[]) => rings.flatMap(({ packets }) => packets);

/** Three CPUs of this thread that record into one trace. */
class Recorded {
  readonly hypervisor: Hypervisor;
  readonly dom0: Dom0;
  readonly trace: Trace;
  readonly #cpus: readonly Cpu[];
  readonly #first: number;
  #next = 0;

  constructor(mode: TraceMode, subbufCount: number) {
    this.hypervisor = world.boot({ cpus: CPUS + 1, memoryBytes: 1 << 20 });
    this.dom0 = this.hypervisor.dom0();
    const options = { events: "image", mode, subbufBytes: SUBBUF_BYTES, subbufCount };
    this.trace = this.dom0.createTrace("a", options);
    this.trace.start();
    const handle = this.hypervisor.handle();
    // The first one registers the facility.
    Hypervisor.join(handle).attach().detach();
    const members = Array.from({ length: CPUS }, () => Hypervisor.join(handle));
    this.#cpus = members.map((member) => member.attach({ current: false }));
    const own = this.dom0.facilities().find(({ definition }) => definition.name === "image");
    this.#first = own?.firstEvent ?? -1;
  }

  record(cpu: number, count: number): void {
    const { core, now } = (this.#cpus[cpu] as Cpu).binding;
    for (let i = 0; i < count; i++) {
      const n = this.#next++;
      if (n % 3 === 0) core.record2(this.#first + 1, now(), n, ~n >>> 0);
      else core.record1(this.#first, now(), n);
    }
  }

  close(): void {
    for (const cpu of this.#cpus) cpu.detach();
    this.trace.destroy();
    this.dom0.settle();
    this.hypervisor.close();
  }
}

/** What a packet is, but for its time: where it ends in the ring is told by its records. */
const plain = ({ bytes, ...rest }: Packet) => ({ ...rest, bytes: [...bytes] });

interface Step {
  readonly cpu: number;
  readonly count: number;
  /** dom0 reads what is there by then: all of it, or the closed sub-buffers. */
  readonly read: "no" | "all" | "closed";
}

const steps = (subbufCount: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      cpu: fc.nat(CPUS - 1),
      count: fc.nat(12 * subbufCount),
      read: fc.constantFrom("no", "no", "all", "closed"),
    }),
    { minLength: 1, maxLength: 8 },
  );

function play(mode: TraceMode, subbufCount: number, plan: readonly Step[]): Recorded {
  const recorded = new Recorded(mode, subbufCount);
  for (const { cpu, count, read } of plan) {
    recorded.record(cpu, count);
    if (read !== "no") drained(recorded.trace, { partial: read === "all" });
  }
  return recorded;
}

const cases = (["discard", "overwrite"] as const).flatMap((mode) =>
  [2, 4, 16].map((count): [TraceMode, number] => [mode, count]),
);

describe("a ring in a copy of the memory", () => {
  it.each(cases)("holds what the consumer delivers: %s, %i sub-buffers", (mode, subbufCount) => {
    let packets = 0;
    let lost = 0;
    fc.assert(
      fc.property(steps(subbufCount), (plan) => {
        const recorded = play(mode, subbufCount, plan);
        try {
          const rings = decodeImage(imageOf(recorded.hypervisor));
          expect(rings.map(({ corrupt }) => corrupt)).toEqual(rings.map(() => false));
          const found = packetsOf(rings);
          expect(found.map(plain)).toEqual(recorded.trace.snapshot().map(plain));
          const live = drained(recorded.trace);
          const { dom0 } = recorded;
          expect(decode(dom0, found)).toEqual(decode(dom0, live));
          expect(found.map(({ cpu, records }) => [cpu, records])).toEqual(
            live.map((packet) => [packet.cpu, packet.records]),
          );
          packets += found.length;
          lost += found.reduce((most, { discarded }) => Math.max(most, discarded), 0);
        } finally {
          recorded.close();
        }
      }),
      { numRuns: 40 },
    );
    expect(packets, "packets that were compared").toBeGreaterThan(50);
    expect(lost, "records lost before one of them").toBeGreaterThan(0);
  });

  it("stays as it is while the live one goes on", () => {
    const recorded = new Recorded("overwrite", 4);
    recorded.record(0, 30);
    const image = imageOf(recorded.hypervisor);
    const before = packetsOf(decodeImage(image)).map(plain);
    recorded.record(0, 200);
    drained(recorded.trace);
    expect(packetsOf(decodeImage(image)).map(plain)).toEqual(before);
    expect(before.length).toBeGreaterThan(2);
  });

  it("is refused where the views are too small for it", () => {
    const shape = { cpu: 0, mode: "discard", subbufBytes: 64, subbufCount: 4 } as const;
    const control = { bytes: new Uint8Array(layout.FRAME_BYTES) };
    const data = { bytes: new Uint8Array(256) };
    const options = { findSizer: () => undefined, until: UNTIL };
    expect(decodeRing({ control, data }, shape, options)).toMatchObject({ packets: [] });
    const short = { bytes: new Uint8Array(255) };
    const odd = { bytes: new Uint8Array(new ArrayBuffer(8192), 4, 4096) };
    const corrupt = expect.objectContaining({ code: "corrupt" });
    for (const [views, geometry] of [
      [{ control, data: short }, shape],
      [{ control: short, data }, shape],
      [{ control: odd, data }, shape],
      [
        { control, data },
        { ...shape, subbufBytes: 63 },
      ],
      [
        { control, data },
        { ...shape, subbufCount: 0 },
      ],
      [
        { control, data },
        { ...shape, subbufBytes: Number.NaN },
      ],
    ] as const) {
      expect(() => decodeRing(views, geometry, options)).toThrow(TraceError);
      expect(() => decodeRing(views, geometry, options)).toThrow(corrupt);
    }
  });
});

/** A place that is written over, in the ring of a CPU or anywhere, and by what. */
interface Tear {
  readonly area: "ring" | "entries" | "data" | "trace" | "anywhere";
  readonly at: number;
  readonly value: number;
}

const value = fc.oneof(
  fc.constantFrom(0, 1, 3, 4, 63, 64, 256, 4096, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc),
  fc.nat(2048),
  fc.integer().map((word) => word >>> 0),
);
const tears: fc.Arbitrary<Tear[]> = fc.array(
  fc.record({
    area: fc.constantFrom("ring", "ring", "entries", "entries", "data", "trace", "anywhere"),
    at: fc.nat(0x40000),
    value,
  }),
  { minLength: 1, maxLength: 6 },
);

const AREAS: Record<Tear["area"], number> = {
  ring: layout.RING_SUBBUFS_AT,
  entries: 4 * layout.SUBBUF_ENTRY_BYTES,
  data: 4 * SUBBUF_BYTES,
  trace: layout.TRACE_BYTES,
  anywhere: 1 << 20,
};

/** Writes over a copy: CPU 1's ring, where the area is a ring's. */
function tear(buffer: ArrayBuffer, memory: Memory, all: readonly Tear[]): void {
  const words = new Uint32Array(buffer);
  const [trace = 0] = memory.traces();
  const ring = memory.word(trace + layout.TRACE_DIRECTORY_AT + 4);
  const bases: Record<Tear["area"], number> = {
    ring,
    entries: ring + layout.RING_SUBBUFS_AT,
    data: memory.word(ring + layout.RING_DATA_AT),
    trace,
    anywhere: 0,
  };
  for (const { area, at, value: word } of all) {
    words[(bases[area] + (at % AREAS[area])) >> 2] = word;
  }
}

describe("a copy whose words were written over", () => {
  it.each(["discard", "overwrite"] as const)(
    "is read to an end, without harm: %s (I10)",
    (mode) => {
      const recorded = play(mode, 4, [
        { cpu: 0, count: 30, read: "no" },
        { cpu: 1, count: 9, read: "all" },
        { cpu: 1, count: 33, read: "closed" },
        { cpu: 1, count: 20, read: "no" },
        { cpu: 2, count: 3, read: "no" },
      ]);
      const memory = new Memory(recorded.hypervisor);
      const image = imageOf(recorded.hypervisor);
      const whole = decodeImage(image);
      expect(whole.map(({ cpu }) => cpu)).toEqual([0, 1, 2]);
      let corrupt = 0;
      let changed = 0;
      fc.assert(
        fc.property(tears, (all) => {
          const torn = image.slice(0);
          tear(torn, memory, all);
          let rings: DecodedRing[];
          try {
            rings = decodeImage(torn);
          } catch (error) {
            expect(error).toBeInstanceOf(TraceError);
            return;
          }
          for (const ring of rings) {
            const held = ring.packets.reduce((sum, { bytes }) => sum + bytes.length, 0);
            expect(held, "no more than the buffer").toBeLessThanOrEqual(4 * SUBBUF_BYTES);
            let [end, discarded] = [0n, 0];
            for (const packet of ring.packets) {
              expect(packet.records * 8).toBeLessThanOrEqual(packet.bytes.length);
              expect(packet.begin >= end && packet.end >= packet.begin, "in order").toBe(true);
              expect(packet.discarded).toBeGreaterThanOrEqual(discarded);
              ({ end, discarded } = packet);
            }
            if (ring.corrupt) corrupt++;
          }
          // The others' rings are theirs.
          if (all.every(({ area }) => area === "ring" || area === "entries" || area === "data")) {
            for (const cpu of [0, 2]) {
              const of = (list: readonly DecodedRing[]) => list.find((each) => each.cpu === cpu);
              expect(of(rings)).toEqual(of(whole));
            }
            changed++;
          }
        }),
        { numRuns: 600 },
      );
      expect(corrupt, "rings that were found corrupt").toBeGreaterThan(50);
      expect(changed, "copies of which one ring was changed").toBeGreaterThan(50);
    },
  );

  it("keeps what was read before the place that makes no sense", () => {
    const recorded = play("discard", 4, [
      { cpu: 0, count: 3, read: "no" },
      { cpu: 1, count: 40, read: "no" },
    ]);
    const memory = new Memory(recorded.hypervisor);
    const image = imageOf(recorded.hypervisor);
    const whole = decodeImage(image).find(({ cpu }) => cpu === 1);
    expect(whole).toMatchObject({ corrupt: false, packets: { length: 4 } });
    // Of the third sub-buffer, which the second one's packet needs as well: it says where that one's records end.
    const at = 2 * layout.SUBBUF_ENTRY_BYTES + layout.SUBBUF_BEGIN_AT;
    tear(image, memory, [{ area: "entries", at, value: 2 * SUBBUF_BYTES + 4 * SUBBUF_BYTES }]);
    const ring = decodeImage(image).find(({ cpu }) => cpu === 1);
    expect(ring).toEqual({ cpu: 1, corrupt: true, packets: whole?.packets.slice(0, 1) });
  });

  it("is read to an end where its bytes are noise", () => {
    const noise = fc.uint8Array({ minLength: 64, maxLength: 4096 });
    fc.assert(
      fc.property(noise, fc.constantFrom("discard", "overwrite"), (bytes, mode) => {
        const control = { bytes: new Uint8Array(layout.FRAME_BYTES) };
        for (let at = 0; at < layout.FRAME_BYTES; at++) control.bytes[at] = bytes[at % 61] ?? 0;
        const data = { bytes: new Uint8Array(256).map((_, i) => bytes[i % bytes.length] ?? 0) };
        const shape = { cpu: 0, mode, subbufBytes: 64, subbufCount: 4 } as const;
        const options = { findSizer: () => () => 4, until: UNTIL };
        const { packets } = decodeRing({ control, data }, shape, options);
        expect(packets.length).toBeLessThanOrEqual(5);
      }),
      { numRuns: 300 },
    );
  });
});
