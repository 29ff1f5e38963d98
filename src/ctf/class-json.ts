// Classes of events as JSON, for the comments of metadata that hold what TSDL has no room for.

import type {
  EnumMember,
  FieldClass,
  FieldMember,
  IntegerClass,
  VariantClass,
} from "../trace/field.js";
import type { Environment, EventClass } from "../trace/schema.js";

/** Classes within classes, at most: whoever reads them goes down by calls. */
const DEPTH_MAX = 32;

/**
 * One text for one meaning; what is undefined is left out, and bigints are strings. Throws a TypeError for a class
 * that `classFromJson` would refuse.
 */
export function classToJson(eventClass: EventClass): string {
  return JSON.stringify(checkEventClass(eventClass), (_key, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

/** The class that untrusted JSON describes. Throws a TypeError naming what is wrong. */
export function classFromJson(text: string): EventClass {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TypeError(`event class: not JSON: ${JSON.stringify(text.slice(0, 80))}`, {
      cause: error,
    });
  }
  return checkEventClass(json);
}

type Members = { readonly [name: string]: unknown };

/** A copy with what a class has, in one order. */
function checkEventClass(value: unknown): EventClass {
  const { name, label, group, fields, attributes } = objectOf("event class", value);
  const where = `event class ${JSON.stringify(textOf("event class: name", name).slice(0, 80))}`;
  return {
    name: textOf(where, name),
    ...(label !== undefined && { label: textOf(`${where}: label`, label) }),
    ...(group !== undefined && { group: textOf(`${where}: group`, group) }),
    fields: membersOf(where, fields, 0),
    ...(attributes !== undefined && { attributes: attributesOf(where, attributes) }),
  };
}

function attributesOf(where: string, value: unknown): Environment {
  const entries = Object.entries(objectOf(`${where}: attributes`, value));
  for (const [name, each] of entries) {
    if (typeof each === "string" || Number.isFinite(each)) continue;
    throw new TypeError(`${where}: attribute ${name}: ${typeof each}, not a string or a number`);
  }
  return Object.fromEntries(entries) as Environment;
}

function membersOf(where: string, value: unknown, depth: number): FieldMember[] {
  if (!Array.isArray(value)) throw new TypeError(`${where}: fields: not a list`);
  const names = new Set<string>();
  return value.map((each: unknown) => {
    const { name, fieldClass } = objectOf(`${where}: field`, each);
    const text = textOf(`${where}: field`, name);
    if (names.has(text)) {
      throw new TypeError(`${where}: two fields are called ${JSON.stringify(text.slice(0, 80))}`);
    }
    names.add(text);
    return { name: text, fieldClass: classOf(`${where}.${text.slice(0, 80)}`, fieldClass, depth) };
  });
}

function classOf(where: string, value: unknown, depth: number): FieldClass {
  if (depth > DEPTH_MAX) throw new TypeError(`${where}: more than ${DEPTH_MAX} classes deep`);
  const json = objectOf(where, value);
  const { kind } = json;
  switch (kind) {
    case "integer":
      return integerOf(where, json);
    case "enum":
      return {
        kind,
        container: integerOf(where, objectOf(where, json.container)),
        members: labelsOf(where, json.members),
      };
    case "float":
      if (json.bits !== 32 && json.bits !== 64) refuse(where, "bits", json.bits, "32 or 64");
      return { kind, bits: json.bits };
    case "boolean":
    case "string":
    case "bytes":
      return { kind };
    case "array": {
      const { length } = json;
      if (length !== undefined && !isWithin(length, 1, 2 ** 32 - 1)) {
        refuse(where, "length", length, "an integer of 1 to 2^32 - 1");
      }
      const element = classOf(where, json.element, depth + 1);
      return { kind, element, ...(length !== undefined && { length }) };
    }
    case "struct":
      return { kind, fields: membersOf(where, json.fields, depth + 1) };
    case "variant":
      return variantOf(where, json, depth);
    default:
      return refuse(where, "kind", kind, "a kind of class");
  }
}

function variantOf(where: string, json: Members, depth: number): VariantClass {
  const options = membersOf(where, json.options, depth + 1);
  if (options.length === 0) throw new TypeError(`${where}: a variant without options`);
  return { kind: "variant", options };
}

function integerOf(where: string, { signed, bits, base }: Members): IntegerClass {
  if (typeof signed !== "boolean") refuse(where, "signed", signed, "true or false");
  if (!isWithin(bits, 1, 64)) refuse(where, "bits", bits, "an integer of 1 to 64");
  if (base !== undefined && base !== 2 && base !== 8 && base !== 10 && base !== 16) {
    refuse(where, "base", base, "2, 8, 10 or 16");
  }
  return { kind: "integer", signed, bits, ...(base !== undefined && { base }) };
}

function labelsOf(where: string, value: unknown): EnumMember[] {
  if (!Array.isArray(value)) throw new TypeError(`${where}: members: not a list`);
  if (value.length === 0) throw new TypeError(`${where}: an enum without members`);
  return value.map((each: unknown) => {
    const { label, first, last } = objectOf(`${where}: member`, each);
    return {
      label: textOf(`${where}: label`, label),
      first: numberOf(where, first),
      ...(last !== undefined && { last: numberOf(where, last) }),
    };
  });
}

/** Bigints are strings in JSON. */
function numberOf(where: string, value: unknown): number | bigint {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return value as number | bigint;
  if (typeof value === "string" && /^-?[0-9]{1,20}$/.test(value)) return BigInt(value);
  return refuse(where, "member", value, "an integer");
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function textOf(where: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${where}: ${typeof value}, not a string`);
}

function objectOf(where: string, value: unknown): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw new TypeError(`${where}: not an object`);
}

function refuse(where: string, name: string, value: unknown, wanted: string): never {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
  throw new TypeError(`${where}: ${name}: ${shown} is not ${wanted}`);
}
