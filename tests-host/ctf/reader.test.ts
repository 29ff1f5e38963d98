// Reading traces of our own, whole and hostile.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import {
  compileFacilities,
  decodePacket,
  PACKET_HEADER_BYTES,
  type PacketHeader,
  scanStream,
  summarize,
} from "../../src/ctf/index.js";
import { array, defineFacility, field, string, u32, u64 } from "../../src/event/index.js";
import { packetOf, type Written } from "../lib/ctf-traces.js";

const app = defineFacility("app", {
  request: [field("id", u32), field("path", string)],
  batch: [field("ids", array(u64))],
});
const facilities = [{ firstEvent: 10, definition: app }];

const request = (time: number, id: number, path: string): Written => {
  const [event] = app.events;
  if (!event) throw new Error("no event");
  return { time: BigInt(time), id: 10, event, args: [id, path] };
};

function join(...packets: Uint8Array[]): Uint8Array {
  return Uint8Array.from(packets.flatMap((p) => [...p]));
}

const scan = (bytes: Uint8Array, size = bytes.length) => [
  ...scanStream((at, length) => bytes.subarray(at, at + length), size),
];

describe("scanStream", () => {
  const first = packetOf([request(5, 1, "/a"), request(9, 2, "/b")], { discarded: 1 });
  const padded = packetOf([], { timestampBegin: 9n, timestampEnd: 12n, sequence: 1, discarded: 1 });
  const third = packetOf([request(20, 3, "/c")], { sequence: 4, discarded: 6 });

  it("finds each packet and where it begins", () => {
    const found = scan(join(first, padded, third));
    expect(found.map((p) => [p.at, p.records, p.sequence, p.discarded])).toEqual([
      [0, 2, 0, 1],
      [first.length, 0, 1, 1],
      [first.length + 80, 1, 4, 6],
    ]);
  });

  it("finds nothing in an empty stream", () => {
    expect(scan(new Uint8Array(0))).toEqual([]);
  });

  it("steps over padding", () => {
    const room = packetOf([], { packetBytes: 100 });
    const whole = join(room, new Uint8Array(20), third);
    expect(scan(whole).map((p) => p.at)).toEqual([0, 100]);
  });

  it("yields the packets before one that is cut off", () => {
    const bytes = join(first, third);
    for (const size of [first.length + 1, first.length + 79, bytes.length - 1]) {
      const packets = scanStream((at, length) => bytes.subarray(at, at + length), size);
      expect(packets.next().value).toMatchObject({ at: 0 });
      expect(() => packets.next()).toThrow(`packet at byte ${first.length}: truncated`);
    }
  });

  it("says so when the bytes are not there to be read", () => {
    expect(() => scan(first.slice(0, 50), first.length)).toThrow("only 50 bytes of its header");
  });

  it.each<[string, Partial<PacketHeader>, RegExp]>([
    ["another trace", { uuid: new Uint8Array(16) }, /uuid is another trace's/],
    ["another CPU", { cpu: 1 }, /CPU 1 in the stream of CPU 0/],
    ["time that goes backwards (I8)", { timestampBegin: 8n }, /begins at 8 ns/],
    ["a sequence that goes backwards", { sequence: 0 }, /sequence 0 after 0/],
    ["a discarded count that goes backwards", { discarded: 0 }, /0 discarded, after 1/],
  ])("refuses %s", (_what, over, message) => {
    const next = packetOf([request(20, 3, "/c")], { sequence: 1, discarded: 1, ...over });
    expect(() => scan(join(first, next))).toThrow(message);
    expect(() => scan(join(first, next))).toThrow(`packet at byte ${first.length}: `);
  });

  it("names the position of a header that makes no sense", () => {
    const bytes = join(first, third);
    bytes[first.length] = 0;
    expect(() => scan(bytes)).toThrow(new RegExp(`^packet at byte ${first.length}: magic is`));
    expect(() => scan(bytes)).toThrow(TypeError);
  });

  it("ends cleanly on whatever bytes there are", () => {
    const whole = join(first, padded, third);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255))), (changes) => {
        const bytes = whole.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        let packets = 0;
        try {
          for (const _ of scanStream((at, n) => bytes.subarray(at, at + n), bytes.length))
            packets++;
        } catch (error) {
          expect(error instanceof RangeError || error instanceof TypeError).toBe(true);
        }
        expect(packets).toBeLessThanOrEqual(bytes.length / PACKET_HEADER_BYTES);
      }),
    );
  });
});

