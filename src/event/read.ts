// Memory to values, laid out as drawn in codec.ts. The memory may be shared, and is not trusted.

import {
  ARRAY,
  BOOL,
  BYTES,
  ENUM,
  F32,
  F64,
  I8,
  I16,
  I32,
  I64,
  type Shape,
  STRING,
  U8,
  U16,
  U32,
  U64,
  wordsUp,
} from "./shape.js";
import { copyBytes, readText } from "./text.js";

/** The position after one value, or -1 when it does not end at or before `end`. */
export function skip(shape: Shape, view: DataView, at: number, end: number): number {
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

/** A position that moves towards `end`; `begin` is for messages. */
export interface Cursor {
  readonly view: DataView;
  readonly begin: number;
  readonly end: number;
  at: number;
}

/** Throws the RangeError of a payload that cannot be one. */
export function tooShort({ begin, end }: Cursor): never {
  throw new RangeError(`payload at byte ${begin} does not end before byte ${end}, or is nonsense`);
}

/** The position of the next `length` bytes; the cursor moves past them. */
function take(cursor: Cursor, length: number): number {
  const { at } = cursor;
  if (!(length <= cursor.end - at)) tooShort(cursor);
  cursor.at = at + length;
  return at;
}

/** Reads one value and moves past it; each length is read once. Throws a RangeError at nonsense. */
export function read(shape: Shape, cursor: Cursor): unknown {
  const { view } = cursor;
  switch (shape.code) {
    case U8:
      return view.getUint32(take(cursor, 4), true) & 0xff;
    case U16:
      return view.getUint32(take(cursor, 4), true) & 0xffff;
    case U32:
      return view.getUint32(take(cursor, 4), true);
    case I8:
      return (view.getInt32(take(cursor, 4), true) << 24) >> 24;
    case I16:
      return (view.getInt32(take(cursor, 4), true) << 16) >> 16;
    case I32:
    case ENUM:
      return view.getInt32(take(cursor, 4), true);
    case BOOL:
      return view.getUint32(take(cursor, 4), true) !== 0;
    case F32:
      return view.getFloat32(take(cursor, 4), true);
    case F64:
      return view.getFloat64(take(cursor, 8), true);
    case U64:
      return view.getBigUint64(take(cursor, 8), true);
    case I64:
      return view.getBigInt64(take(cursor, 8), true);
    case STRING: {
      const length = view.getUint32(take(cursor, 4), true);
      if (length % 4 !== 0) tooShort(cursor);
      return readText(view, take(cursor, length), length);
    }
    case BYTES: {
      const length = view.getUint32(take(cursor, 4), true);
      return copyBytes(view, take(cursor, wordsUp(length)), length);
    }
    case ARRAY:
      return readList(shape, cursor);
  }
}

function readList(shape: Shape, cursor: Cursor): unknown[] {
  const { element } = shape;
  const count = cursor.view.getUint32(take(cursor, 4), true);
  if (!element || count > (cursor.end - cursor.at) / 4) tooShort(cursor);
  const result: unknown[] = [];
  for (let i = 0; i < count; i++) result.push(read(element, cursor));
  return result;
}
