// Plain values to memory, laid out as drawn in codec.ts. No code of a user runs in here.

import type { TOO_LONG } from "./plain.js";
import { ARRAY, BOOL, BYTES, F32, F64, I64, type Shape, STRING, U64, wordsUp } from "./shape.js";
import { writeText } from "./text.js";

/** Writes one value and returns the position after it, or -1 when it would exceed `limit`. */
export function write(
  shape: Shape,
  value: unknown,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
): number {
  if (at + shape.bytes > limit) return -1;
  switch (shape.code) {
    case STRING:
      return writeText(value as string, bytes, view, at, limit);
    case BYTES:
      return writeBytes(value as Uint8Array | typeof TOO_LONG, bytes, view, at, limit);
    case ARRAY:
      return writeList(shape, value as unknown[] | typeof TOO_LONG, bytes, view, at, limit);
    case U64:
    case I64:
      writeWide(value as number | bigint, view, at);
      return at + 8;
    case F64:
      view.setFloat64(at, value as number, true);
      return at + 8;
    case F32:
      view.setFloat32(at, value as number, true);
      return at + 4;
    case BOOL:
      view.setInt32(at, value ? 1 : 0, true);
      return at + 4;
    default:
      view.setInt32(at, value as number, true);
      return at + 4;
  }
}

function writeWide(value: number | bigint, view: DataView, at: number): void {
  if (typeof value === "bigint") {
    view.setBigInt64(at, value, true);
    return;
  }
  // Both halves are exact for any double, negative ones included, and 0 for NaN and infinities:
  //   -1 -> low ffffffff, high floor(-2^-32) = -1;   -2^32 -> low 0, high -1.
  const whole = Math.trunc(value);
  view.setUint32(at, whole >>> 0, true);
  view.setUint32(at + 4, Math.floor(whole / 0x1_0000_0000) >>> 0, true);
}

function writeBytes(
  value: Uint8Array | typeof TOO_LONG,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
): number {
  if (typeof value === "symbol") return -1;
  const begin = at + 4;
  const until = begin + value.length;
  const end = begin + wordsUp(value.length);
  if (end > limit) return -1;
  view.setUint32(at, value.length, true);
  // A view whose buffer was detached has no bytes, and `set` would refuse it.
  if (value.length > 0) bytes.set(value, begin);
  for (let i = until; i < end; i++) bytes[i] = 0;
  return end;
}

function writeList(
  { element }: Shape,
  list: readonly unknown[] | typeof TOO_LONG,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
): number {
  if (typeof list === "symbol" || !element || at + 4 > limit) return -1;
  view.setUint32(at, list.length, true);
  let position = at + 4;
  for (const value of list) {
    position = write(element, value, bytes, view, position, limit);
    if (position < 0) return -1;
  }
  return position;
}
