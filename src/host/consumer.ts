// The consumer: reads all CPUs' rings of one trace, and gives back what was read.

import { FRAME_BYTES } from "../../assembly/public/layout.js";
import { REASON_PUSHED } from "../../assembly/public/ops.js";
import type { FacilityTable } from "./facility-table.js";
import type { ForeignMapping } from "./foreign-map.js";
import type { Packet } from "./packet.js";
import type { Privcmd, TraceControlInfo } from "./privcmd.js";
import { type FoundPacket, type Padding, type ReaderHost, RingReader } from "./ring-reader.js";

export interface ConsumerParts {
  readonly name: string;
  readonly cpus: number;
  readonly info: TraceControlInfo;
  readonly privcmd: Privcmd;
  readonly facilities: FacilityTable;
  readonly map: (mfn: number, count: number) => ForeignMapping;
  readonly now: ReaderHost["now"];
  readonly fence: ReaderHost["fence"];
}

/** What a pass is resumed with: false ends it. */
type GoOn = boolean | undefined;

export class Consumer {
  readonly #parts: ConsumerParts;
  readonly #readers = new Map<number, RingReader>();

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  /** The readers of the CPUs that have a buffer by now, in ascending order of CPU. */
  readers(): RingReader[] {
    const { name, cpus, privcmd } = this.#parts;
    for (let cpu = 0; cpu < cpus; cpu++) {
      if (this.#readers.has(cpu)) continue;
      const info = privcmd.getCpuInfo(name, cpu);
      if (typeof info === "object") this.#readers.set(cpu, this.#open(cpu, info));
    }
    return [...this.#readers].sort(([a], [b]) => a - b).map(([, reader]) => reader);
  }

  /**
   * One pass over all CPUs: yields each packet that is ready and gives it back to the writer when the
   * next one is asked for (discard mode), or before it is yielded (overwrite mode). Bounded: at most
   * what the buffers held when the pass came to them, and one turn more in overwrite mode.
   *
   * `next(false)` gives the packet back and ends the pass; `return()` ends it without that, and the
   * packet will be read again.
   * @param partial also what lies in sub-buffers that are still being written
   */
  *pass(partial: boolean): Generator<Packet, void, GoOn> {
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
      if (!("bytes" in found)) {
        this.#giveBack(reader, found);
      } else if (mode === "discard") {
        goOn = yield found;
        this.#giveBack(reader, found);
      } else if (this.#giveBack(reader, found)) {
        goOn = yield { ...found, discarded: reader.lost() };
      }
      if (goOn === false) return false;
      if ("partial" in found && found.partial) return true;
    }
    return true;
  }

  /** False when the writer was faster, and what was copied must be thrown away. */
  #giveBack(reader: RingReader, found: FoundPacket | Padding): boolean {
    const { name, privcmd } = this.#parts;
    const { cpu } = reader.geometry;
    const records = "records" in found ? found.records : 0;
    if (privcmd.consume(name, cpu, found.old, found.until, records)) {
      if (privcmd.reason() === REASON_PUSHED) return false;
      throw privcmd.error("consume", { name, cpu, old: found.old, until: found.until });
    }
    reader.consumed(found);
    return true;
  }

  #open(cpu: number, ring: { ringMfn: number; dataMfn: number }): RingReader {
    const { info, map, facilities, now, fence } = this.#parts;
    const { mode, subbufBytes, subbufCount } = info;
    const frames = Math.ceil((subbufBytes * subbufCount) / FRAME_BYTES);
    const control = map(ring.ringMfn, 1);
    const data = map(ring.dataMfn, frames);
    const geometry = { cpu, mode, subbufBytes, subbufCount };
    const codecOf = (event: number) => facilities.codec(event);
    return new RingReader(geometry, control, data, { codecOf, now, fence });
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
  }
}
