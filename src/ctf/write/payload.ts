// Values to memory, laid out as drawn in payload-layout.ts, for classes of any kind. What tbuf itself records is
// laid out by event/encode.ts: this is for entries that come from elsewhere, and nobody waits for it.

import { Area } from "../../event/area.js";
import { writeText } from "../../event/text.js";
import {
  type FieldClass,
  type FieldMember,
  type IntegerClass,
  NUMBER_BITS,
  type VariantValue,
} from "../../trace/field.js";

/** Memory that grows as it is written. */
export class Growing {
  #area = areaOf(new Uint8Array(4096));
  /** Bytes that are written. What is written next begins here. */
  length = 0;

  /** What is written. Good until the next write. */
  get bytes(): Uint8Array {
    return this.#area.bytes.subarray(0, this.length);
  }

  /** Takes the first `count` bytes away. */
  drop(count: number): void {
    this.#area.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** Zero bytes up to a whole word. */
  toWord(): void {
    while (this.length % 4 !== 0) this.#area.bytes[this.#take(1)] = 0;
  }

  /** The low 32 bits of a number. */
  word(value: number): void {
    const at = this.#take(4);
    this.#area.view.setInt32(at, value | 0, true);
  }

  /** The low 64 bits. */
  wide(value: bigint): void {
    const at = this.#take(8);
    this.#area.view.setBigInt64(at, value, true);
  }

  float(value: number, bits: 32 | 64): void {
    const at = this.#take(bits / 8);
    if (bits === 32) this.#area.view.setFloat32(at, value, true);
    else this.#area.view.setFloat64(at, value, true);
  }

  copy(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#area.bytes.set(bytes, at);
  }

  /** A text and its NUL, see event/text.ts. */
  text(text: string): void {
    // A unit is at most 3 bytes; an empty text is written as one unit.
    this.#reserve(3 * text.length + 4);
    this.length = writeText(text, this.#area, this.length);
  }

  #take(count: number): number {
    this.#reserve(count);
    const at = this.length;
    this.length = at + count;
    return at;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    const { bytes } = this.#area;
    if (needed <= bytes.length) return;
    const more = new Uint8Array(Math.max(needed, 2 * bytes.length));
    more.set(bytes);
    this.#area = areaOf(more);
  }
}

function areaOf(bytes: Uint8Array): Area {
  return new Area(bytes, new DataView(bytes.buffer), bytes.length);
}

/** Appends the payload of an event's values by field name, from a whole word to a whole word. */
export type Encoder = (values: Readonly<Record<string, unknown>>, out: Growing) => void;

/** The encoder of an event's payloads. Integers beyond their class wrap; other odd values may throw. */
export function encoderOf(fields: readonly FieldMember[]): Encoder {
  const write = structWriter(fields);
  return (values, out) => {
    write(values, out);
    out.toWord();
  };
}

type Write = (value: unknown, out: Growing) => void;

function structWriter(fields: readonly FieldMember[]): Encoder {
  const members = fields.map(({ name, fieldClass }) => ({ name, write: writerOf(fieldClass) }));
  return (values, out) => {
    for (const { name, write } of members) write(values[name], out);
  };
}

/** Writes a value where it may begin: anything but a string at a whole word. */
function writerOf(fieldClass: FieldClass): Write {
  const write = contentWriter(fieldClass);
  if (fieldClass.kind === "string") return write;
  return (value, out) => {
    out.toWord();
    write(value, out);
  };
}

function contentWriter(fieldClass: FieldClass): Write {
  switch (fieldClass.kind) {
    case "integer":
      return integerWriter(fieldClass);
    case "enum":
      return integerWriter(fieldClass.container);
    case "boolean":
      return (value, out) => out.word(value ? 1 : 0);
    case "float":
      return (value, out) => out.float(Number(value), fieldClass.bits);
    case "string":
      return (value, out) => out.text(String(value));
    case "bytes":
      return (value, out) => {
        const bytes = value as Uint8Array;
        out.word(bytes.length);
        out.copy(bytes);
      };
    case "array": {
      const write = writerOf(fieldClass.element);
      return (value, out) => {
        const list = value as ArrayLike<unknown>;
        const { length = list.length } = fieldClass;
        if (list.length !== length) {
          throw new RangeError(`array: ${list.length} elements, its class has ${length}`);
        }
        if (fieldClass.length === undefined) out.word(length);
        for (let i = 0; i < length; i++) write(list[i], out);
      };
    }
    case "struct": {
      const write = structWriter(fieldClass.fields);
      if (fieldClass.fields.length === 0) return (_value, out) => out.word(0);
      return (value, out) => write(value as Record<string, unknown>, out);
    }
    case "variant": {
      const writers = fieldClass.options.map((option) => writerOf(option.fieldClass));
      const indices = new Map(fieldClass.options.map(({ name }, index) => [name, index]));
      return (value, out) => {
        const { option, value: chosen } = value as VariantValue;
        const index = indices.get(option) ?? -1;
        const write = writers[index];
        if (!write) throw new RangeError(`variant: no option is called ${JSON.stringify(option)}`);
        out.word(index);
        write(chosen, out);
      };
    }
  }
}

/** Extended by value, so that readers that know the whole word alone see the same number. */
function integerWriter({ signed, bits }: IntegerClass): Write {
  if (bits <= NUMBER_BITS) {
    const unused = NUMBER_BITS - bits;
    return (value, out) => {
      const moved = Number(value) << unused;
      out.word(signed ? moved >> unused : moved >>> unused);
    };
  }
  const wrap = signed ? BigInt.asIntN : BigInt.asUintN;
  return (value, out) => out.wide(wrap(bits, BigInt(value as bigint)));
}
