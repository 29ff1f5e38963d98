// What a field of an event holds, whoever recorded it. Classes are plain data: general enough for what tracers
// write (CTF 1.8 and 2 have these kinds, diamon.org/ctf), and free of how anybody lays values out.

/** A whole number. Values are numbers where `bits` is 32 or less, else bigints. */
export interface IntegerClass {
  readonly kind: "integer";
  readonly signed: boolean;
  /** 1 to 64. */
  readonly bits: number;
  /** In which base people read it; 10 unless given. */
  readonly base?: 2 | 8 | 10 | 16;
}

/** A label for the values from `first` to `last`, or for `first` alone. */
export interface EnumMember {
  readonly label: string;
  readonly first: number | bigint;
  readonly last?: number | bigint;
}

/** A whole number with labels. Values are as those of `container`; a value need not have a label. */
export interface EnumClass {
  readonly kind: "enum";
  readonly container: IntegerClass;
  /** Where several hold a value, the first one is shown. */
  readonly members: readonly EnumMember[];
}

/** A floating-point number of IEEE 754. Values are numbers. */
export interface FloatClass {
  readonly kind: "float";
  readonly bits: 32 | 64;
}

/** Values are true and false. */
export interface BooleanClass {
  readonly kind: "boolean";
}

/** Values are strings. */
export interface StringClass {
  readonly kind: "string";
}

/** Values are `Uint8Array`s of any length. */
export interface BytesClass {
  readonly kind: "bytes";
}

/** Values are arrays, of `length` elements where that is given. */
export interface ArrayClass {
  readonly kind: "array";
  readonly element: FieldClass;
  /** 1 or more. */
  readonly length?: number;
}

/** Values are objects with these members. */
export interface StructClass {
  readonly kind: "struct";
  readonly fields: readonly FieldMember[];
}

/** One of several classes, told by each value: a `VariantValue`. */
export interface VariantClass {
  readonly kind: "variant";
  /** At least one; their names differ. */
  readonly options: readonly FieldMember[];
}

/** A value of a variant: the name of one of its options, and a value of that one's class. */
export interface VariantValue {
  readonly option: string;
  readonly value: unknown;
}

/** A name and what it holds: a field of an event, a member of a struct, an option of a variant. */
export interface FieldMember {
  readonly name: string;
  readonly fieldClass: FieldClass;
}

/** What a field holds. */
export type FieldClass =
  | IntegerClass
  | EnumClass
  | FloatClass
  | BooleanClass
  | StringClass
  | BytesClass
  | ArrayClass
  | StructClass
  | VariantClass;

/** Integers of more bits than this are bigints. */
export const NUMBER_BITS = 32;
