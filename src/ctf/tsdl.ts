// Pieces of TSDL, the language of CTF 1.8 metadata (diamon.org/ctf, specification 1.8.3): string
// literals, names and field declarations. Everything written is ASCII, because Trace Compass reads
// packetized metadata as such.

import type { Field } from "../event/definition.js";
import type { FieldType } from "../event/field.js";

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
typealias integer { size = 8; align = 8; signed = false; encoding = UTF8; } := utf8_t;
typealias integer { size = 32; align = 32; signed = false; } := uint32_t;
typealias integer { size = 32; align = 32; signed = true; } := int32_t;
typealias integer { size = 64; align = 32; signed = false; } := uint64_t;
typealias integer { size = 64; align = 32; signed = true; } := int64_t;
typealias floating_point { exp_dig = 8; mant_dig = 24; align = 32; byte_order = le; } := f32_t;
typealias floating_point { exp_dig = 11; mant_dig = 53; align = 32; byte_order = le; } := f64_t;
`;

/**
 * Declarations of an event's fields, one a line. Names get a leading "_", which readers take off
 * and which keeps them from being keywords; characters that TSDL has no room for become "_", and
 * names that are then taken get a number.
 */
export function declareFields(fields: readonly Field[]): string[] {
  const taken = new Set<string>();
  const lines = fields.map(({ name, type }) => {
    const varies = type.kind === "string" || type.kind === "bytes" || type.kind === "array";
    const unique = uniqueName(name, varies, taken);
    return declare(unique, type);
  });
  if (fields.at(-1)?.type.kind === "bytes") {
    // Without it babeltrace2 finds padding instead of a record at the end of a packet.
    lines.push(`struct { } align(32) ${uniqueName("end", false, taken)};`);
  }
  return lines;
}

function uniqueName(name: string, varies: boolean, taken: Set<string>): string {
  const base = `_${name.replace(/[^A-Za-z0-9_]/gu, "_")}`;
  // babeltrace2 compares a new name with earlier ones less their first "_": "__x" hides "_x".
  const isFree = (n: string): boolean => !taken.has(n) && !taken.has(`_${n}`);
  let unique = base;
  for (let n = 2; !isFree(unique) || (varies && !isFree(`${unique}_length`)); n++) {
    unique = `${base}_${n}`;
  }
  taken.add(unique);
  if (varies) taken.add(`${unique}_length`);
  return unique;
}

function declare(name: string, type: FieldType): string {
  switch (type.kind) {
    case "string":
      return `uint32_t ${name}_length; utf8_t ${name}[${name}_length];`;
    case "bytes":
      return `uint32_t ${name}_length; uint8_t ${name}[${name}_length];`;
    case "array":
      return `uint32_t ${name}_length; ${elementName(type.element)} ${name}[${name}_length];`;
    default:
      return `${typeName(type)} ${name};`;
  }
}

function elementName(type: FieldType | undefined): string {
  if (type?.kind === "string") {
    return "struct { uint32_t _length; utf8_t _text[_length]; } align(32)";
  }
  return type ? typeName(type) : "uint32_t";
}

function typeName(type: FieldType): string {
  switch (type.kind) {
    case "i8":
    case "i16":
    case "i32":
      return "int32_t";
    case "u64":
      return "uint64_t";
    case "i64":
      return "int64_t";
    case "f32":
      return "f32_t";
    case "f64":
      return "f64_t";
    case "bool":
      return 'enum : uint32_t { "false" = 0, "true" = 1 }';
    case "enum": {
      const members = (type.members ?? []).map(([label, value]) => `${literal(label)} = ${value}`);
      return `enum : int32_t { ${members.join(", ")} }`;
    }
    default:
      return "uint32_t";
  }
}
