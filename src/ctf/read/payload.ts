// Memory to values, laid out as drawn in payload-layout.ts. The memory may be shared, and is not trusted.

import { copyBytes, readText, textEnd } from "../../event/text.js";
import {
  type FieldClass,
  type FieldMember,
  type IntegerClass,
  NUMBER_BITS,
} from "../../trace/field.js";

/**
 * Values of the payload at `at` by field name, as their classes say, and where it ends, before `end`. Bytes are
 * copies. Throws a RangeError at what cannot be a payload. Reads each length once, since the memory may be shared.
 */
export type Decoder = (
  view: DataView,
  at: number,
  end: number,
) => { readonly fields: Record<string, unknown>; readonly end: number };

/** The decoder of an event's payloads. */
export function decoderOf(fields: readonly FieldMember[]): Decoder {
  const members = membersOf(fields);
  return (view, at, end) => {
    const cursor: Cursor = { view, at, end: Math.min(end, view.byteLength), begin: at };
    if (!(at >= 0 && at <= cursor.end)) tooShort(cursor);
    const values = readMembers(members, cursor);
    toWord(cursor);
    return { fields: values, end: cursor.at };
  };
}

// What is to be done for a class, as a small number: this is looked at for every value of every record.
const UNSIGNED = 0;
const SIGNED = 1;
const WIDE_UNSIGNED = 2;
const WIDE_SIGNED = 3;
const BOOLEAN = 4;
const F32 = 5;
const F64 = 6;
const STRING = 7;
const BYTES = 8;
const ARRAY = 9;
const STRUCT = 10;
const VARIANT = 11;

/** A class in the form that `read` works with: one object layout for all. */
interface Shape {
  readonly code: number;
  /** Of an integer. */
  readonly bits: number;
  /** Of an array that has one. */
  readonly length: number | undefined;
  /** Of an array. */
  readonly element: Shape | undefined;
  /** Of a struct its members, of a variant its options. */
  readonly members: readonly Member[];
}

interface Member {
  readonly name: string;
  readonly shape: Shape;
}

function shape(code: number, over: Partial<Shape> = {}): Shape {
  const { bits = 0, length, element, members = [] } = over;
  return { code, bits, length, element, members };
}

function membersOf(fields: readonly FieldMember[]): Member[] {
  return fields.map(({ name, fieldClass }) => ({ name, shape: shapeOf(fieldClass) }));
}

function integerShape({ signed, bits }: IntegerClass): Shape {
  if (bits <= NUMBER_BITS) return shape(signed ? SIGNED : UNSIGNED, { bits });
  return shape(signed ? WIDE_SIGNED : WIDE_UNSIGNED, { bits });
}

function shapeOf(fieldClass: FieldClass): Shape {
  switch (fieldClass.kind) {
    case "integer":
      return integerShape(fieldClass);
    case "enum":
      return integerShape(fieldClass.container);
    case "boolean":
      return shape(BOOLEAN);
    case "float":
      return shape(fieldClass.bits === 32 ? F32 : F64);
    case "string":
      return shape(STRING);
    case "bytes":
      return shape(BYTES);
    case "array": {
      const { length, element } = fieldClass;
      return shape(ARRAY, { element: shapeOf(element), ...(length !== undefined && { length }) });
    }
    case "struct":
      return shape(STRUCT, { members: membersOf(fieldClass.fields) });
    case "variant":
      return shape(VARIANT, { members: membersOf(fieldClass.options) });
  }
}

/** A position that moves towards `end`; `begin` is where the payload begins. */
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
  const over = (cursor.at - cursor.begin) % 4;
  if (over > 0) take(cursor, 4 - over);
}

/** The next word, unsigned. */
function word(cursor: Cursor): number {
  return cursor.view.getUint32(take(cursor, 4), true);
}

function readMembers(members: readonly Member[], cursor: Cursor): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { name, shape: own } of members) {
    const value = read(own, cursor);
    // A plain assignment of this one name would set the prototype.
    if (name === "__proto__") Object.defineProperty(result, name, ownProperty(value));
    else result[name] = value;
  }
  return result;
}

const ownProperty = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});

/** Reads one value and moves past it; each length is read once. Throws a RangeError at nonsense. */
function read(own: Shape, cursor: Cursor): unknown {
  const { view } = cursor;
  if (own.code !== STRING) toWord(cursor);
  switch (own.code) {
    case UNSIGNED: {
      const unused = NUMBER_BITS - own.bits;
      return (word(cursor) << unused) >>> unused;
    }
    case SIGNED: {
      const unused = NUMBER_BITS - own.bits;
      return (word(cursor) << unused) >> unused;
    }
    case WIDE_UNSIGNED: {
      const value = view.getBigUint64(take(cursor, 8), true);
      return own.bits === 64 ? value : BigInt.asUintN(own.bits, value);
    }
    case WIDE_SIGNED: {
      const value = view.getBigInt64(take(cursor, 8), true);
      return own.bits === 64 ? value : BigInt.asIntN(own.bits, value);
    }
    case BOOLEAN:
      return word(cursor) !== 0;
    case F32:
      return view.getFloat32(take(cursor, 4), true);
    case F64:
      return view.getFloat64(take(cursor, 8), true);
    case STRING: {
      const end = textEnd(view, cursor.at, cursor.end);
      if (end < 0) tooShort(cursor);
      const length = end - cursor.at;
      return readText(view, take(cursor, length), length - 1);
    }
    case BYTES: {
      const length = word(cursor);
      return copyBytes(view, take(cursor, length), length);
    }
    case ARRAY:
      return readList(own, cursor);
    case STRUCT: {
      const values = readMembers(own.members, cursor);
      if (own.members.length === 0) word(cursor);
      return values;
    }
    case VARIANT: {
      const option = own.members[word(cursor)];
      if (!option) tooShort(cursor);
      return { option: option.name, value: read(option.shape, cursor) };
    }
  }
}

function readList({ element, length }: Shape, cursor: Cursor): unknown[] {
  const count = length ?? word(cursor);
  // Each element is a byte or more: a count that passes bounds the loop below.
  if (!element || count > cursor.end - cursor.at) tooShort(cursor);
  const result: unknown[] = [];
  for (let i = 0; i < count; i++) result.push(read(element, cursor));
  return result;
}
