// Plain values to memory, laid out as drawn in payload.ts. No code of a user runs in here.

import type { Area } from "./area.js";
import { lengthOf } from "./genuine.js";
import type { TOO_LONG } from "./plain.js";
import { ARRAY, BYTES, F64, I64, type Shape, STRING, U64 } from "./shape.js";
import { writePadding, writeText, writeTextToWord } from "./text.js";

/**
 * Writes a plain value at `at` and returns the position after it, or -1 when that would exceed the
 * area or `at` is -1 itself: calls may be nested, and the last one tells whether all has fit.
 */
export type Writer = (plain: unknown, area: Area, at: number) => number;

/**
 * The writer of a shape's plain values, which are as `converterOf` of the shape makes them. It ends
 * at a whole word unless a text follows, which begins at any byte.
 */
export function writerOf(shape: Shape, beforeText: boolean): Writer {
  switch (shape.code) {
    case STRING:
      return (beforeText ? writeText : writeTextToWord) as Writer;
    case BYTES:
      return beforeText ? (writeBytes as Writer) : toWord(writeBytes as Writer);
    case ARRAY:
      if (shape.element?.code !== STRING || beforeText) return listWriter(shape);
      return toWord(listWriter(shape));
    case U64:
    case I64:
      return writeWide as Writer;
    case F64:
      return writeDouble as Writer;
    default:
      return writeWord as Writer;
  }
}

function toWord(write: Writer): Writer {
  return (plain, area, at) => writePadding(area, write(plain, area, at));
}

function writeWord(word: number, { view, limit }: Area, at: number): number {
  const end = at + 4;
  if (at < 0 || end > limit) return -1;
  view.setInt32(at, word, true);
  return end;
}

function writeDouble(value: number, { view, limit }: Area, at: number): number {
  const end = at + 8;
  if (at < 0 || end > limit) return -1;
  view.setFloat64(at, value, true);
  return end;
}

function writeWide(value: number | bigint, { view, limit }: Area, at: number): number {
  const end = at + 8;
  if (at < 0 || end > limit) return -1;
  if (typeof value === "bigint") {
    view.setBigInt64(at, value, true);
    return end;
  }
  // Both halves are exact for any double, negative ones included, and 0 for NaN and infinities:
  //   -1 -> low ffffffff, high floor(-2^-32) = -1;   -2^32 -> low 0, high -1.
  const whole = Math.trunc(value);
  view.setUint32(at, whole >>> 0, true);
  view.setUint32(at + 4, Math.floor(whole / 0x1_0000_0000) >>> 0, true);
  return end;
}

function writeBytes(
  value: Uint8Array | typeof TOO_LONG,
  { bytes, view, limit }: Area,
  at: number,
): number {
  if (typeof value === "symbol") return -1;
  const length = lengthOf(value);
  const begin = at + 4;
  const end = begin + length;
  if (at < 0 || end > limit) return -1;
  view.setUint32(at, length, true);
  // A view whose buffer was detached has no bytes, and `set` would refuse it.
  if (length > 0) bytes.set(value, begin);
  return end;
}

function listWriter({ element }: Shape): Writer {
  const writeElement = element ? writerOf(element, element.code === STRING) : () => -1;
  return (plain, area, at) => {
    const list = plain as readonly unknown[] | typeof TOO_LONG;
    if (typeof list === "symbol" || at < 0 || at + 4 > area.limit) return -1;
    area.view.setUint32(at, list.length, true);
    let position = at + 4;
    for (let i = 0; i < list.length && position >= 0; i++) {
      position = writeElement(list[i], area, position);
    }
    return position;
  };
}
