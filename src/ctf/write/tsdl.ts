// Pieces of TSDL, the language of CTF 1.8 metadata (diamon.org/ctf, specification 1.8.3): string
// literals, names and field declarations. Everything written is ASCII, because Trace Compass reads
// packetized metadata as such.

import {
  type EnumClass,
  type FieldClass,
  type FieldMember,
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

/** Declares a field, in a scope where its name is to be its own. */
export type DeclareField = (field: FieldMember, names: Names) => string;

/**
 * Declarations of an event's fields, one a line. Names get a leading "_", which readers take off
 * and which keeps them from being keywords; characters that TSDL has no room for become "_", and
 * names that are then taken get a number.
 * @param declareField for fields that tbuf's own types cannot be: `declareAny`
 */
export function declareFields(
  fields: readonly FieldMember[],
  declareField: DeclareField = declareOwn,
): string[] {
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
export class Names {
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

function declareOwn({ name, fieldClass }: FieldMember, names: Names): string {
  switch (fieldClass.kind) {
    case "bytes":
      return declareCounted(name, names, "uint8_t");
    case "array":
      return declareCounted(name, names, typeName(fieldClass.element));
    default:
      return `${typeName(fieldClass)} ${names.unique(name)};`;
  }
}

/** Declares elements, and how many they are. */
export function declareCounted(name: string, names: Names, element: string): string {
  const unique = names.unique(name, "_length");
  return `uint32_t ${unique}_length; ${element} ${unique}[${unique}_length];`;
}

/** The type of a value that has one of tbuf's own: narrow integers are one word, others two. */
export function typeName(fieldClass: FieldClass): string {
  switch (fieldClass.kind) {
    case "string":
      return "text_t";
    case "float":
      return `f${fieldClass.bits}_t`;
    case "boolean":
      return 'enum : uint32_t { "false" = 0, "true" = 1 }';
    case "enum":
      return enumName(fieldClass, typeName(fieldClass.container));
    case "integer":
      return `${fieldClass.signed ? "" : "u"}int${fieldClass.bits > NUMBER_BITS ? 64 : 32}_t`;
    default:
      throw new TypeError(`TSDL: ${fieldClass.kind} is no type of tbuf's own`);
  }
}

/** An enum in a container of that name. */
export function enumName({ members }: EnumClass, container: string): string {
  const labels = members.map(({ label, first, last = first }) => {
    return `${literal(label)} = ${first === last ? first : `${first} ... ${last}`}`;
  });
  return `enum : ${container} { ${labels.join(", ")} }`;
}
