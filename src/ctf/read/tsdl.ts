// Pieces of TSDL, the language of CTF 1.8 metadata (diamon.org/ctf, specification 1.8.3): string
// literals, names and field declarations. Everything written is ASCII, because Trace Compass reads
// packetized metadata as such.

import type { Field } from "../../event/definition.js";
import type { FieldType } from "../../event/field.js";

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
export function declareFields(fields: readonly Field[]): string[] {
  const taken = new Set<string>();
  const lines = fields.map(({ name, type }) => {
    const counted = type.kind === "bytes" || type.kind === "array";
    const unique = uniqueName(name, counted, taken);
    return declare(unique, type);
  });
  const last = fields.at(-1)?.type;
  if (last && endsAtAnyByte(last)) {
    // Without it babeltrace2 finds padding instead of a record at the end of a packet.
    lines.push(`struct { } align(32) ${uniqueName("end", false, taken)};`);
  }
  return lines;
}

/** Whether padding follows values of the type. */
function endsAtAnyByte({ kind, element }: FieldType): boolean {
  return kind === "string" || kind === "bytes" || element?.kind === "string";
}

function uniqueName(name: string, counted: boolean, taken: Set<string>): string {
  const base = `_${name.replace(/[^A-Za-z0-9_]/gu, "_")}`;
  // babeltrace2 compares a new name with earlier ones less their first "_": "__x" hides "_x".
  const isFree = (n: string): boolean => !taken.has(n) && !taken.has(`_${n}`);
  let unique = base;
  for (let n = 2; !isFree(unique) || (counted && !isFree(`${unique}_length`)); n++) {
    unique = `${base}_${n}`;
  }
  taken.add(unique);
  if (counted) taken.add(`${unique}_length`);
  return unique;
}

function declare(name: string, type: FieldType): string {
  switch (type.kind) {
    case "bytes":
      return `uint32_t ${name}_length; uint8_t ${name}[${name}_length];`;
    case "array": {
      const element = type.element ? typeName(type.element) : "uint32_t";
      return `uint32_t ${name}_length; ${element} ${name}[${name}_length];`;
    }
    default:
      return `${typeName(type)} ${name};`;
  }
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
    case "string":
      return "text_t";
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
