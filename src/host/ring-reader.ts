// Reading one CPU's ring as its writer fills it. A ring whose words make no sense is marked corrupt and
// left alone.

import { TraceError } from "../errors.js";
import { COUNT_MAX, Ring, type RingGeometry } from "../memory/ring.js";
import type { ForeignMapping } from "./foreign-map.js";
import type { Packet } from "./packet.js";
import { TRIES, takeAll } from "./ring-decode.js";
import { type FoundRange, type LookHost, RingLooker } from "./ring-look.js";

/** A ring's frames, as dom0 has mapped them. */
export interface RingMappings {
  readonly control: ForeignMapping;
  readonly data: ForeignMapping;
}

export class RingReader {
  readonly geometry: RingGeometry;
  readonly #mappings: RingMappings;
  readonly #ring: Ring;
  readonly #looker: RingLooker;
  /** End time of the last packet: times only grow (I8). Losses that it told: no later one may tell fewer. */
  #told = { floor: 0n, declared: 0 };
  #corrupt = false;

  /** Throws TraceError as `Ring` does. */
  constructor(geometry: RingGeometry, mappings: RingMappings, host: LookHost) {
    this.geometry = geometry;
    this.#mappings = mappings;
    this.#ring = new Ring(geometry, mappings);
    this.#looker = new RingLooker(this.#ring, host);
  }

  /** True once the ring's words made no sense; it is not read any more. */
  get corrupt(): boolean {
    return this.#corrupt;
  }

  /** Marks it as corrupt. */
  giveUp(): void {
    this.#corrupt = true;
  }

  /** Records lost so far: for the last packet of a stream. */
  lost(): number {
    this.#checkValid();
    return this.#ring.discarded + Math.min(this.#ring.overwritten, COUNT_MAX);
  }

  /**
   * The next packet at the reader's position, or the padding there. undefined: nothing to read now,
   * or nothing but a sub-buffer that is still being written and `partial` is false.
   */
  next(partial: boolean): FoundRange | undefined {
    this.#checkValid();
    const copying = this.geometry.mode === "overwrite";
    for (let tries = 0; tries < TRIES && !this.#corrupt; tries++) {
      const at = this.#ring.consumed;
      // Field by field: this is done for each packet, and a spread is slower.
      const { floor, declared } = this.#told;
      const found = this.#looker.look({ at, partial, copying, floor, declared });
      if (found.kind === "corrupt") this.#corrupt = true;
      else if (found.kind === "empty") return undefined;
      else if (found.kind !== "moved") return found;
    }
    return undefined;
  }

  /**
   * All that is in the ring now, copied, without giving anything back. A writer that overtakes it
   * leaves holes: each packet's `discarded` tells what is missing before it.
   */
  snapshot(): readonly Packet[] {
    this.#checkValid();
    if (this.#corrupt) return [];
    const { packets, corrupt } = takeAll(this.#looker, this.#told);
    if (corrupt) this.#corrupt = true;
    return packets;
  }

  /** Notes that what `next` found was given back to the writer. */
  consumed(found: FoundRange): void {
    this.#looker.consumed(found);
    if (found.kind !== "packet") return;
    this.#told = { floor: found.packet.end, declared: found.packet.discarded };
  }

  /** Unmaps the ring. */
  close(): void {
    try {
      this.#mappings.control.unmap();
    } finally {
      this.#mappings.data.unmap();
    }
  }

  /** Frames are taken back by this thread's own destroy: not in the middle of a look. */
  #checkValid(): void {
    if (this.#mappings.control.valid) return;
    throw new TraceError("stale", `CPU ${this.geometry.cpu}: its trace was destroyed`);
  }
}
