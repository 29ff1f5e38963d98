/// <reference lib="esnext.disposable" preserve="true" />
// Mapping the hypervisor's frames: dom0 names frame numbers, never addresses, and gets a view that
// is bounded to them. A view of frames that were taken back fails loudly.

import { makeDisposable } from "../dispose.js";
import { hypercallError, TraceError } from "../errors.js";
import { framesAt, shareWord } from "../memory/frame-table.js";
import { memEvents } from "../tracepoint/builtin.js";
import type { Claim } from "./claim.js";

/** Frames that dom0 has mapped. The frames are not handed out again while they are mapped. */
export class ForeignMapping {
  /** `using`: unmaps it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly mfn: number;
  /** Frames of 4096 bytes. */
  readonly count: number;
  readonly #claim: Claim;
  readonly #recorded: boolean;
  readonly #bytes: Uint8Array;
  /** The frame table's word that changes when the frames are unshared or freed. */
  readonly #shareIndex: number;
  readonly #share: number;
  #open = true;

  /**
   * Throws TraceError `not-shared`, or `corrupt`. Made by `Dom0.mapForeignRange`.
   * @param recorded whether the mapping is an event of the program's
   */
  constructor(claim: Claim, mfn: number, count: number, recorded = true) {
    const { core, views } = claim;
    // The hypervisor sees 32 bits of each: what it would see otherwise is asked for as no frame.
    const whole = mfn >>> 0 === mfn && count >>> 0 === count;
    if (core.frame_map(whole ? mfn : 0, count)) {
      throw hypercallError("mapForeignRange", core.reason(), { mfn, count });
    }
    // The table said that there is such a run: in the memory it must be, and in the table.
    const bytes = framesAt(views, mfn, count);
    const share = shareWord(views, mfn);
    if (!bytes || share === undefined) {
      const { byteLength } = views.buffer;
      core.frame_unmap(mfn);
      throw new TraceError(
        "corrupt",
        `mapForeignRange: mfn=${mfn}, count=${count} is not in the memory of ${byteLength} bytes; ` +
          "the frame table was overwritten",
      );
    }
    this.mfn = mfn;
    this.count = count;
    this.#claim = claim;
    this.#recorded = recorded;
    this.#bytes = bytes;
    this.#shareIndex = share;
    this.#share = Atomics.load(views.words, this.#shareIndex);
    makeDisposable(this, () => this.unmap());
    if (recorded && claim.mayRecord()) memEvents.mem_page_grant_map(0);
  }

  /** True while the frames are shared as they were when they were mapped. */
  get valid(): boolean {
    return this.#open && Atomics.load(this.#claim.views.words, this.#shareIndex) === this.#share;
  }

  /**
   * The frames' bytes, live and shared with their writer: copy before you hand them to an API that
   * refuses shared memory. Throws TraceError `stale` once the frames were taken back (their trace
   * was destroyed), `closed` after `unmap`.
   */
  get bytes(): Uint8Array {
    if (!this.#open) {
      throw new TraceError("closed", `mapping of mfn=${this.mfn}: it was unmapped`);
    }
    if (!this.valid) {
      throw new TraceError("stale", `mapping of mfn=${this.mfn}: its trace was destroyed`);
    }
    return this.#bytes;
  }

  /** Gives the mapping back. May be called twice. Throws TraceError `corrupt`. */
  unmap(): void {
    if (!this.#open) return;
    this.#open = false;
    // A dom0 that closed has given all back; by now another's mapping may be counted there.
    if (!this.#claim.closed) this.#claim.core.frame_unmap(this.mfn);
    if (this.#recorded && this.#claim.mayRecord()) memEvents.mem_page_grant_unmap(0);
  }
}
