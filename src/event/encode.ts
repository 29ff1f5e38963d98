// An event's arguments to memory, laid out as drawn in payload.ts.

import type { Area } from "./area.js";
import type { EventDefinition } from "./definition.js";
import { fixedBytesOf } from "./payload.js";
import {
  type Converter,
  converterOf,
  type LabelOf,
  type WordConverter,
  wordConverterOf,
} from "./plain.js";
import { STRING, shapeOf } from "./shape.js";
import { type Writer, writerOf } from "./write.js";

/** Most words of an event that goes to a fixed-arity export of the hypervisor. */
export const WORDS_MAX = 7;

/** Encoder of one event's payload. */
export interface EventEncoder {
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
  /**
   * Writes plain values at `at`, and returns the bytes of the payload, or -1 if it would exceed the
   * area; then some of it may have been written.
   */
  encode(plain: readonly unknown[], area: Area, at: number): number;
}

/**
 * The encoder of an event.
 * @param labelOf numbers of texts; default: all are 0, which no text has
 */
export function encoderOf(definition: EventDefinition, labelOf: LabelOf = () => 0): EventEncoder {
  const { fields } = definition;
  const shapes = fields.map(({ type }) => shapeOf(type));
  const toPlain = shapes.map((shape) => converterOf(shape, labelOf));
  const writers = shapes.map((shape, i) => writerOf(shape, shapes[i + 1]?.code === STRING));
  const isWords = shapes.length <= WORDS_MAX && shapes.every(({ bytes }) => bytes === 4);

  return {
    definition,
    words: isWords ? shapes.length : undefined,
    fixedBytes: fixedBytesOf(shapes),

    toWord: isWords ? shapes.map((shape) => wordConverterOf(shape, labelOf)) : [],
    toPlain,
    writers,

    plain(args) {
      return toPlain.map((convert, i) => convert(args[i]));
    },

    encode(plain, area, at) {
      const end = writers.reduce((position, write, i) => write(plain[i], area, position), at);
      return end < 0 ? -1 : end - at;
    },
  };
}
