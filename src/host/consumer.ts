// The consumer: reads all CPUs' rings of one trace, and gives back what was read.

import { REASON_NOT_CONSUMED, REASON_PUSHED, REASON_UNTIL } from "../../assembly/public/ops.js";
import { TraceError } from "../errors.js";
import { cpuSlots } from "../memory/control-page.js";
import { dataFrames, isRingOf, type RingFrames } from "../memory/ring.js";
import { directoryOf } from "../memory/trace-table.js";
import type { Claim } from "./claim.js";
import type { FacilityTable } from "./facility-table.js";
import type { ForeignMapping } from "./foreign-map.js";
import type { Packet } from "./packet.js";
import type { Privcmd, TraceControlInfo } from "./privcmd.js";
import type { FoundPacket, FoundRange, LookHost } from "./ring-look.js";
import { RingReader } from "./ring-reader.js";
import { tolerant } from "./tolerant.js";

/** What a consumer needs of dom0: a part of its context. */
export interface ConsumerHost {
  readonly claim: Claim;
  readonly privcmd: Privcmd;
  readonly facilities: FacilityTable;
  map(mfn: number, count: number): ForeignMapping;
}

/** The trace that it reads. */
export interface ConsumedTrace {
  readonly name: string;
  readonly info: TraceControlInfo;
}

/** What a pass is resumed with: false ends it. */
type GoOn = boolean | undefined;

export class Consumer {
  readonly #host: ConsumerHost;
  readonly #trace: ConsumedTrace;
  readonly #lookHost: LookHost;
  readonly #cpus: number;
  readonly #directory: Int32Array;
  readonly #readers = new Map<number, RingReader>();
  /** Those of `#readers`, in ascending order of CPU. */
  #ordered: readonly RingReader[] = [];
  /** CPUs whose ring frame names no data that could be its own. */
  readonly #unreadable = new Set<number>();
  readonly #taken = new Set<number>();
  /** The CPU of whose buffer a caller has a view: it has not asked for the next packet yet. */
  #lent: number | undefined;
  #looping = false;

