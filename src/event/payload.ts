// How the payload of a record is laid out. All little-endian, in words of 32 bits, counted from the
// start of the payload, which is a multiple of 4:
//
//   u8 u16 u32 i8 i16 i32 bool enum f32   one word, extended by value
//   u64 i64 f64                           two words, low word first
//   label    one word, the number of a text: where it is read, the text, as a string
//   string   UTF-8 (see text.ts) and a NUL; begins at any byte, right after what is before it
//   bytes    u32 length, the bytes
//   array    u32 count, then each element as above
//
// After a string or bytes, zero bytes up to a whole word come before anything but a string, and at
// the end. No length counts them: for readers of CTF they are the alignment of what follows.
//
// This file finds where a payload ends; encode.ts writes payloads, and ctf/read/payload.ts reads them.

import type { EventDefinition } from "./definition.js";
import { ARRAY, type Shape, STRING, shapeOf, wordsUp } from "./shape.js";
import { textEnd } from "./text.js";

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
      if (shape.code !== STRING) position = at + wordsUp(position - at);
      position = skipField(shape, view, position, until);
      if (position < 0) return -1;
    }
    const size = wordsUp(position - at);
    return size <= until - at ? size : -1;
  };
}

/** The position after one value, or -1 when it does not end at or before `end`. */
export function skipField(shape: Shape, view: DataView, at: number, end: number): number {
  if (shape.bytes > 0) return at + shape.bytes <= end ? at + shape.bytes : -1;
  if (shape.code === STRING) return textEnd(view, at, end);
  if (at + 4 > end) return -1;
  const length = view.getUint32(at, true);
  const begin = at + 4;
  if (shape.code !== ARRAY) return begin + length <= end ? begin + length : -1;
  const { element } = shape;
  // Each element is a byte or more: a count that passes bounds the loop below.
  if (!element || length > end - begin) return -1;
  if (element.bytes > 0) {
    const until = begin + length * element.bytes;
    return until <= end ? until : -1;
  }
  let position = begin;
  for (let i = 0; i < length && position >= 0; i++)
    position = skipField(element, view, position, end);
  return position;
}
