// Turns arguments of tracepoints into plain values: numbers, bigints, strings, genuine byte arrays
// and lists of them. Everything a user's code can run in (valueOf, toString, getters of array
// likes) runs here, before any shared memory is touched, since it may trace in turn. Odd values
// never throw; exceptions of user code pass through.

import { SCRATCH_BYTES } from "../../assembly/public/layout.js";
import { isUint8Array } from "./genuine.js";
import {
  ARRAY,
  BOOL,
  BYTES,
  ENUM,
  F32,
  F64,
  I8,
  I16,
  I64,
  LABEL,
  type Shape,
  STRING,
  U8,
  U16,
  U64,
} from "./shape.js";

/**
 * Plain value of an array that has too many elements for its record to fit in the scratch area.
 * Bounds the time that an array-like value of a false length costs.
 */
export const TOO_LONG: unique symbol = Symbol("too long");

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const floats = new Float32Array(1);
const floatBits = new Int32Array(floats.buffer);

/**
 * What an object turns itself into, by the rules of the language, but `undefined` where these rules
 * throw because the object has no conversion.
 */
function toPrimitive(value: unknown, hint: "number" | "string"): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
  const convert: unknown = Reflect.get(value, Symbol.toPrimitive);
  if (typeof convert === "function") {
    const result: unknown = Reflect.apply(convert, value, [hint]);
    return isObject(result) ? undefined : result;
  }
  for (const name of hint === "string" ? ["toString", "valueOf"] : ["valueOf", "toString"]) {
    const method: unknown = Reflect.get(value, name);
    if (typeof method !== "function") continue;
    const result: unknown = Reflect.apply(method, value, []);
    if (!isObject(result)) return result;
  }
  return undefined;
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A number of any size for any value; NaN and undefined become 0 later, as they are stored. */
function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  const primitive = toPrimitive(value, "number");
  if (typeof primitive === "symbol" || primitive === undefined) return 0;
  return Number(primitive);
}

/** The low 32 bits of a number, signed, for any value. */
function toInt32(value: unknown): number {
  if (typeof value === "number") return value | 0;
  const primitive = toPrimitive(value, "number");
  if (typeof primitive === "bigint") return Number(BigInt.asIntN(32, primitive));
  return typeof primitive === "symbol" ? 0 : Number(primitive) | 0;
}

/** A number or bigint for any value; it wraps to 64 bits when it is stored. */
function toWide(value: unknown): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  const primitive = toPrimitive(value, "number");
  if (typeof primitive === "bigint") return primitive;
  return typeof primitive === "symbol" ? 0 : Number(primitive);
}

/** A string for any value: "" for undefined and null. */
function toText(value: unknown): string {
  if (typeof value === "string") return value;
  const primitive = toPrimitive(value, "string");
  return primitive === undefined || primitive === null ? "" : String(primitive);
}

/** The value of an enum's argument: a member's value, or any number. */
function toMember(values: ReadonlyMap<string, number>, value: unknown): number {
  if (typeof value === "number") return value | 0;
  const primitive = toPrimitive(value, "string");
  if (typeof primitive === "string") return values.get(primitive) ?? Number(primitive) | 0;
  return toInt32(primitive);
}

/**
 * Bytes for any value: a view or a buffer as it is, a string in UTF-8, an array like of numbers by
 * their low 8 bits, anything else as no bytes. A view of the same memory where possible: the
 * writer copies it before anybody else runs, and looks at no member that the program can hide.
 */
function toBytes(value: unknown): Uint8Array | typeof TOO_LONG {
  if (typeof value === "string") return encoder.encode(value);
  if (typeof value !== "object" || value === null) return EMPTY;
  if (isUint8Array(value)) return value;
  if (ArrayBuffer.isView(value)) {
    // A detached buffer shows as length 0.
    if (value.byteLength === 0) return EMPTY;
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (isBuffer(value)) return value.byteLength === 0 ? EMPTY : new Uint8Array(value);
  const count = lengthOf(value);
  if (count > SCRATCH_BYTES) return TOO_LONG;
  const result = new Uint8Array(count);
  for (let i = 0; i < count; i++) result[i] = toInt32(Reflect.get(value, i));
  return result;
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return (
    value instanceof ArrayBuffer ||
    // Pages without cross-origin isolation have no SharedArrayBuffer.
    (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer)
  );
}

function lengthOf(value: object): number {
  // NaN is no length either.
  return Math.max(Math.trunc(toNumber(Reflect.get(value, "length"))) || 0, 0);
}

/** From a text to the number that stands for it in the records of a thread. */
export type LabelOf = (text: string) => number;

/** From an argument to its plain value. */
export type Converter = (value: unknown) => unknown;

/** From an argument to the word that it is stored as, a signed 32-bit number. */
export type WordConverter = (value: unknown) => number;

/**
 * The converter to a shape's plain values: signed words for what is stored as one word, numbers or
 * bigints for two words, strings, byte arrays, and lists of plain values.
 */
export function converterOf(shape: Shape, labelOf: LabelOf): Converter {
  switch (shape.code) {
    case STRING:
      return toText;
    case F64:
      return toNumber;
    case U64:
    case I64:
      return toWide;
    case BYTES:
      return toBytes;
    case ARRAY:
      return listConverter(shape, labelOf);
    default:
      return wordConverterOf(shape, labelOf);
  }
}

/** The converter to the words of a shape whose values are one word. */
export function wordConverterOf({ code, values }: Shape, labelOf: LabelOf): WordConverter {
  switch (code) {
    case LABEL:
      return (value) => labelOf(toText(value));
    case ENUM:
      return (value) => toMember(values, value);
    case BOOL:
      return (value) => (value ? 1 : 0);
    case U8:
      return (value) => toInt32(value) & 0xff;
    case U16:
      return (value) => toInt32(value) & 0xffff;
    case I8:
      return (value) => (toInt32(value) << 24) >> 24;
    case I16:
      return (value) => (toInt32(value) << 16) >> 16;
    case F32:
      return toFloatBits;
    default:
      return toInt32;
  }
}

function toFloatBits(value: unknown): number {
  floats[0] = toNumber(value);
  return floatBits[0] ?? 0;
}

function listConverter({ element }: Shape, labelOf: LabelOf): Converter {
  const toPlain = element ? converterOf(element, labelOf) : () => 0;
  // A text takes a byte or more, everything else a word or more.
  const most = element?.code === STRING ? SCRATCH_BYTES : SCRATCH_BYTES / 4;
  return (value) => {
    if (typeof value !== "object" || value === null) return [];
    const count = lengthOf(value);
    if (count > most) return TOO_LONG;
    const result: unknown[] = [];
    for (let i = 0; i < count; i++) result.push(toPlain(Reflect.get(value, i)));
    return result;
  };
}
