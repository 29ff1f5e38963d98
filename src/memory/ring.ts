// One CPU's ring: its control block, the table of its sub-buffers, and its data. What memory says there
// is handed on as it is, in numbers; whoever reads it checks it. Works on any memory that holds the bytes
// of a ring's frames, shared or not.

import {
  BUFFER_BYTES_MAX,
  FRAME_BYTES,
  RING_CONSUMED_AT,
  RING_DATA_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_OFFSET_AT,
  RING_OVERWRITTEN_AT,
  RING_SUBBUFS_AT,
  RING_TAKEN_AT,
  SUBBUF_BEGIN_AT,
  SUBBUF_BYTES_MAX,
  SUBBUF_BYTES_MIN,
  SUBBUF_CONTENT_END_AT,
  SUBBUF_COUNT_MAX,
  SUBBUF_COUNT_MIN,
  SUBBUF_DISCARDED_AT,
  SUBBUF_ENTRY_BYTES,
  SUBBUF_RECORDS_AT,
  SUBBUF_TS_LAST_AT,
} from "../../assembly/public/layout.js";
import { TraceError } from "../errors.js";
import { readFrame } from "./frame-table.js";
import { directoryOf, type TraceShape } from "./trace-table.js";
import type { MemoryViews } from "./views.js";

/** More records than are ever lost: sums of what the memory says stay exact, and fit a CTF packet. */
export const COUNT_MAX = 2 ** 51;

/** How a ring is divided: powers of two within their limits, as `isShape` has it. */
export interface RingGeometry extends TraceShape {
  readonly cpu: number;
}

/** Bytes of frames: of a mapping, whose getter may throw TraceError `stale`, or of a copy. */
export interface FrameBytes {
  readonly bytes: Uint8Array;
}

/** The memory that a ring is read from. */
export interface RingViews {
  /** Its control block: one frame, which begins at a multiple of 8 bytes of its buffer. */
  readonly control: FrameBytes;
  /** Its data: `subbufBytes * subbufCount` bytes, or more. */
  readonly data: FrameBytes;
}

/** Frame numbers of a ring's control block and of its data. */
export interface RingFrames {
  readonly ringMfn: number;
  readonly dataMfn: number;
}

/** What an entry of the sub-buffer table says. */
export interface SubbufEntry {
  /** Position of the sub-buffer's first byte, this turn. */
  readonly begin: number;
  /** Records of the ring before that. */
  readonly records: number;
  /** Bytes of it that hold records. */
  readonly contentEnd: number;
}

/** Whether a ring can be divided like that. */
export function isShape({ subbufBytes, subbufCount }: TraceShape): boolean {
  return (
    isPowerOfTwoIn(subbufBytes, SUBBUF_BYTES_MIN, SUBBUF_BYTES_MAX) &&
    isPowerOfTwoIn(subbufCount, SUBBUF_COUNT_MIN, SUBBUF_COUNT_MAX) &&
    subbufBytes * subbufCount <= BUFFER_BYTES_MAX
  );
}

function isPowerOfTwoIn(value: number, min: number, max: number): boolean {
  const whole = Number.isInteger(value) && value >= min && value <= max;
  return whole && (value & (value - 1)) === 0;
}

/** Frames that the data of a ring take. */
export function dataFrames({ subbufBytes, subbufCount }: TraceShape): number {
  return Math.ceil((subbufBytes * subbufCount) / FRAME_BYTES);
}

/** Whether both runs are those of a ring of the trace whose frame is `mfn`, of the right size. */
export function isRingOf(
  views: MemoryViews,
  mfn: number,
  shape: TraceShape,
  { ringMfn, dataMfn }: RingFrames,
): boolean {
  const trace = readFrame(views, mfn).owner;
  const isRun = (first: number, frames: number) => {
    const { owner, run } = readFrame(views, first);
    return owner === trace && run === frames;
  };
  return ringMfn !== dataMfn && isRun(ringMfn, 1) && isRun(dataMfn, dataFrames(shape));
}

/**
 * Where the ring of a CPU lies by the directory of the trace whose frame is `mfn`: for a memory image. A
 * live one is asked by get_info, which knows whether the ring was handed over. undefined: the CPU has
 * none, or what is named is not in the memory.
 */
export function ringFrames(views: MemoryViews, mfn: number, cpu: number): RingFrames | undefined {
  const ring = (directoryOf(views, mfn)[cpu] ?? 0) >>> 0;
  if (ring === 0 || ring % FRAME_BYTES !== 0 || ring + FRAME_BYTES > views.buffer.byteLength) {
    return undefined;
  }
  const data = views.data.getUint32(ring + RING_DATA_AT, true);
  if (data % FRAME_BYTES !== 0) return undefined;
  return { ringMfn: ring / FRAME_BYTES, dataMfn: data / FRAME_BYTES };
}

