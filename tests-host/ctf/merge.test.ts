// All CPUs in the order of time: nothing is lost, made up or held longer than it must be.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import {
  type DecodedRecord,
  type LossEntry,
  mergeStreams,
  metadataHeader,
  openTraceFiles,
  type PacketHeader,
  type PacketStream,
  type RecordEntry,
  type TraceEntry,
  traceStream,
} from "../../src/ctf/index.js";
import { defineFacility, field, u32 } from "../../src/event/index.js";
import { metadataOf, packetOf } from "../lib/ctf-traces.js";

const app = defineFacility("app", { tick: [field("n", u32)] });
const [definition] = app.events;
if (!definition) throw new Error("no event");
const eventClass = eventClassOf("app", definition);
const facilities = [{ firstEvent: 1, definition: app }];

type Told = PacketHeader & { readonly own: readonly DecodedRecord[] };

/** A packet of records at these times, numbered from `first`. */
function told(cpu: number, first: number, times: readonly bigint[], over = {}): Told {
  const own = times.map((timestamp, i) => ({
    event: "app:tick",
    eventClass,
    timestamp,
    fields: { n: first + i },
  }));
  return {
    uuid: new Uint8Array(16),
    timestampBegin: times[0] ?? 0n,
    timestampEnd: times.at(-1) ?? 0n,
    contentBytes: 80,
    packetBytes: 80,
    sequence: 0,
    discarded: 0,
    cpu,
    records: times.length,
    own,
    ...over,
  };
}

const streamOf = (packets: Iterable<Told>): PacketStream<Told> => ({
  packets,
  records: ({ own }) => own,
});

/** A stream as steps: so much later, and perhaps in a new packet that has lost so many records. */
const steps = fc.array(
  fc.record({ later: fc.nat(3), lost: fc.option(fc.nat(5), { freq: 2, nil: undefined }) }),
  { maxLength: 30 },
);

function packetsOf(cpu: number, stream: readonly { later: number; lost?: number | undefined }[]) {
  const packets: Told[] = [];
  let time = 0n;
  let discarded = 0;
  let times: bigint[] = [];
  let first = 0;
  const close = () => {
    const end = times.at(-1) ?? packets.at(-1)?.timestampEnd ?? 0n;
    packets.push(
      told(cpu, first, times, { discarded, timestampEnd: end, sequence: packets.length }),
    );
    first += times.length;
    times = [];
  };
  for (const { later, lost } of stream) {
    time += BigInt(later);
    times.push(time);
    if (lost === undefined) continue;
    discarded += lost;
    close();
  }
  close();
  return packets;
}

const streams = fc
  .array(steps, { maxLength: 9 })
  .map((all) => all.map((stream, cpu) => packetsOf(cpu, stream)));

const isRecord = (entry: TraceEntry): entry is RecordEntry => entry.kind === "record";
const isLoss = (entry: TraceEntry): entry is LossEntry => entry.kind === "loss";
const mergedOf = (all: readonly PacketStream<Told>[]) =>
  mergeStreams(all.map((stream) => traceStream({}, () => stream)));
const merged = (all: readonly (readonly Told[])[]) => [...mergedOf(all.map(streamOf))];

