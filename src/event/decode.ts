// Memory to values, laid out as drawn in payload.ts. The memory may be shared, and is not trusted.

import type { EventDefinition } from "./definition.js";
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
  shapeOf,
  U8,
  U16,
  U32,
  U64,
  wordsUp,
} from "./shape.js";
import { copyBytes, readText, textEnd } from "./text.js";

/**
 * Values of the payload at `at` by field name: u64 and i64 as bigint, enums as numbers, bytes as a
 * copy. Throws a RangeError where a `Sizer` returns -1. Reads each length once, since the memory may
 * be shared.
 */
export type Decoder = (view: DataView, at: number, end: number) => Record<string, unknown>;

/** The decoder of an event's payloads. */
export function decoderOf(definition: EventDefinition): Decoder {
  const fields = definition.fields.map(({ name, type }) => ({ name, shape: shapeOf(type) }));
  return (view, at, end) => {
    const cursor: Cursor = { view, at, end: Math.min(end, view.byteLength), begin: at };
    if (!(at >= 0 && at <= cursor.end)) tooShort(cursor);
    const result: Record<string, unknown> = {};
    for (const { name, shape } of fields) {
      if (shape.code !== STRING) toWord(cursor);
      const value = read(shape, cursor);
      // A plain assignment of this one name would set the prototype.
      if (name === "__proto__") Object.defineProperty(result, name, own(value));
      else result[name] = value;
    }
    toWord(cursor);
    return result;
  };
}

const own = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});

/** A position that moves towards `end`; `begin` is for messages. */
interface Cursor {
  readonly view: DataView;
  readonly begin: number;
  readonly end: number;
  at: number;
}

/** Throws the RangeError of a payload that cannot be one. */
function tooShort({ begin, end }: Cursor): never {
  throw new RangeError(`payload at byte ${begin} does not end before byte ${end}, or is nonsense`);
}

/** The position of the next `length` bytes; the cursor moves past them. */
function take(cursor: Cursor, length: number): number {
  const { at } = cursor;
  if (!(length <= cursor.end - at)) tooShort(cursor);
  cursor.at = at + length;
  return at;
}

/** Moves past what is left of a word that was begun. */
function toWord(cursor: Cursor): void {
  const { begin, at } = cursor;
  take(cursor, wordsUp(at - begin) - (at - begin));
}

/** Reads one value and moves past it; each length is read once. Throws a RangeError at nonsense. */
function read(shape: Shape, cursor: Cursor): unknown {
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
      const end = textEnd(view, cursor.at, cursor.end);
      if (end < 0) tooShort(cursor);
      const length = end - cursor.at;
      return readText(view, take(cursor, length), length - 1);
    }
    case BYTES: {
      const length = view.getUint32(take(cursor, 4), true);
      return copyBytes(view, take(cursor, length), length);
    }
    case ARRAY:
      return readList(shape, cursor);
  }
}

function readList(shape: Shape, cursor: Cursor): unknown[] {
  const { element } = shape;
  const count = cursor.view.getUint32(take(cursor, 4), true);
  // Each element is a byte or more: a count that passes bounds the loop below.
  if (!element || count > cursor.end - cursor.at) tooShort(cursor);
  const result: unknown[] = [];
  for (let i = 0; i < count; i++) result.push(read(element, cursor));
  return result;
}
