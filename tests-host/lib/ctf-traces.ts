// Makes traces for the tests of CTF, and lets babeltrace2 read them.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  encodePacketHeader,
  type LoadedFacility,
  metadataEvents,
  metadataHeader,
  PACKET_HEADER_BYTES,
  type PacketHeader,
  parseUuid,
} from "../../src/ctf/index.js";
import { Area, type EventDefinition, encoderOf } from "../../src/event/index.js";

export const UUID = "00112233-4455-6677-8899-aabbccddeeff";

/** A record to be written: time in ns, number of the event, its definition and arguments. */
export interface Written {
  readonly time: bigint;
  readonly id: number;
  readonly event: EventDefinition;
  readonly args: readonly unknown[];
}

/** Records of all events of facilities, one each, with the arguments `argsOf` gives. */
export function oneOfEach(
  facilities: readonly LoadedFacility[],
  argsOf: (event: EventDefinition) => readonly unknown[],
): Written[] {
  return facilities
    .flatMap(({ firstEvent, definition }) =>
      definition.events.map((event, i) => ({ id: firstEvent + i, event })),
    )
    .map(({ id, event }, n) => ({ time: BigInt(1000 + n), id, event, args: argsOf(event) }));
}

/** The packet of these records. */
export function packetOf(
  records: readonly Written[],
  over: Partial<PacketHeader> = {},
): Uint8Array {
  const bytes = new Uint8Array(1 << 20);
  const view = new DataView(bytes.buffer);
  let at = PACKET_HEADER_BYTES;
  for (const { time, id, event, args } of records) {
    view.setBigUint64(at, (time << 12n) | BigInt(id), true);
    const encoder = encoderOf(event);
    const size = encoder.encode(encoder.plain(args), new Area(bytes, view, bytes.length), at + 8);
    if (size < 0) throw new Error(`${event.name} does not fit`);
    at += 8 + size;
  }
  const packet = bytes.slice(0, at);
  encodePacketHeader(packet, {
    uuid: parseUuid(UUID),
    timestampBegin: records[0]?.time ?? 0n,
    timestampEnd: records.at(-1)?.time ?? 0n,
    contentBytes: at,
    packetBytes: at,
    sequence: 0,
    discarded: 0,
    cpu: 0,
    records: records.length,
    ...over,
  });
  return packet;
}

/** Metadata of a trace with these facilities, the clock's zero at the Unix epoch. */
export function metadataOf(facilities: readonly LoadedFacility[]): string {
  const header = metadataHeader({
    uuid: UUID,
    env: { tracer_major: 0, tracer_minor: 1 },
    clock: { description: "test", offsetSeconds: 0, offsetNanoseconds: 0 },
  });
  return header + facilities.map((f) => metadataEvents(f.firstEvent, f.definition)).join("");
}

/** What babeltrace2 said about a trace. */
export interface Babeltrace {
  readonly status: number | null;
  readonly stderr: string;
  /** Standard output by lines; `babeltrace` leaves the packet context out. */
  readonly lines: readonly string[];
}

/** Writes a trace of one stream to a folder, lets babeltrace2 print it, and removes the folder. */
export function babeltrace(metadata: string, packets: readonly Uint8Array[]): Babeltrace {
  const files = { metadata, cpu0: Buffer.concat(packets) };
  const { lines, ...rest } = babeltraceFiles(files, "--clock-cycles");
  return { ...rest, lines: lines.map((line) => line.replace(/\{ cpu_id = .*? \}, /, "")) };
}

/** The same for any files, with an option of babeltrace2's, and the packet context in the lines. */
export function babeltraceFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  option: string,
): Babeltrace {
  const folder = mkdtempSync(join(tmpdir(), "tbuf-test-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stdout, stderr } = spawnSync("babeltrace2", [option, folder], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      env: { ...process.env, LC_ALL: "C" },
    });
    const lines = stdout.split("\n").filter((line) => line !== "");
    return { status, stderr, lines };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
