// Field types of events. A type is a frozen value, so that a facility's table is plain data; its
// type parameter is what a tracepoint takes for it. How a type is laid out stands in payload.ts.

import { describeValue, quote } from "../errors.js";
import { checkName } from "./names.js";

/** Kinds that are one number or truth value of one or two words. */
export type ScalarKind =
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "bool";

/** What a field holds; the names of the scalars are those of their types. */
export type FieldKind = ScalarKind | "string" | "label" | "bytes" | "enum" | "array";

/**
 * Type of a field whose argument is a `T`. `members` is present in an enum only (name and value,
 * in the order given), `element` in an array only.
 */
export interface FieldType<T = unknown> {
  readonly kind: FieldKind;
  readonly members?: readonly (readonly [name: string, value: number])[];
  readonly element?: FieldType;
  /** Never set: carries `T` for the compiler. */
  readonly "~argument"?: T;
}

/** What a tracepoint takes for a field of this type. */
export type ArgumentOf<F> = F extends FieldType<infer T> ? T : never;

/** JSON form of a type: `"u32"`, `{"enum":{"A":0}}` or `{"array":"u32"}`. */
export type FieldTypeJson =
  | Exclude<FieldKind, "enum" | "array">
  | { enum: { [name: string]: number } }
  | { array: FieldTypeJson };

const simple = <T>(kind: FieldKind): FieldType<T> => Object.freeze({ kind });

export const u8: FieldType<number> = simple("u8");
export const u16: FieldType<number> = simple("u16");
export const u32: FieldType<number> = simple("u32");
export const u64: FieldType<number | bigint> = simple("u64");
export const i8: FieldType<number> = simple("i8");
export const i16: FieldType<number> = simple("i16");
export const i32: FieldType<number> = simple("i32");
export const i64: FieldType<number | bigint> = simple("i64");
export const f32: FieldType<number> = simple("f32");
export const f64: FieldType<number> = simple("f64");
export const bool: FieldType<boolean> = simple("bool");
export const string: FieldType<string> = simple("string");
/**
 * A string that comes again and again, such as a route or the name of a file: its text is stored once, and
 * each record holds a number. Readers of traces see a string. Of a text of more than 256 UTF-16 units the
 * first 255 and an ellipsis are recorded.
 */
export const label: FieldType<string> = simple("label");
export const bytes: FieldType<Uint8Array> = simple("bytes");

const SIMPLE: ReadonlyMap<unknown, FieldType> = new Map<unknown, FieldType>(
  [u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, bool, string, label, bytes].map((t) => [
    t.kind,
    t,
  ]),
);

/** Enums and arrays that were made here; they and all in them are frozen. */
const made = new WeakSet<FieldType>();

/** True for a type of this copy of the package: not one that only looks like it. */
export function isOwnType(type: FieldType): boolean {
  return SIMPLE.get(type.kind) === type || made.has(type);
}

/**
 * A signed 32-bit number whose values have names; the argument is a name or a number, and numbers
 * without a name are recorded as they are. Two names may have one value. Throws a TypeError when
 * there is no member, a name is not allowed or a value is not an i32.
 */
export function enumOf<const M extends { readonly [name: string]: number }>(
  members: M,
): FieldType<(keyof M & string) | number> {
  if (typeof members !== "object" || members === null) {
    throw new TypeError(`enum takes an object of names and numbers, got ${describeValue(members)}`);
  }
  const entries = Object.entries(members).map(([name, value]) => {
    checkName("enum member", name);
    if (typeof value !== "number" || (value | 0) !== value) {
      throw new TypeError(
        `enum member ${quote(name)}: ${String(value)} is not an integer of -2147483648 to 2147483647`,
      );
    }
    return Object.freeze([name, value | 0] as const);
  });
  if (entries.length === 0) throw new TypeError("enum: needs at least one member");
  return ownType({ kind: "enum", members: Object.freeze(entries) });
}

/**
 * Any number of values of one type: a scalar, bool, string or enum. Throws a TypeError for an array
 * of arrays or of bytes, which readers of CTF would show in a form of their own, and for one of labels.
 */
export function array<T extends number | bigint | boolean | string>(
  of: FieldType<T>,
): FieldType<ArrayLike<T>> {
  if (!isFieldType(of))
    throw new TypeError(`array takes a field type such as u32, got ${describeValue(of)}`);
  if (of.kind === "array" || of.kind === "bytes" || of.kind === "label") {
    throw new TypeError(`array: elements cannot be ${of.kind}, only scalars, bool, string or enum`);
  }
  // An element that only looks like a type may change.
  return isOwnType(of)
    ? ownType({ kind: "array", element: of })
    : Object.freeze({ kind: "array", element: of });
}

function ownType<T extends FieldType>(type: T): T {
  made.add(type);
  return Object.freeze(type);
}

/** Whether a value is one of this module's types, or a frozen value that looks exactly like one. */
export function isFieldType(value: unknown): value is FieldType {
  if (typeof value !== "object" || value === null || !Object.isFrozen(value)) return false;
  const { kind, members, element } = value as Partial<FieldType>;
  if (kind === "enum") return Array.isArray(members) && members.length > 0;
  if (kind === "array") return isFieldType(element);
  return SIMPLE.has(kind);
}

/** The JSON form of a type, with enum members in their order. */
export function typeToJson(type: FieldType): FieldTypeJson {
  // fromEntries defines properties, so a member may be called "__proto__".
  if (type.kind === "enum") return { enum: Object.fromEntries(type.members ?? []) };
  if (type.kind === "array" && type.element) return { array: typeToJson(type.element) };
  return type.kind as Exclude<FieldKind, "enum" | "array">;
}

/** The type that untrusted JSON describes. Throws a TypeError naming what is wrong. */
export function typeFromJson(json: unknown): FieldType {
  const known = SIMPLE.get(json);
  if (known) return known;
  if (typeof json === "object" && json !== null && Object.keys(json).length === 1) {
    if (Object.hasOwn(json, "enum")) {
      const members = (json as { enum: unknown }).enum;
      if (Array.isArray(members)) throw new TypeError("enum: an array, not an object of numbers");
      return enumOf(members as { [name: string]: number });
    }
    if (Object.hasOwn(json, "array")) {
      const element = (json as { array: unknown }).array;
      // Only one level is allowed, so look before recursing: untrusted JSON may nest deeply.
      if (typeof element === "object" && element !== null && Object.hasOwn(element, "array")) {
        throw new TypeError("array: elements cannot be array, only scalars, bool, string or enum");
      }
      return array(typeFromJson(element) as FieldType<number>);
    }
  }
  throw new TypeError(`field type: ${quote(json)}, not a known type`);
}
