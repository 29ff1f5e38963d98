// Strings in records: a u32 length that is a multiple of 4, then UTF-8 and zero bytes up to that
// length. The padding counts as part of the length because babeltrace2 ends such a text at its
// first NUL; hence a NUL within a text becomes U+2400, the symbol for it. And since babeltrace2 2.0.4
// shows an earlier record's text where a text is empty (its change 4528 mends that), an empty text
// is written as U+200B, which has no width. Read back, a text of length 0 is empty too.

import type { OwnBytes } from "../own-bytes.js";
import type { Area } from "./area.js";

/** Longest text that is read unit by unit: up to here it beats a call of TextEncoder. */
const LOOP_MAX = 32;

/** What an empty text is written as. */
const NO_TEXT = "\u200b";

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
 * Writes a text at `at`. Returns the position after it, or -1 when it would exceed the area or `at`
 * is -1; then bytes of the area may have been written.
 */
export function writeText(text: string, area: Area, at: number): number {
  const { length } = text;
  const begin = at + 4;
  // Each UTF-16 unit is a byte or more, so this turns huge texts away before they cost anything.
  const end = begin + ((length + 3) & ~3);
  if (at < 0 || end > area.limit) return -1;
  if (length === 0 || length > LOOP_MAX || !writeAscii(text, area.view, begin)) {
    return writeLong(text, area, at);
  }
  area.view.setInt32(at, end - begin, true);
  return end;
}

/** Writes a text and its padding, word by word; false where not all its units are 1 to 0x7f. */
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
  if (whole === length) return true;
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

/** `writeText` for any text that may fit, by TextEncoder. */
function writeLong(text: string, area: Area, at: number): number {
  const begin = at + 4;
  const visible = text === "" ? NO_TEXT : withoutNul(text);
  const rest = area.from(begin);
  const { read, written } = encodesShared
    ? encoder.encodeInto(visible, rest)
    : encodeThrough(visible, rest);
  const end = begin + ((written + 3) & ~3);
  if (read < visible.length || end > area.limit) return -1;
  for (let i = begin + written; i < end; i++) area.bytes[i] = 0;
  area.view.setInt32(at, end - begin, true);
  return end;
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

/** The text of `length` bytes at `at`, up to its first NUL. The bytes must lie within the view. */
export function readText(view: DataView, at: number, length: number): string {
  const copy = copyBytes(view, at, length);
  const nul = copy.indexOf(0);
  const text = decoder.decode(nul < 0 ? copy : copy.subarray(0, nul));
  return text === NO_TEXT ? "" : text;
}

/** A copy of bytes, never of shared memory. */
export function copyBytes(view: DataView, at: number, length: number): OwnBytes {
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
  return copy;
}
