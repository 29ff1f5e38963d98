// Strings in records: a u32 length that is a multiple of 4, then UTF-8 and zero bytes up to that
// length. The padding counts as part of the length because babeltrace2 ends such a text at its
// first NUL; hence a NUL within a text becomes U+2400, the symbol for it. And since babeltrace2 2.0.4
// shows an earlier record's text where a text is empty (its change 4528 mends that), an empty text
// is written as U+200B, which has no width. Read back, a text of length 0 is empty too.

/** Longest text that is written by a loop: up to here it beats a call of TextEncoder. */
const LOOP_MAX = 64;

/** What an empty text is written as. */
const NO_TEXT = "\u200b";

const encoder = new TextEncoder();
// A byte order mark is part of a text that was recorded, so do not swallow it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// Some runtimes refuse to encode into, or decode from, shared memory: go by a buffer of our own.
let privateBytes = new Uint8Array(0);

/**
 * Writes a text at `at`. Returns the position after it, or -1 when it would exceed `limit`; then
 * bytes below `limit` may have been written.
 */
export function writeText(
  text: string,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
): number {
  const { length } = text;
  const begin = at + 4;
  // Each UTF-16 unit is a byte or more, so this turns huge texts away before they cost anything.
  const end = begin + ((length + 3) & ~3);
  if (end > limit) return -1;
  if (length === 0 || length > LOOP_MAX) return writeLong(text, bytes, view, at, limit);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || unit > 0x7f) return writeLong(text, bytes, view, at, limit);
    bytes[begin + i] = unit;
  }
  for (let i = begin + length; i < end; i++) bytes[i] = 0;
  view.setUint32(at, end - begin, true);
  return end;
}

function writeLong(
  text: string,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
): number {
  const visible = text === "" ? NO_TEXT : text.replaceAll("\0", "\u2400");
  const begin = at + 4;
  const room = Math.min(visible.length * 3, limit - begin);
  if (privateBytes.length < room) privateBytes = new Uint8Array(Math.max(room, 4096));
  const { read, written } = encoder.encodeInto(visible, privateBytes);
  const end = begin + ((written + 3) & ~3);
  if (read < visible.length || end > limit) return -1;
  bytes.set(privateBytes.subarray(0, written), begin);
  bytes.fill(0, begin + written, end);
  view.setUint32(at, end - begin, true);
  return end;
}

/** The text of `length` bytes at `at`, up to its first NUL. The bytes must lie within the view. */
export function readText(view: DataView, at: number, length: number): string {
  const copy = copyBytes(view, at, length);
  const nul = copy.indexOf(0);
  const text = decoder.decode(nul < 0 ? copy : copy.subarray(0, nul));
  return text === NO_TEXT ? "" : text;
}

/** A copy of bytes, never of shared memory. */
export function copyBytes(view: DataView, at: number, length: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
  return copy;
}
