// A trace as CTF, piece by piece: its metadata as it grows, and each packet's header. Where the pieces
// go is the business of others (files.ts).

import type { ClockBase, CpuClock } from "../../clock/clock.js";
import { describeValue } from "../../errors.js";
import type { LoadedFacility } from "../read/metadata.js";
import { randomUuid } from "../uuid.js";
import { describeClock, hypervisorClock } from "./clock.js";
import { tracer } from "./environment.js";
import { KnownRecords } from "./known-records.js";
import { metadataClock, metadataEvents, metadataHeader } from "./metadata.js";
import { PacketHeaders, type RecordedPacket } from "./packet-headers.js";

/** What a writer asks dom0, a `Dom0`: then nobody need call its `describe`. */
export interface TraceSource {
  readonly clock: ClockBase;
  readonly closed: boolean;
  facilities(): readonly LoadedFacility[];
  /** True when threads may record events that `facilities` does not tell of. */
  readonly hasUnknownEvents?: boolean;
  clocks(): readonly CpuClock[];
}

/** What there is to say about a trace before its first packet. `dom0` or `clock` must be given. */
export interface TraceDescription {
  /** The dom0 whose packets are written: each facility and clock is described before the first packet
   * that may need it. */
  readonly dom0?: TraceSource;
  /** The hypervisor's: `dom0.clock`. */
  readonly clock?: ClockBase;
  /** The clocks of the CPUs there are, `dom0.clocks()`: the metadata then tells how precise the times
   * of the trace are. */
  readonly clocks?: readonly CpuClock[];
  /** More about the trace, for its `env`: hostname, runtime, what the program likes. */
  readonly env?: Readonly<Record<string, string | number>>;
}

/** What a CPU has lost altogether. */
export interface Loss {
  readonly cpu: number;
  readonly discarded: number;
}

export class TraceEncoder {
  /** The first part of the metadata: text, to come before all else. */
  readonly header: string;
  readonly #headers: PacketHeaders;
  readonly #known = new KnownRecords();
  /** What the metadata says last of each CPU's clock. */
  readonly #clocks = new Map<number, CpuClock>();
  #facilities = 0;
  readonly #dom0: TraceSource | undefined;

  /** Throws a TypeError for a clock that is none, and for an `env` that cannot be written. */
  constructor({
    dom0,
    clock = dom0?.clock,
    clocks = dom0?.clocks() ?? [],
    env = {},
  }: TraceDescription) {
    if (typeof clock?.wallNs !== "bigint") {
      throw new TypeError(
        "a writer needs the dom0 whose packets it writes, as in { dom0: hypervisor.dom0() }, or its clock, " +
          `{ clock: dom0.clock }, got clock ${describeValue(clock)}`,
      );
    }
    const uuid = randomUuid();
    this.header = metadataHeader({
      uuid,
      env: { ...tracer(), ...env },
      clock: describeClock(hypervisorClock(clock, clocks)),
    });
    this.#headers = new PacketHeaders(uuid);
    this.#dom0 = dom0;
  }

  /**
   * What is to be appended to the metadata before a packet of that CPU, where dom0 was given. The clocks
   * of all CPUs are asked for only once for each CPU, as that takes longer than a small packet.
   */
  ahead(cpu: number): string {
    const dom0 = this.#dom0;
    return dom0 ? this.describe(dom0.facilities(), this.#clocks.has(cpu) ? [] : dom0.clocks()) : "";
  }

  /**
   * What is to be appended to the metadata at the end: a CPU may have got another clock meanwhile.
   * Readers take the last word.
   */
  last(): string {
    const dom0 = this.#dom0;
    return dom0 && !dom0.closed ? this.describe(dom0.facilities(), dom0.clocks()) : "";
  }

  /** What is to be appended to the metadata for facilities and clocks that it does not tell of yet. */
  describe(facilities: readonly LoadedFacility[], clocks: readonly CpuClock[]): string {
    let text = "";
    for (const clock of clocks) {
      if (isSameClock(this.#clocks.get(clock.cpu), clock)) continue;
      text += metadataClock(clock);
      this.#clocks.set(clock.cpu, clock);
    }
    for (const facility of facilities.slice(this.#facilities)) {
      text += metadataEvents(facility.firstEvent, facility.definition);
      this.#known.learn(facility);
      this.#facilities++;
    }
    return text;
  }

  /** The packet without records that readers could not read, see known-records.ts. Ask `ahead` before. */
  readable(packet: RecordedPacket): RecordedPacket {
    return this.#dom0?.hasUnknownEvents ? this.#known.cut(packet) : packet;
  }

  /** The header of the next packet of a CPU's stream, good until the next call. Throws a RangeError. */
  packetHeader(packet: RecordedPacket): Uint8Array {
    return this.#headers.next(packet);
  }

  /** Empty packets that declare the losses which no packet has declared yet. */
  lossPackets(losses: Iterable<Loss>): RecordedPacket[] {
    const packets: RecordedPacket[] = [];
    for (const { cpu, discarded: lost } of losses) {
      const discarded = lost + this.#known.lostOf(cpu);
      const declared = this.#headers.state(cpu);
      if (discarded <= (declared?.discarded ?? 0)) continue;
      const time = declared?.end ?? 0n;
      const bytes = new Uint8Array(0);
      packets.push({ cpu, begin: time, end: time, records: 0, discarded, bytes });
    }
    return packets;
  }
}

function isSameClock(a: CpuClock | undefined, b: CpuClock): boolean {
  return a?.clock === b.clock && a.resolutionNs === b.resolutionNs && a.errorNs === b.errorNs;
}
