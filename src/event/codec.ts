// How the payload of a record is laid out, and both directions of it. All little-endian, in words
// of 32 bits, counted from the start of the payload:
//
//   u8 u16 u32 i8 i16 i32 bool enum f32   one word, extended by value
//   u64 i64 f64                           two words, low word first
//   string   u32 length (a multiple of 4), UTF-8, zero bytes up to that length
//   bytes    u32 length (exact), the bytes, zero bytes up to a whole word
//   array    u32 count, then each element as above

import type { EventDefinition } from "./definition.js";
import { toPlain, toWord } from "./plain.js";
import { type Cursor, read, skip, tooShort } from "./read.js";
import { ENUM, type Shape, shapeOf } from "./shape.js";
import { write } from "./write.js";

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
   * The word of field `index` for an argument, as a signed 32-bit number. Only for events that have
   * `words`. Odd arguments wrap or become 0; exceptions of a `valueOf` pass through.
   */
  toWord(index: number, value: unknown): number;
  /**
   * Plain values of positional arguments. User code (`toString`, getters) runs in here and nowhere
   * else, and its exceptions pass through; odd values never throw.
   */
  plain(args: readonly unknown[]): unknown[];
  /** `plain` for an object that holds the arguments by field name. */
  plainNamed(args: unknown): unknown[];
  /**
   * Writes plain values at `at` (`bytes` and `view` start at the same address) and returns the
   * bytes of the payload, or -1 if it would exceed the position `limit`: nothing is written there.
   */
  encode(
    plain: readonly unknown[],
    bytes: Uint8Array,
    view: DataView,
    at: number,
    limit: number,
  ): number;
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
  const isWords = shapes.length <= WORDS_MAX && shapes.every(({ bytes }) => bytes === 4);

  return {
    definition,
    words: isWords ? shapes.length : undefined,
    fixedBytes,

    toWord(index, value) {
      const shape = shapes[index];
      if (shape === undefined) return 0;
      // Most arguments of most events, by a short way.
      if (typeof value === "number" && shape.code <= ENUM) return value | 0;
      return toWord(shape, value);
    },

    plain(args) {
      const result: unknown[] = [];
      for (let i = 0; i < shapes.length; i++) result.push(toPlain(shapes[i] as Shape, args[i]));
      return result;
    },

    plainNamed(args) {
      const source = typeof args === "object" && args !== null ? args : {};
      return fields.map(({ name, shape }) => toPlain(shape, Reflect.get(source, name)));
    },

    encode(plain, bytes, view, at, limit) {
      if (fixedBytes !== undefined && fixedBytes > limit - at) return -1;
      let position = at;
      for (let i = 0; i < shapes.length; i++) {
        position = write(shapes[i] as Shape, plain[i], bytes, view, position, limit);
        if (position < 0) return -1;
      }
      return position - at;
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