/** A view with the bounds of some bytes. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** A ring's words. Positions are in bytes since the trace's start, and exact up to 2^53. */
export class Ring {
  readonly geometry: RingGeometry;
  /** The data, to read a record's header where it lies: by `placeOf`. */
  readonly view: DataView;
  readonly #data: FrameBytes;
  readonly #longs: BigUint64Array;
  readonly #words: DataView;

  /** Throws TraceError `corrupt` when the bytes cannot hold such a ring, and as their getters do. */
  constructor(geometry: RingGeometry, { control, data }: RingViews) {
    const { bytes } = control;
    this.view = viewOf(data.bytes);
    const { subbufBytes, subbufCount, cpu } = geometry;
    const wanted = subbufBytes * subbufCount;
    const fits = bytes.length >= FRAME_BYTES && bytes.byteOffset % 8 === 0;
    if (!isShape(geometry) || !fits || this.view.byteLength < wanted) {
      throw new TraceError(
        "corrupt",
        `ring of CPU ${cpu}: subbufBytes=${subbufBytes}, subbufCount=${subbufCount} does not fit ` +
          `${bytes.length} bytes at ${bytes.byteOffset}, and ${this.view.byteLength} of data`,
      );
    }
    this.geometry = geometry;
    this.#data = data;
    this.#longs = new BigUint64Array(bytes.buffer, bytes.byteOffset, FRAME_BYTES / 8);
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, FRAME_BYTES);
  }

  /** Up to where the writer has published. */
  get offset(): number {
    // Pairs with publish in ring.ts and the delivery in switch.ts: every byte below it is there (I3).
    return this.#load(RING_OFFSET_AT);
  }

  /** Up to where dom0 has given back, or the writer has pushed it. */
  get consumed(): number {
    return this.#load(RING_CONSUMED_AT);
  }

  /** Records that dom0 has read. */
  get taken(): number {
    return this.#load(RING_TAKEN_AT);
  }

  /** Records that were pushed over before the position that dom0 last gave back. */
  get overwritten(): number {
    return this.#load(RING_OVERWRITTEN_AT);
  }

  /** Records that were discarded so far; not more than 2 COUNT_MAX. */
  get discarded(): number {
    const full = Math.min(this.#load(RING_DISCARDED_FULL_AT), COUNT_MAX);
    return full + Math.min(this.#load(RING_DISCARDED_BIG_AT), COUNT_MAX);
  }

  /** The entry of the sub-buffer that a position lies in. */
  entry(position: number): SubbufEntry {
    const at = this.#entryAt(position);
    return {
      begin: this.#plain(at + SUBBUF_BEGIN_AT),
      records: this.#plain(at + SUBBUF_RECORDS_AT),
      // The upper half of its long word is unused.
      contentEnd: this.#words.getUint32(at + SUBBUF_CONTENT_END_AT, true),
    };
  }

  /** When that sub-buffer was closed, in nanoseconds since boot. */
  closedAt(position: number): bigint {
    return this.#words.getBigUint64(this.#entryAt(position) + SUBBUF_TS_LAST_AT, true);
  }

  /** Records that were discarded in the ring up to then; not more than COUNT_MAX. */
  discardedThen(position: number): number {
    return Math.min(this.#plain(this.#entryAt(position) + SUBBUF_DISCARDED_AT), COUNT_MAX);
  }

  /** The bytes between two positions of one sub-buffer: live, or a copy. */
  bytes(from: number, to: number, copying: boolean): Uint8Array {
    const at = this.placeOf(from);
    const { bytes } = this.#data;
    return copying ? bytes.slice(at, at + to - from) : bytes.subarray(at, at + to - from);
  }

  /** Where in the data a position lies. */
  placeOf(position: number): number {
    const { subbufBytes, subbufCount } = this.geometry;
    return position % (subbufBytes * subbufCount);
  }

  /** Where the sub-buffer begins that a position lies in. */
  beginOf(position: number): number {
    return position - (position % this.geometry.subbufBytes);
  }

  /** Where in the control frame the entry of a position's sub-buffer is. */
  #entryAt(position: number): number {
    const { subbufBytes, subbufCount } = this.geometry;
    const index = Math.floor(position / subbufBytes) % subbufCount;
    return RING_SUBBUFS_AT + index * SUBBUF_ENTRY_BYTES;
  }

  #load(at: number): number {
    return Number(Atomics.load(this.#longs, at / 8));
  }

  /**
   * A long word of an entry, in halves. Ordered as the records themselves are: its writer is done
   * with it before `offset` is published, and where it may come back to it, `consumed` tells.
   */
  #plain(at: number): number {
    return this.#words.getUint32(at, true) + this.#words.getUint32(at + 4, true) * 2 ** 32;
  }
}