  constructor(host: ConsumerHost, trace: ConsumedTrace) {
    const { claim, facilities } = host;
    this.#host = host;
    this.#trace = trace;
    this.#lookHost = {
      findSizer: (event) => facilities.sizer(event),
      withTexts: (bytes) => facilities.withTexts(bytes),
      now: () => claim.latest(),
      fence: claim.core.fence,
    };
    this.#cpus = cpuSlots(claim.views);
    this.#directory = directoryOf(claim.views, trace.info.mfn);
  }

  /** The readers of the CPUs that have a buffer by now, in ascending order of CPU. */
  readers(): readonly RingReader[] {
    const { privcmd } = this.#host;
    const { name } = this.#trace;
    const directory = this.#directory;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      // A hypercall for each slot that no thread has used would take longer than a buffer's reading.
      if (directory[cpu] === 0) continue;
      if (this.#readers.has(cpu) || this.#unreadable.has(cpu)) continue;
      const info = tolerant(() => privcmd.getCpuInfo(name, cpu));
      if (info === undefined || typeof info === "number") continue;
      const reader = info !== "corrupt" && this.#isRing(info) ? this.#open(cpu, info) : undefined;
      if (reader) this.#readers.set(cpu, reader);
      else this.#unreadable.add(cpu);
    }
    if (this.#ordered.length !== this.#readers.size) {
      const readers = [...this.#readers].sort(([a], [b]) => a - b);
      this.#ordered = readers.map(([, reader]) => reader);
    }
    return this.#ordered;
  }

  /**
   * One pass over all CPUs: yields each packet that is ready and gives it back to the writer when the
   * next one is asked for (discard mode), or before it is yielded (overwrite mode). Bounded: at most
   * what the buffers held when the pass came to them, and one turn more in overwrite mode.
   *
   * `next(false)` gives the packet back and ends the pass; `return()` ends it without that, and the
   * packet will be read again. Throws TraceError `busy` while another pass has handed out a view: this
   * one would hand out the same packet, and give it back to the writer under the other's eyes.
   * @param partial also what lies in sub-buffers that are still being written
   */
  *pass(partial: boolean): Generator<Packet, void, GoOn> {
    if (this.#lent !== undefined) {
      throw new TraceError(
        "busy",
        `trace ${this.#trace.name}: a packet of it is still being read; ask for the next one first, or leave that loop`,
      );
    }
    for (const reader of this.readers()) {
      if (!(yield* this.#drain(reader, partial))) return;
    }
  }

  /** @returns false when the pass is to end. */
  *#drain(reader: RingReader, partial: boolean): Generator<Packet, boolean, GoOn> {
    const { subbufCount, mode } = reader.geometry;
    for (let packets = 0; packets <= 2 * subbufCount; packets++) {
      const found = reader.next(partial);
      if (!found) return true;
      let goOn: GoOn;
      if (found.kind === "padding") {
        this.#giveBack(reader, found);
      } else if (mode === "discard") {
        goOn = yield* this.#lend(found);
        this.#giveBack(reader, found);
      } else if (this.#giveBack(reader, found)) {
        goOn = yield { ...found.packet, discarded: reader.lost() };
      }
      if (goOn === false) return false;
      if (found.kind === "packet" && found.packet.partial) return true;
    }
    return true;
  }

  /** Yields a view, and knows meanwhile that it is with the caller. */
  *#lend({ packet }: FoundPacket): Generator<Packet, GoOn, GoOn> {
    this.#lent = packet.cpu;
    try {
      return yield packet;
    } finally {
      this.#lent = undefined;
    }
  }

  /** Whether a view of a CPU's buffer is with a caller. What it shows must not be given back meanwhile. */
  lends(cpu: number): boolean {
    return this.#lent === cpu;
  }

  /**
   * Claims the loop over this trace's packets, of which there is one at a time: each would get packets
   * that the others miss. Throws TraceError `busy`. @returns what ends it
   */
  claimLoop(): () => void {
    if (this.#looping) {
      throw new TraceError(
        "busy",
        `packets: another loop reads trace ${this.#trace.name}; let it end first`,
      );
    }
    this.#looping = true;
    return () => {
      this.#looping = false;
    };
  }

  /** False when the writer was faster, and what was copied must be thrown away. */
  #giveBack(reader: RingReader, found: FoundRange): boolean {
    const { privcmd } = this.#host;
    const { name } = this.#trace;
    const { cpu } = reader.geometry;
    const { at, until } = found;
    const records = found.kind === "packet" ? found.packet.records : 0;
    if (privcmd.consume(name, cpu, at, until, records)) {
      const reason = privcmd.reason();
      // Pushed by the writer, or taken by another reader of this dom0's.
      if (reason === REASON_PUSHED || reason === REASON_NOT_CONSUMED) return false;
      if (reason === REASON_UNTIL) {
        // The reader checked the position: the ring's words have changed, and not by its writer.
        reader.giveUp();
        return false;
      }
      throw privcmd.error("consume", { name, cpu, old: at, until });
    }
    reader.consumed(found);
    return true;
  }

  /** CPUs whose words made no sense: they are not read any more. */
  corrupt(): number[] {
    const readers = [...this.#readers.values()].filter(({ corrupt }) => corrupt);
    return [...this.#unreadable, ...readers.map(({ geometry }) => geometry.cpu)].sort(
      (a, b) => a - b,
    );
  }

  /** Both runs are this trace's, of the right size, and no other CPU's. */
  #isRing(ring: RingFrames): boolean {
    const { info } = this.#trace;
    const { ringMfn, dataMfn } = ring;
    if (this.#taken.has(ringMfn) || this.#taken.has(dataMfn)) return false;
    if (!isRingOf(this.#host.claim.views, info.mfn, info, ring)) return false;
    this.#taken.add(ringMfn).add(dataMfn);
    return true;
  }

  /** undefined: the frames cannot be mapped, which those of a ring always can. */
  #open(cpu: number, ring: RingFrames): RingReader | undefined {
    try {
      return this.#map(cpu, ring);
    } catch (error) {
      if (error instanceof TraceError && UNREADABLE.has(error.code)) return undefined;
      throw error;
    }
  }

  #map(cpu: number, ring: RingFrames): RingReader {
    const { info } = this.#trace;
    const { mode, subbufBytes, subbufCount } = info;
    const data = this.#host.map(ring.dataMfn, dataFrames(info));
    const control = orUnmap(data, () => this.#host.map(ring.ringMfn, 1));
    const geometry = { cpu, mode, subbufBytes, subbufCount };
    return orUnmap(data, () =>
      orUnmap(control, () => new RingReader(geometry, { control, data }, this.#lookHost)),
    );
  }

  /** Unmaps all rings; then throws what kept one from it, TraceError `corrupt`. */
  close(): void {
    const readers = this.#ordered;
    this.#readers.clear();
    this.#ordered = [];
    let failure: unknown;
    for (const reader of readers) {
      try {
        reader.close();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure) throw failure;
  }
}

/** What says that a ring's frames are not what they should be. */
const UNREADABLE: ReadonlySet<string> = new Set(["not-shared", "stale", "corrupt"]);

/** Gives the mapping back when what it is for cannot be had. */
function orUnmap<T>(mapping: ForeignMapping, make: () => T): T {
  try {
    return make();
  } catch (error) {
    mapping.unmap();
    throw error;
  }
}
