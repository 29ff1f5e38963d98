// The packet header, byte by byte.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventClassOf } from "../../src/ctf/event-class.js";
import {
  CTF_MAGIC,
  decodePacket,
  decodePacketHeader,
  encodePacketHeader,
  formatUuid,
  PACKET_HEADER_BYTES,
  type PacketHeader,
  parseUuid,
} from "../../src/ctf/index.js";
import { defineFacility, field, string, u32 } from "../../src/event/index.js";
import { babeltrace, metadataOf, UUID } from "../lib/ctf-traces.js";
import { itWith } from "../lib/peers.js";

const header: PacketHeader = {
  uuid: parseUuid(UUID),
  timestampBegin: 0x1000n,
  timestampEnd: 0x2001n,
  contentBytes: 112,
  packetBytes: 128,
  sequence: 6,
  discarded: 7,
  cpu: 2,
  records: 2,
};

const GOLDEN = Uint8Array.from(
  `
  c1 1f fc c1                                       magic
  00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff   uuid
  00 00 00 00                                       stream_id
  00 10 00 00 00 00 00 00                           timestamp_begin  0x1000 ns
  01 20 00 00 00 00 00 00                           timestamp_end    0x2001 ns
  80 03 00 00 00 00 00 00                           content_size     112 bytes = 0x380 bits
  00 04 00 00 00 00 00 00                           packet_size      128 bytes = 0x400 bits
  06 00 00 00 00 00 00 00                           packet_seq_num
  07 00 00 00 00 00 00 00                           events_discarded
  02 00 00 00                                       cpu_id
  02 00 00 00                                       records
  03 00 00 01 00 00 00 00                           0x1000 << 12 | event 3
  2a 00 00 00                                       id               u32 42
  2f 69 74 65 6d 73 00 00                           path             "/items", NUL, padding
  04 10 00 02 00 00 00 00                           0x2001 << 12 | event 4
  00 00 00 00                                       n                u32 0; the content ends here
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00   padding
  `
    .split("\n")
    .flatMap(
      (line) => /^ {2}((?:[0-9a-f]{2} )*[0-9a-f]{2})(?: |$)/.exec(line)?.[1]?.split(" ") ?? [],
    )
    .map((byte) => Number.parseInt(byte, 16)),
);

const app = defineFacility("app", {
  request: [field("id", u32), field("path", string)],
  tick: [field("n", u32)],
});
const facilities = [{ firstEvent: 3, definition: app }];

describe("the golden packet", () => {
  it("is what its header encodes to", () => {
    const out = new Uint8Array(PACKET_HEADER_BYTES);
    encodePacketHeader(out, header);
    expect([...out]).toEqual([...GOLDEN.slice(0, 80)]);
    expect(GOLDEN).toHaveLength(128);
  });

  it("is what its header decodes from", () => {
    const view = new DataView(GOLDEN.buffer);
    expect(decodePacketHeader(view, 0)).toEqual(header);
    expect(view.getUint32(0, true)).toBe(CTF_MAGIC);
  });

  it("holds its records", () => {
    const [request, tick] = app.events.map((event) => eventClassOf("app", event));
    expect([...decodePacket(GOLDEN, facilities)]).toEqual([
      {
        event: "app:request",
        eventClass: request,
        timestamp: 0x1000n,
        fields: { id: 42, path: "/items" },
      },
      { event: "app:tick", eventClass: tick, timestamp: 0x2001n, fields: { n: 0 } },
    ]);
  });

  itWith("babeltrace2")("is read by babeltrace2", () => {
    const { lines, stderr, status } = babeltrace(metadataOf(facilities), [GOLDEN]);
    expect(stderr).toMatch(/^WARNING: Tracer may have discarded events [^\n]*\n$/);
    expect(status).toBe(0);
    expect(lines.map((line) => line.replace(/ \([^)]*\)/, ""))).toEqual([
      '[00000000000000004096] app:request: { id = 42, path = "/items", end = { } }',
      "[00000000000000008193] app:tick: { n = 0 }",
    ]);
  });
});

