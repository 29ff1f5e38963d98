// Pieces of TSDL, the language of CTF 1.8 metadata (diamon.org/ctf, specification 1.8.3): string
// literals, names and field declarations. Everything written is ASCII, because Trace Compass reads
// packetized metadata as such.

import {
  type FieldClass,
  type FieldMember,
  type IntegerClass,
  NUMBER_BITS,
} from "../../trace/field.js";
import { endsAtAnyByte } from "../payload-layout.js";

const encoder = new TextEncoder();

/**
 * A string literal. Everything but printable ASCII becomes octal escapes of its UTF-8 bytes, which
 * babeltrace2 reads back (it does not read `\u` escapes). NUL becomes U+2400, as in records.
 */
export function literal(text: string): string {
  let result = "";
  for (const byte of encoder.encode(text.replaceAll("\0", "\u2400"))) {
    if (byte === 0x22 || byte === 0x5c) result += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) result += String.fromCharCode(byte);
    else result += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `"${result}"`;
}

/** Type aliases that field declarations use. */
export const TYPE_ALIASES = `\
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 32; align = 32; signed = false; } := uint32_t;
typealias integer { size = 32; align = 32; signed = true; } := int32_t;
typealias integer { size = 64; align = 32; signed = false; } := uint64_t;
typealias integer { size = 64; align = 32; signed = true; } := int64_t;
typealias floating_point { exp_dig = 8; mant_dig = 24; align = 32; byte_order = le; } := f32_t;
typealias floating_point { exp_dig = 11; mant_dig = 53; align = 32; byte_order = le; } := f64_t;
typealias string { encoding = UTF8; } := text_t;
`;

/**
 * Declarations of an event's fields, one a line. Names get a leading "_", which readers take off
 * and which keeps them from being keywords; characters that TSDL has no room for become "_", and
 * names that are then taken get a number.
 */
export function declareFields(fields: readonly FieldMember[]): string[] {
  const names = new Names();
  const lines = fields.map((field) => declareField(field, names));
  const last = fields.at(-1)?.fieldClass;
  if (last && endsAtAnyByte(last)) {
    // Without it babeltrace2 finds padding instead of a record at the end of a packet.
    lines.push(`struct { } align(32) ${names.unique("end")};`);
  }
  return lines;
}

/** Names in one scope. */
class Names {
  readonly #taken = new Set<string>();

  /** A name of its own, and with each of the suffixes as well. */
  unique(name: string, ...suffixes: readonly string[]): string {
    const base = `_${name.replace(/[^A-Za-z0-9_]/gu, "_")}`;
    let unique = base;
    const isFree = (suffix: string) => this.#isFree(unique + suffix);
    for (let n = 2; !isFree("") || !suffixes.every(isFree); n++) unique = `${base}_${n}`;
    for (const suffix of ["", ...suffixes]) this.#taken.add(unique + suffix);
    return unique;
  }

  /** babeltrace2 compares a new name with earlier ones less their first "_": "__x" hides "_x". */
  #isFree(name: string): boolean {
    return !this.#taken.has(name) && !this.#taken.has(`_${name}`);
  }
}

function declareField({ name, fieldClass }: FieldMember, names: Names): string {
  switch (fieldClass.kind) {
    case "bytes":
      return declareCounted(names.unique(name, "_length"), "uint8_t");
    case "array":
      if (fieldClass.length === undefined) {
        return declareCounted(names.unique(name, "_length"), typeName(fieldClass.element));
      }
      // An array of strings would begin at any byte, as only a string does.
      if (fieldClass.element.kind === "string") break;
      return `${typeName(fieldClass.element)} ${names.unique(name)}[${fieldClass.length}];`;
    case "variant": {
      const unique = names.unique(name, "_tag");
      const scope = new Names();
      const options = fieldClass.options.map((option, index) => {
        const own = scope.unique(option.name);
        return { tag: `"${own}" = ${index}`, line: `${typeName(option.fieldClass)} ${own};` };
      });
      const tags = options.map(({ tag }) => tag).join(", ");
      const lines = options.map(({ line }) => line).join(" ");
      return `enum : uint32_t { ${tags} } ${unique}_tag; variant <${unique}_tag> { ${lines} } ${unique};`;
    }
  }
  return `${typeName(fieldClass)} ${names.unique(name)};`;
}

function declareCounted(name: string, element: string): string {
  return `uint32_t ${name}_length; ${element} ${name}[${name}_length];`;
}

/** The type of a value that stands where there is room for a type alone: with its length or tag in a struct. */
function typeName(fieldClass: FieldClass): string {
  switch (fieldClass.kind) {
    case "integer":
      return integerName(fieldClass);
    case "string":
      return "text_t";
    case "float":
      return fieldClass.bits === 32 ? "f32_t" : "f64_t";
    case "boolean":
      return 'enum : uint32_t { "false" = 0, "true" = 1 }';
    case "enum": {
      const members = fieldClass.members.map(({ label, first, last = first }) => {
        return `${literal(label)} = ${first === last ? first : `${first} ... ${last}`}`;
      });
      return `enum : ${integerName(fieldClass.container)} { ${members.join(", ")} }`;
    }
    case "struct":
      return structOf(fieldClass.fields);
    case "array":
      if (fieldClass.length !== undefined) {
        return `struct { ${typeName(fieldClass.element)} _items[${fieldClass.length}]; } align(32)`;
      }
      return structOf([{ name: "items", fieldClass }]);
    case "bytes":
      return structOf([{ name: "items", fieldClass }]);
    case "variant":
      return structOf([{ name: "choice", fieldClass }]);
  }
}

/** One without members has a word all the same, or an array of them could be of any length in no bytes. */
function structOf(fields: readonly FieldMember[]): string {
  const names = new Names();
  const lines = fields.map((field) => declareField(field, names));
  return `struct { ${lines.length === 0 ? "uint32_t _empty;" : lines.join(" ")} } align(32)`;
}

const BASES = { 2: "binary", 8: "octal", 10: "decimal", 16: "hexadecimal" } as const;

/** Narrow integers are one word, others two. */
function integerName({ signed, bits, base }: IntegerClass): string {
  const size = bits <= NUMBER_BITS ? 32 : 64;
  if (base === undefined) return `${signed ? "int" : "uint"}${size}_t`;
  return `integer { size = ${size}; align = 32; signed = ${signed}; base = ${BASES[base]}; }`;
}
