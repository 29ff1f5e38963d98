// How the payload of a record is laid out. All little-endian, in words of 32 bits, counted from the
// start of the payload:
//
//   u8 u16 u32 i8 i16 i32 bool enum f32   one word, extended by value
//   u64 i64 f64                           two words, low word first
//   string   u32 length (a multiple of 4), UTF-8, zero bytes up to that length
//   bytes    u32 length (exact), the bytes, zero bytes up to a whole word
//   array    u32 count, then each element as above
//
// Here is what tells where one ends; encode.ts has the writer's side of it, decode.ts the reader's.

import type { EventDefinition } from "./definition.js";
import { ARRAY, type Shape, STRING, shapeOf, wordsUp } from "./shape.js";

/**
 * Bytes of the payload at `at`, or -1 if it does not end at or before `end` or a length in it is
 * nonsense. Memory is not trusted; the time is bounded by `end - at`.
 */
export type Sizer = (view: DataView, at: number, end: number) => number;

/** Bytes of the payload when no field varies in size. */
export function fixedBytesOf(shapes: readonly Shape[]): number | undefined {
  if (shapes.some(({ bytes }) => bytes === 0)) return undefined;
  return shapes.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What tells the size of an event's payloads. */
export function sizerOf({ fields }: EventDefinition): Sizer {
  const shapes = fields.map(({ type }) => shapeOf(type));
  const fixedBytes = fixedBytesOf(shapes);
  return (view, at, end) => {
    const until = Math.min(end, view.byteLength);
    if (!(at >= 0 && at <= until)) return -1;
    if (fixedBytes !== undefined) return fixedBytes <= until - at ? fixedBytes : -1;
    let position = at;
    for (const shape of shapes) {
      position = skip(shape, view, position, until);
      if (position < 0) return -1;
    }
    return position - at;
  };
}

/** The position after one value, or -1 when it does not end at or before `end`. */
function skip(shape: Shape, view: DataView, at: number, end: number): number {
  if (shape.bytes > 0) return at + shape.bytes <= end ? at + shape.bytes : -1;
  if (at + 4 > end) return -1;
  const length = view.getUint32(at, true);
  const begin = at + 4;
  if (shape.code === STRING && length % 4 !== 0) return -1;
  if (shape.code !== ARRAY) {
    const until = begin + wordsUp(length);
    return until <= end ? until : -1;
  }
  const { element } = shape;
  // Each element is a word or more: a count that passes bounds the loop below.
  if (!element || length > (end - begin) / 4) return -1;
  if (element.bytes > 0) {
    const until = begin + length * element.bytes;
    return until <= end ? until : -1;
  }
  let position = begin;
  for (let i = 0; i < length && position >= 0; i++) position = skip(element, view, position, end);
  return position;
}