describe("a packet header", () => {
  const headers = fc
    .record({
      uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      timestampBegin: fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }),
      length: fc.bigInt({ min: 0n, max: 1n << 52n }),
      contentBytes: fc.integer({ min: 80, max: 2 ** 50 }),
      padding: fc.nat(),
      sequence: fc.maxSafeNat(),
      discarded: fc.maxSafeNat(),
      cpu: fc.integer({ min: 0, max: 0xffffffff }),
      records: fc.integer({ min: 0, max: 0xffffffff }),
    })
    .map(({ length, padding, ...rest }) => ({
      ...rest,
      timestampEnd: rest.timestampBegin + length,
      packetBytes: rest.contentBytes + padding,
    }));

  it("comes back as it was", () => {
    fc.assert(
      fc.property(headers, fc.nat(40), (h, at) => {
        const bytes = new Uint8Array(at + 80);
        encodePacketHeader(bytes.subarray(at), h);
        expect(decodePacketHeader(new DataView(bytes.buffer), at)).toEqual(h);
      }),
    );
  });

  it.each<[string, Partial<PacketHeader>]>([
    ["a UUID of 15 bytes", { uuid: new Uint8Array(15) }],
    ["content less than itself", { contentBytes: 79 }],
    ["content more than the packet", { contentBytes: 129 }],
    ["content of half a byte", { contentBytes: 100.5 }],
    ["an end before its begin", { timestampEnd: 0n }],
    ["a time before boot", { timestampBegin: -1n }],
    ["a sequence below 0", { sequence: -1 }],
    ["a count beyond 2^53", { discarded: 2 ** 53 }],
    ["a CPU that is no u32", { cpu: 2 ** 32 }],
    ["records that are no u32", { records: -1 }],
  ])("with %s is not written", (_what, over) => {
    const out = new Uint8Array(80);
    expect(() => encodePacketHeader(out, { ...header, ...over })).toThrow(RangeError);
    expect(out.every((b) => b === 0)).toBe(true);
  });

  it("is not written where there is no room", () => {
    expect(() => encodePacketHeader(new Uint8Array(79), header)).toThrow(RangeError);
  });

  it.each<[string, number, number, RegExp]>([
    ["another magic", 0, 0xc0, /magic is 0xc1fc1fc0/],
    ["another stream id", 20, 1, /stream_id is 1/],
    ["bits that are no bytes", 40, 0x81, /content_size: 897 bits/],
    ["content less than itself", 41, 0x02, /content of 80|content of 7/],
    ["content more than the packet", 49, 0x02, /content of 112 bytes in a packet of 64/],
    ["a huge size", 47, 0xff, /contentBytes/],
    ["a huge count", 71, 0xff, /discarded/],
    ["an end before its begin", 33, 0, /time from 4096 to 1 ns/],
  ])("with %s is refused", (_what, at, byte, message) => {
    const bytes = new Uint8Array(8 + 128);
    bytes.set(GOLDEN, 8);
    bytes[8 + at] = byte;
    if (at === 41) bytes[8 + 40] = 0x78;
    expect(() => decodePacketHeader(new DataView(bytes.buffer), 8)).toThrow(message);
    expect(() => decodePacketHeader(new DataView(bytes.buffer), 8)).toThrow(/^packet at byte 8: /);
  });

  it("that is cut off is refused", () => {
    for (const at of [-1, 49, 128, 1000, Number.NaN]) {
      expect(() => decodePacketHeader(new DataView(GOLDEN.buffer), at)).toThrow(RangeError);
    }
  });
});

describe("a UUID", () => {
  it("goes to text and back", () => {
    expect(formatUuid(header.uuid)).toBe(UUID);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseUuid(formatUuid(bytes))).toEqual(bytes);
      }),
    );
  });

  it("that is none is refused", () => {
    expect(() => formatUuid(new Uint8Array(17))).toThrow(RangeError);
    for (const text of ["", UUID.slice(1), `${UUID}0`, UUID.replace("0", "g")]) {
      expect(() => parseUuid(text)).toThrow(TypeError);
    }
  });
});
