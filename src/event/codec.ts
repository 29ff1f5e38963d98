// How the payload of a record is laid out, and both directions of it. All little-endian, in words
// of 32 bits, counted from the start of the payload:
//
//   u8 u16 u32 i8 i16 i32 bool enum f32   one word, extended by value
//   u64 i64 f64                           two words, low word first
//   string   u32 length (a multiple of 4), UTF-8, zero bytes up to that length
//   bytes    u32 length (exact), the bytes, zero bytes up to a whole word
//   array    u32 count, then each element as above

import type { Area } from "./area.js";
import type { EventDefinition } from "./definition.js";
import { type Converter, converterOf, type WordConverter, wordConverterOf } from "./plain.js";
import { type Cursor, read, skip, tooShort } from "./read.js";
import { type Shape, shapeOf } from "./shape.js";
import { type Writer, writerOf } from "./write.js";

/** Most words of an event that goes to a fixed-arity export of the hypervisor. */
export const WORDS_MAX = 7;

/** Encoder and decoder of one event's payload. */
export interface EventCodec {
  readonly definition: EventDefinition;
  /** Words of the payload when each field is one word and there are at most seven of them. */
  readonly words: number | undefined;
  /** Bytes of the payload when no field varies in size. */
  readonly fixedBytes: number | undefined;
  /**
   * From each field's argument to its word, as a signed 32-bit number. Empty unless the event has
   * `words`. Odd arguments wrap or become 0; exceptions of a `valueOf` pass through.
   */
  readonly toWord: readonly WordConverter[];
  /**
   * From each field's argument to its plain value. User code (`toString`, getters) runs in here and
   * nowhere else, and its exceptions pass through; odd values never throw.
   */
  readonly toPlain: readonly Converter[];
  /** Each field's writer of plain values. */
  readonly writers: readonly Writer[];
  /** Plain values of positional arguments. */
  plain(args: readonly unknown[]): unknown[];
  /** `plain` for an object that holds the arguments by field name. */
  plainNamed(args: unknown): unknown[];
  /**
   * Writes plain values at `at`, and returns the bytes of the payload, or -1 if it would exceed the
   * area; then some of it may have been written.
   */
  encode(plain: readonly unknown[], area: Area, at: number): number;
  /**
   * Bytes of the payload at `at`, or -1 if it does not end at or before `end` or a length in it is
   * nonsense. Memory is not trusted; the time is bounded by `end - at`.
   */
  size(view: DataView, at: number, end: number): number;
  /**
   * Values of the payload at `at` by field name: u64 and i64 as bigint, enums as numbers, bytes as a
   * copy. Throws a RangeError where `size` returns -1. Reads each length once, since the memory may
   * be shared.
   */
  decode(view: DataView, at: number, end: number): Record<string, unknown>;
}

interface Compiled {
  readonly name: string;
  readonly shape: Shape;
}

/** The codec of an event. */
export function compileEvent(definition: EventDefinition): EventCodec {
  const fields: readonly Compiled[] = definition.fields.map(({ name, type }) => ({
    name,
    shape: shapeOf(type),
  }));
  const shapes = fields.map(({ shape }) => shape);
  const isFixed = shapes.every(({ bytes }) => bytes > 0);
  const fixedBytes = isFixed ? shapes.reduce((sum, { bytes }) => sum + bytes, 0) : undefined;
  const toPlain = shapes.map(converterOf);
  const writers = shapes.map(writerOf);
  const isWords = shapes.length <= WORDS_MAX && shapes.every(({ bytes }) => bytes === 4);

  return {
    definition,
    words: isWords ? shapes.length : undefined,
    fixedBytes,

    toWord: isWords ? shapes.map(wordConverterOf) : [],
    toPlain,
    writers,

    plain(args) {
      return toPlain.map((convert, i) => convert(args[i]));
    },

    plainNamed(args) {
      const source = typeof args === "object" && args !== null ? args : {};
      return toPlain.map((convert, i) => convert(Reflect.get(source, fields[i]?.name ?? "")));
    },

    encode(plain, area, at) {
      const end = writers.reduce((position, write, i) => write(plain[i], area, position), at);
      return end < 0 ? -1 : end - at;
    },

    size(view, at, end) {
      const until = Math.min(end, view.byteLength);
      if (!(at >= 0 && at <= until)) return -1;
      if (fixedBytes !== undefined) return fixedBytes <= until - at ? fixedBytes : -1;
      let position = at;
      for (const shape of shapes) {
        position = skip(shape, view, position, until);
        if (position < 0) return -1;
      }
      return position - at;
    },

    decode(view, at, end) {
      const cursor: Cursor = { view, at, end: Math.min(end, view.byteLength), begin: at };
      if (!(at >= 0 && at <= cursor.end)) tooShort(cursor);
      const result: Record<string, unknown> = {};
      for (const { name, shape } of fields) {
        const value = read(shape, cursor);
        // A plain assignment of this one name would set the prototype.
        if (name === "__proto__") Object.defineProperty(result, name, own(value));
        else result[name] = value;
      }
      return result;
    },
  };
}

const own = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});