describe("summarize", () => {
  it("adds up each stream, and all of them", () => {
    const a = scan(
      join(
        packetOf([request(5, 1, "")], { discarded: 2 }),
        packetOf([request(8, 1, ""), request(9, 1, "")], { sequence: 1, discarded: 5 }),
      ),
    );
    const b = scan(packetOf([request(3, 1, "")], { cpu: 1, discarded: 1 }));
    const { streams, total } = summarize([
      { name: "cpu0", packets: a },
      { name: "cpu1", packets: b },
      { name: "cpu2", packets: [] },
    ]);
    expect(streams).toEqual([
      {
        name: "cpu0",
        cpu: 0,
        packets: 2,
        records: 3,
        discarded: 5,
        bytes: 208,
        begin: 5n,
        end: 9n,
      },
      {
        name: "cpu1",
        cpu: 1,
        packets: 1,
        records: 1,
        discarded: 1,
        bytes: 96,
        begin: 3n,
        end: 3n,
      },
      {
        name: "cpu2",
        cpu: undefined,
        packets: 0,
        records: 0,
        discarded: 0,
        bytes: 0,
        begin: undefined,
        end: undefined,
      },
    ]);
    expect(total).toEqual({ packets: 3, records: 4, discarded: 6, bytes: 304, begin: 3n, end: 9n });
  });

  it("of nothing is nothing", () => {
    expect(summarize([]).total).toMatchObject({ packets: 0, begin: undefined, end: undefined });
  });
});

describe("decodePacket", () => {
  it("yields records with names and values", () => {
    const [definition, batch] = app.events;
    if (!definition || !batch) throw new Error("no event");
    const eventClass = eventClassOf("app", definition);
    const other = eventClassOf("app", batch);
    const packet = packetOf([
      request(5, 1, "/a"),
      { time: 5n, id: 11, event: batch, args: [[1n, 2]] },
    ]);
    const expected = [
      { event: "app:request", eventClass, timestamp: 5n, fields: { id: 1, path: "/a" } },
      { event: "app:batch", eventClass: other, timestamp: 5n, fields: { ids: [1n, 2n] } },
    ];
    expect([...decodePacket(packet, facilities)]).toEqual(expected);
    expect([...decodePacket(packet, compileFacilities(facilities))]).toEqual(expected);
  });

  it("reads from the middle of a larger buffer", () => {
    const packet = packetOf([request(5, 1, "/a")]);
    const all = new Uint8Array(packet.length + 11).fill(0xff);
    all.set(packet, 3);
    const records = [...decodePacket(all.subarray(3, 3 + packet.length), facilities)];
    expect(records).toHaveLength(1);
  });

  const two = [request(5, 1, "/a"), request(9, 2, "/b")];

  it.each<[string, Uint8Array, RegExp]>([
    [
      "an event that is not known",
      packetOf([{ ...request(5, 1, ""), id: 99 }]),
      /event 99 is not known/,
    ],
    [
      "a payload that does not end",
      packetOf(two, { contentBytes: 92 }),
      /app:request does not fit/,
    ],
    [
      "half a record header",
      packetOf(two, { contentBytes: 100 }),
      /byte 96 of the packet: only 4 bytes/,
    ],
    [
      "content that is not there",
      packetOf(two, { contentBytes: 500, packetBytes: 500 }),
      /content of 500 bytes/,
    ],
    ["a record before its begin", packetOf(two, { timestampBegin: 6n }), /time 5 not of 6 to 9/],
    ["a record after its end", packetOf(two, { timestampEnd: 8n }), /time 9 not of 5 to 8/],
    [
      "time that goes backwards (I8)",
      packetOf([request(9, 1, ""), request(5, 1, "")], { timestampBegin: 5n, timestampEnd: 9n }),
      /time 5 not of 9 to 9/,
    ],
    ["fewer records than counted", packetOf(two, { records: 3 }), /counts 3 records, it holds 2/],
  ])("refuses %s", (_what, packet, message) => {
    expect(() => [...decodePacket(packet, facilities)]).toThrow(message);
  });

  it("refuses facilities that claim one event number", () => {
    const twice = [...facilities, { firstEvent: 11, definition: app }];
    expect(() => compileFacilities(twice)).toThrow("event 11: both app:batch and app:request");
    expect(() => compileFacilities([{ firstEvent: 4095, definition: app }])).toThrow(RangeError);
  });

  it("throws only clean errors at whatever bytes there are", () => {
    const packet = packetOf(two);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(packet.length - 1), fc.nat(255))), (changes) => {
        const bytes = packet.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        let records = 0;
        try {
          for (const _ of decodePacket(bytes, facilities)) records++;
        } catch (error) {
          expect(error instanceof RangeError || error instanceof TypeError).toBe(true);
        }
        expect(records).toBeLessThanOrEqual(bytes.length / 8);
      }),
    );
  });
});
