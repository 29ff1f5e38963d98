// Records with labels as readers have them: each number becomes the text that it stands for, as a string.
// Packets without such records stay as they are, in place.

import {
  FRAME_BYTES,
  LABEL_BYTES_MAX,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
} from "../../assembly/public/layout.js";
import type { EventDefinition } from "../event/definition.js";
import { type Sizer, sizerOf, skipField } from "../event/payload.js";
import { LABEL, type Shape, STRING, shapeOf, wordsUp } from "../event/shape.js";
import { isLabelFrame, labelBytes } from "../memory/label-runs.js";
import type { OwnBytes } from "../memory/own-bytes.js";
import { viewOf } from "../memory/ring.js";
import type { MemoryViews } from "../memory/views.js";

/** What is shown for a text that found no room. */
export const LABELS_FULL_TEXT = "(label table full)";
/** Texts kept: beyond that, shared memory was overwritten, or there are very many. */
const KEPT_MAX = 65536;

const encoder = new TextEncoder();
const FULL: OwnBytes = encoder.encode(`${LABELS_FULL_TEXT}\0`);
/** For a number that stands for no text: shared memory was overwritten. */
const UNKNOWN: OwnBytes = encoder.encode("?\0");

/** What is to be known of an event to walk its records. */
export interface RecordLayout {
  readonly size: Sizer;
  /** Of its fields, when one of them is a label. */
  readonly labelled: readonly Shape[] | undefined;
}

export function recordLayoutOf(event: EventDefinition): RecordLayout {
  const shapes = event.fields.map(({ type }) => shapeOf(type));
  const labelled = shapes.some(({ code }) => code === LABEL);
  return { size: sizerOf(event), labelled: labelled ? shapes : undefined };
}

/** Texts by their numbers, which never change. */
export class LabelTexts {
  readonly #views: MemoryViews;
  readonly #texts = new Map<number, OwnBytes>();

  constructor(views: MemoryViews) {
    this.#views = views;
  }

  /** The text in UTF-8 with its NUL; "?" for a number that is none. */
  textOf(number: number): OwnBytes {
    if (number === 0) return FULL;
    let text = this.#texts.get(number);
    if (!text) {
      text = this.#read(number * 4) ?? UNKNOWN;
      if (this.#texts.size >= KEPT_MAX) this.#texts.clear();
      if (text !== UNKNOWN) this.#texts.set(number, text);
    }
    return text;
  }

  #read(at: number): OwnBytes | undefined {
    const views = this.#views;
    const frame = Math.floor(at / FRAME_BYTES);
    if (!isLabelFrame(views, frame)) return undefined;
    // A text may go on into the next frame, if that one is of texts too.
    const more = isLabelFrame(views, frame + 1) ? 2 : 1;
    const end = Math.min((frame + more) * FRAME_BYTES, views.buffer.byteLength);
    const bytes = labelBytes(views, at, end);
    const copy: OwnBytes = new Uint8Array(bytes);
    copy.set(views.bytes.subarray(at + 4, at + 4 + bytes));
    const nul = copy.indexOf(0);
    return nul > 0 ? copy.subarray(0, nul + 1) : undefined;
  }
}

/** Bytes that grow at their end. */
class Growing {
  #bytes: OwnBytes;
  length = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  add(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Zero bytes up to a whole word. */
  align(): void {
    const end = wordsUp(this.length);
    this.#room(end - this.length);
    this.#bytes.fill(0, this.length, end);
    this.length = end;
  }

  all(): OwnBytes {
    return this.#bytes.subarray(0, this.length);
  }

  #room(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.all());
    this.#bytes = grown;
  }
}

/**
 * The records with texts in place of labels' numbers: `bytes` itself where none has any. undefined where
 * they are no records of known events. Bounded: a number becomes at most LABEL_BYTES_MAX bytes.
 * @param hasUnknown there may be records of events that nobody knows: what comes after one is left as it is
 */
export function withTexts(
  bytes: Uint8Array,
  layoutOf: (event: number) => RecordLayout | undefined,
  texts: LabelTexts,
  hasUnknown = false,
): Uint8Array | undefined {
  const view = viewOf(bytes);
  const end = bytes.length;
  let out: Growing | undefined;
  /** What is before it is in `out`. */
  let done = 0;
  for (let at = 0; at < end; ) {
    const payload = at + RECORD_HEADER_BYTES;
    if (payload > end) return undefined;
    const layout = layoutOf(view.getUint32(at, true) & RECORD_EVENT_MASK);
    if (!layout && hasUnknown) break;
    const size = layout?.size(view, payload, end) ?? -1;
    if (!layout || size < 0) return undefined;
    at = payload + size;
    if (!layout.labelled) continue;
    out ??= new Growing(2 * end + LABEL_BYTES_MAX);
    out.add(bytes.subarray(done, payload));
    if (!addPayload(out, layout.labelled, view, bytes, payload, at, texts)) return undefined;
    done = at;
  }
  if (!out) return bytes;
  out.add(bytes.subarray(done));
  return out.all();
}

/** Adds one record's payload; false when it does not end at `end`, as memory has changed meanwhile. */
function addPayload(
  out: Growing,
  shapes: readonly Shape[],
  view: DataView,
  bytes: Uint8Array,
  begin: number,
  end: number,
  texts: LabelTexts,
): boolean {
  let at = begin;
  for (const shape of shapes) {
    const isLabel = shape.code === LABEL;
    if (shape.code !== STRING) {
      at = begin + wordsUp(at - begin);
      if (!isLabel) out.align();
    }
    const next = skipField(shape, view, at, end);
    if (next < 0) return false;
    out.add(isLabel ? texts.textOf(view.getUint32(at, true)) : bytes.subarray(at, next));
    at = next;
  }
  out.align();
  return true;
}
