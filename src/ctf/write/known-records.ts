// Records whose events nobody can describe: readers stop at one, and lose all that comes after it. So a packet ends
// before the first of them, and the rest of it counts as lost: how long such a record is, is not known either.

import { RECORD_EVENT_MASK, RECORD_HEADER_BYTES } from "../../../assembly/public/layout.js";
import { type Sizer, sizerOf } from "../../event/payload.js";
import { viewOf } from "../../memory/ring.js";
import type { LoadedFacility } from "../read/metadata.js";
import type { RecordedPacket } from "./packet-headers.js";

export class KnownRecords {
  readonly #sizers = new Map<number, Sizer>();
  readonly #lost = new Map<number, number>();

  /** The events of this facility are described. */
  learn({ firstEvent, definition }: LoadedFacility): void {
    for (const [i, event] of definition.events.entries()) {
      this.#sizers.set(firstEvent + i, sizerOf(event));
    }
  }

  /** Records of a CPU that were cut off so far. */
  lostOf(cpu: number): number {
    return this.#lost.get(cpu) ?? 0;
  }

  /** The packet up to its first record that is not known; what it has lost is counted in this and all later ones. */
  cut(packet: RecordedPacket): RecordedPacket {
    const { cpu, bytes, end } = packet;
    const view = viewOf(bytes);
    let records = 0;
    let at = 0;
    while (at + RECORD_HEADER_BYTES <= bytes.length) {
      const sizer = this.#sizers.get(view.getUint32(at, true) & RECORD_EVENT_MASK);
      const size = sizer?.(view, at + RECORD_HEADER_BYTES, bytes.length) ?? -1;
      if (size < 0) break;
      at += RECORD_HEADER_BYTES + size;
      records++;
    }
    const lost = this.lostOf(cpu) + packet.records - records;
    this.#lost.set(cpu, lost);
    return {
      cpu,
      begin: records > 0 ? packet.begin : end,
      end,
      records,
      discarded: packet.discarded + lost,
      bytes: bytes.subarray(0, at),
    };
  }
}