describe("mergeStreams", () => {
  it("yields all records in the order of time, CPU and recording", () => {
    fc.assert(
      fc.property(streams, (all) => {
        const records = all.flatMap((packets) =>
          packets.flatMap(({ cpu, own }) =>
            own.map((record) => ({ kind: "record", cpu, ...record })),
          ),
        );
        // Sorting is stable: what one CPU recorded at one time stays in its order.
        records.sort((a, b) => Number(a.timestamp - b.timestamp) || a.cpu - b.cpu);
        expect(merged(all).filter(isRecord)).toEqual(records);
      }),
    );
  });

  it("keeps the order of the streams where two are of one CPU and time", () => {
    const streams = Array.from({ length: 7 }, (_, i) => [told(0, 10 * i, [1n, 1n])]);
    const numbers = merged(streams).map((entry) => isRecord(entry) && entry.fields.n);
    expect(numbers).toEqual(streams.flatMap((_, i) => [10 * i, 10 * i + 1]));
  });

  it("yields entries of both kinds in the order of time", () => {
    fc.assert(
      fc.property(streams, (all) => {
        const times = merged(all).map(({ timestamp }) => timestamp);
        expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
      }),
    );
  });

  it("tells each loss once, between the packets it happened between", () => {
    fc.assert(
      fc.property(streams, (all) => {
        const entries = merged(all);
        for (const [cpu, packets] of all.entries()) {
          const expected = packets.flatMap(({ discarded, timestampEnd }, i) => {
            const before = packets[i - 1];
            const records = discarded - (before?.discarded ?? 0);
            if (records === 0) return [];
            const since = before?.timestampEnd;
            return [{ kind: "loss", cpu, records, timestamp: timestampEnd, since }];
          });
          expect(entries.filter((entry) => isLoss(entry) && entry.cpu === cpu)).toEqual(expected);
          const own = entries.filter((entry) => entry.cpu === cpu);
          let seen = 0;
          for (const packet of packets) {
            seen += packet.own.length;
            const index = packets.indexOf(packet);
            const isTold = packet.discarded > (packets[index - 1]?.discarded ?? 0);
            if (isTold) expect(own[seen++]?.kind).toBe("loss");
          }
        }
      }),
    );
  });

  it("holds one packet a stream", () => {
    fc.assert(
      fc.property(streams, (all) => {
        const held = all.map(() => 0);
        const lazy = all.map(
          (packets, i): PacketStream<Told> => ({
            packets,
            *records({ own }) {
              held[i] = (held[i] ?? 0) + 1;
              yield* own;
              held[i] = (held[i] ?? 0) - 1;
            },
          }),
        );
        for (const _ of mergedOf(lazy)) expect(Math.max(...held)).toBeLessThanOrEqual(1);
        expect(held.every((count) => count === 0)).toBe(true);
      }),
    );
  });

  it("reads no further than it is asked", () => {
    const read: string[] = [];
    const lazy = (cpu: number): PacketStream<Told> => ({
      ...streamOf([told(cpu, 0, [1n, 2n]), told(cpu, 2, [10n]), told(cpu, 3, [20n])]),
      records: ({ cpu: of, own }) => {
        read.push(`${of}: ${own[0]?.timestamp}`);
        return own;
      },
    });
    const entries = mergedOf([lazy(0), lazy(1)]);
    expect(read).toEqual([]);
    entries.next();
    expect(read).toEqual(["0: 1", "1: 1"]);
    for (let i = 0; i < 3; i++) entries.next();
    expect(read).toEqual(["0: 1", "1: 1", "0: 10"]);
  });

  it("closes the streams when the reader has seen enough, and when one of them fails", () => {
    const closed: number[] = [];
    function* packets(cpu: number): Generator<Told> {
      try {
        yield told(cpu, 0, [1n]);
        yield told(cpu, 1, [2n]);
        if (cpu === 1) throw new RangeError("nonsense");
        yield told(cpu, 2, [3n]);
      } finally {
        closed.push(cpu);
      }
    }
    for (const _ of mergedOf([streamOf(packets(0)), streamOf(packets(1))])) break;
    expect(closed).toEqual([0, 1]);
    closed.length = 0;
    const seen: bigint[] = [];
    expect(() => {
      for (const { timestamp } of mergedOf([0, 1].map((cpu) => streamOf(packets(cpu))))) {
        seen.push(timestamp);
      }
    }).toThrow("nonsense");
    expect(seen).toEqual([1n, 1n, 2n, 2n]);
    expect(closed.toSorted()).toEqual([0, 1]);
  });
});

describe("openTraceFiles", () => {
  const encoder = new TextEncoder();
  const record = (time: bigint, n: number) => ({ time, id: 1, event: definition, args: [n] });
  const cpu0 = packetOf([record(5n, 1), record(9n, 2)], { discarded: 3 });
  const cpu1 = packetOf([record(7n, 3)], { cpu: 1 });
  const metadata = encoder.encode(metadataOf(facilities));
  const files = (over: Record<string, Uint8Array> = {}) =>
    new Map(Object.entries({ metadata, xen_0: cpu0, xen_1: cpu1, ...over }));

  it("reads all streams, as often as it is asked to", () => {
    const trace = openTraceFiles(files());
    expect(trace.facilities).toEqual(facilities);
    for (let turn = 0; turn < 2; turn++) {
      const entries = [...trace.entries()];
      expect(entries.map((e) => (isRecord(e) ? [e.cpu, e.fields.n] : [e.cpu, e.kind]))).toEqual([
        [0, 1],
        [1, 3],
        [0, 2],
        [0, "loss"],
      ]);
    }
  });

  it("refuses what is no trace", () => {
    expect(() => openTraceFiles([])).toThrow("no file called metadata");
    expect(() => openTraceFiles(files({ metadata: encoder.encode("x") }))).toThrow(TypeError);
  });

  it("names the file that makes no sense, after what could be read", () => {
    const trace = openTraceFiles(files({ xen_1: cpu1.slice(0, -1) }));
    expect(() => [...trace.entries()]).toThrow(/^xen_1: packet at byte 0: truncated/);
    const unknown = packetOf([{ ...record(7n, 3), id: 99 }], { cpu: 1 });
    const entries = openTraceFiles(files({ xen_1: unknown })).entries();
    expect(() => [...entries]).toThrow(
      /^xen_1: packet at byte 0: record at byte 80 of the packet: event 99/,
    );
  });

  it("refuses a stream of another trace", () => {
    const stray = packetOf([record(7n, 3)], { cpu: 1, uuid: new Uint8Array(16).fill(1) });
    const trace = openTraceFiles(files({ xen_1: stray }));
    expect(() => [...trace.entries()]).toThrow(
      "xen_1: packet at byte 0: its uuid is another trace's",
    );
  });

  it("refuses a clock that no calendar has room for", () => {
    const clock = { description: "", offsetSeconds: 2 ** 40, offsetNanoseconds: 0 };
    const text = metadataHeader({ uuid: "00112233-4455-6677-8899-aabbccddeeff", env: {}, clock });
    expect(() => openTraceFiles(files({ metadata: encoder.encode(text) }))).toThrow(
      /^metadata: the clock's offset/,
    );
  });
});
