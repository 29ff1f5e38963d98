// Strings in records: UTF-8 and a NUL, as CTF has them. Hence a NUL within a text becomes U+2400,
// the symbol for it. babeltrace2 2.0.4 shows an earlier record's text in place of an empty one (its
// change 4528 mends that), so no text is written as nothing: one that consists of U+200B alone, which
// has no width, or is empty, is written with one more of them and read with one less.

import type { OwnBytes } from "../memory/own-bytes.js";
import type { Area } from "./area.js";

/** Longest text that is read unit by unit: up to here it beats a call of TextEncoder. */
const LOOP_MAX = 32;

const NO_WIDTH_UNIT = 0x200b;
const NO_WIDTH = "\u200b";

const encoder = new TextEncoder();
// A byte order mark is part of a text that was recorded, so do not swallow it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Whether a text can be encoded into shared memory at once. The Encoding Standard allows it, but not
 * every runtime does it.
 */
const encodesShared = ((): boolean => {
  try {
    const shared = new Uint8Array(new SharedArrayBuffer(1));
    encoder.encodeInto("x", shared);
    return shared[0] === 0x78;
  } catch {
    return false;
  }
})();

/** Where a text is encoded when it cannot be encoded into shared memory. */
let privateBytes = new Uint8Array(0);

/**
 * Writes a text and its NUL at `at`. Returns the position after the NUL, or -1 when it would exceed
 * the area or `at` is -1. In both cases bytes from `at` to the area's limit may have been written.
 */
export function writeText(text: string, area: Area, at: number): number {
  const { length } = text;
  if (at < 0) return -1;
  const fits = isShort(length) && at + (length & ~3) + 4 <= area.limit;
  if (fits && writeAscii(text, area.view, at)) return at + length + 1;
  return writeLong(text, area, at);
}

/** `writeText`, and zero bytes up to a whole word. */
export function writeTextToWord(text: string, area: Area, at: number): number {
  // Also where `at` is -1.
  if ((at & 3) !== 0) return writePadding(area, writeText(text, area, at));
  const { length } = text;
  const end = at + (length & ~3) + 4;
  if (isShort(length) && end <= area.limit && writeAscii(text, area.view, at)) return end;
  return writePadding(area, writeLong(text, area, at));
}

function isShort(length: number): boolean {
  return length <= LOOP_MAX && length > 0;
}

/**
 * Writes zero bytes from `at` up to a whole word. Returns the position after them, or -1 when it
 * would exceed the area or `at` is -1.
 */
export function writePadding({ bytes, limit }: Area, at: number): number {
  const end = (at + 3) & ~3;
  if (at < 0 || end > limit) return -1;
  for (let i = at; i < end; i++) bytes[i] = 0;
  return end;
}

/**
 * Writes a text word by word, up to and including the word that its NUL is in; false where not all
 * its units are 1 to 0x7f.
 */
function writeAscii(text: string, view: DataView, begin: number): boolean {
  const { length } = text;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if (!areAscii(a | b | c | d, (a - 1) | (b - 1) | (c - 1) | (d - 1))) return false;
    view.setInt32(begin + i, a | (b << 8) | (c << 16) | (d << 24), true);
  }
  let word = 0;
  for (let i = whole; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (!areAscii(unit, unit - 1)) return false;
    word |= unit << ((i - whole) * 8);
  }
  view.setInt32(begin + whole, word, true);
  return true;
}

/**
 * Whether some units are all 1 to 0x7f: then neither the units nor the numbers one less than each
 * have a bit above the seventh. Takes both united by `|`.
 */
function areAscii(units: number, less: number): boolean {
  return ((units | less) & ~0x7f) === 0;
}

/** `writeText` for any text, by TextEncoder. */
function writeLong(text: string, area: Area, at: number): number {
  // Each UTF-16 unit is a byte or more, so this turns huge texts away before they cost anything.
  if (at + text.length >= area.limit) return -1;
  // One text in very many begins with U+200B: so the other way is tried first, and with its first unit only.
  const isPlain = text.charCodeAt(0) !== NO_WIDTH_UNIT && text !== "";
  const visible = isPlain || !hasNoWidth(text) ? withoutNul(text) : text + NO_WIDTH;
  const rest = area.from(at);
  const { read, written } = encodesShared
    ? encoder.encodeInto(visible, rest)
    : encodeThrough(visible, rest);
  const nul = at + written;
  if (read < visible.length || nul >= area.limit) return -1;
  area.bytes[nul] = 0;
  return nul + 1;
}

/** Whether a text is empty or U+200B alone. */
function hasNoWidth(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== NO_WIDTH_UNIT) return false;
  return true;
}

function withoutNul(text: string): string {
  // V8 searches by `indexOf` in place, which `includes` and `replaceAll` cost a call or two.
  return text.indexOf("\0") < 0 ? text : text.replaceAll("\0", "\u2400");
}

/** `encodeInto` by way of memory that is not shared. */
function encodeThrough(text: string, to: Uint8Array): { read: number; written: number } {
  const room = Math.min(text.length * 3, to.length);
  if (privateBytes.length < room) privateBytes = new Uint8Array(Math.max(room, 4096));
  const result = encoder.encodeInto(text, privateBytes.subarray(0, room));
  to.set(privateBytes.subarray(0, result.written));
  return result;
}

/**
 * The position after the first NUL at or after `at`, or -1 when there is none before `end`. The
 * bytes up to `end` must lie within the view.
 */
export function textEnd(view: DataView, at: number, end: number): number {
  let position = at;
  for (; position + 4 <= end; position += 4) {
    const word = view.getInt32(position, true);
    // Of the bytes of which one less borrows, the lowest is zero.
    if (((word - 0x01010101) & ~word & 0x80808080) !== 0) break;
  }
  for (; position < end; position++) if (view.getUint8(position) === 0) return position + 1;
  return -1;
}

/** The text of the `length` bytes at `at`, which must lie within the view. */
export function readText(view: DataView, at: number, length: number): string {
  const text = decoder.decode(copyBytes(view, at, length));
  return hasNoWidth(text) ? text.slice(1) : text;
}

/** A copy of bytes, never of shared memory. */
export function copyBytes(view: DataView, at: number, length: number): OwnBytes {
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
  return copy;
}
