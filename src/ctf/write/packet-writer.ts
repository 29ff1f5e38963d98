// dom0's packets to the files of a trace, as they are: nothing in them is decoded.

import type { CpuClock } from "../../clock/clock.js";
import { badOption } from "../../errors.js";
import { isUint8Array } from "../../event/genuine.js";
import type { LoadedFacility } from "../read/metadata.js";
import type { NewFiles } from "./files.js";
import type { RecordedPacket } from "./packet-headers.js";
import type { Loss, TraceEncoder } from "./trace-encoder.js";

const encoder = new TextEncoder();

/** What `CtfWriter` and `TraceFiles` have in common: which file gets what. */
export class PacketWriter {
  readonly #encoder: TraceEncoder;
  readonly #files: NewFiles;
  readonly #channel: string;
  /** Names of the streams, by CPU. */
  readonly #names = new Map<number, string>();

  /** Writes the first part of the metadata. Throws what the files throw; so do all methods. */
  constructor(trace: TraceEncoder, files: NewFiles, channel: string) {
    this.#encoder = trace;
    this.#files = files;
    this.#channel = channel;
    this.#declare(trace.header);
  }

  /** Describes the facilities and clocks that are not described yet. */
  describe(facilities: readonly LoadedFacility[], clocks: readonly CpuClock[]): void {
    this.#declare(this.#encoder.describe(facilities, clocks));
  }

  /** Appends a packet to its CPU's stream. Throws TraceError `bad-option` for what is no packet. */
  write(packet: RecordedPacket): void {
    const isPacket = packet?.bytes !== undefined && isUint8Array(packet.bytes);
    if (!isPacket || typeof packet.begin !== "bigint") {
      throw badOption(
        "write",
        "its argument",
        "a packet of trace.drain() or trace.packets()",
        packet,
      );
    }
    this.#declare(this.#encoder.ahead(packet.cpu));
    this.#append(this.#encoder.readable(packet));
  }

  /** Declares losses that no packet has declared yet, by empty packets. */
  finish(losses: Iterable<Loss>): void {
    this.#declare(this.#encoder.last());
    for (const packet of this.#encoder.lossPackets(losses)) this.#append(packet);
  }

  #declare(text: string): void {
    if (text !== "") this.#files.append("metadata", [encoder.encode(text)]);
  }

  #append(packet: RecordedPacket): void {
    const { cpu, bytes } = packet;
    const name = this.#names.get(cpu) ?? `${this.#channel}_${cpu}`;
    this.#names.set(cpu, name);
    this.#files.append(name, [this.#encoder.packetHeader(packet), bytes]);
  }
}
