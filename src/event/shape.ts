// A field's type in the form that encoders and decoders work with: one object layout for all types, and a small
// number in place of the kind, since this is looked at for every value of every record.

import type { FieldKind, FieldType } from "./field.js";

// Up to ENUM: a number is stored as its low 32 bits. Up to LABEL: one word. Up to F64: two words.
export const U32 = 0;
export const I32 = 1;
export const ENUM = 2;
export const BOOL = 3;
export const U8 = 4;
export const U16 = 5;
export const I8 = 6;
export const I16 = 7;
export const F32 = 8;
/** The number of a text. */
export const LABEL = 9;
export const U64 = 10;
export const I64 = 11;
export const F64 = 12;
export const STRING = 13;
export const BYTES = 14;
export const ARRAY = 15;

const CODES: Readonly<Record<FieldKind, number>> = {
  u32: U32,
  i32: I32,
  enum: ENUM,
  bool: BOOL,
  u8: U8,
  u16: U16,
  i8: I8,
  i16: I16,
  f32: F32,
  label: LABEL,
  u64: U64,
  i64: I64,
  f64: F64,
  string: STRING,
  bytes: BYTES,
  array: ARRAY,
};

export interface Shape {
  /** One of the constants above. */
  readonly code: number;
  /** Bytes of a value, 0 when they vary. */
  readonly bytes: 0 | 4 | 8;
  /** Values of an enum's members; empty for other types. */
  readonly values: ReadonlyMap<string, number>;
  /** Of an array. */
  readonly element: Shape | undefined;
}

export function shapeOf(type: FieldType): Shape {
  const code = CODES[type.kind];
  return {
    code,
    bytes: code <= LABEL ? 4 : code <= F64 ? 8 : 0,
    values: new Map(type.members),
    element: type.element ? shapeOf(type.element) : undefined,
  };
}

/** `4 -> 4`, `5 -> 8`; exact for any u32, unlike the same with bit operators. */
export function wordsUp(length: number): number {
  return Math.ceil(length / 4) * 4;
}
