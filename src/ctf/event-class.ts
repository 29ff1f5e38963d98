// tbuf's own definitions of events as classes of the neutral model, and back: where a class can be said in
// tbuf's words, it is, so that whoever reads tbuf's traces reads it.

import { type EventDefinition, type FacilityDefinition, fromJson } from "../event/definition.js";
import type { FieldType, FieldTypeJson, ScalarKind } from "../event/field.js";
import type { EnumMember, FieldClass, IntegerClass } from "../trace/field.js";
import type { EventClass } from "../trace/schema.js";
import { classToJson } from "./class-json.js";

const integer = (signed: boolean, bits: number): IntegerClass => ({
  kind: "integer",
  signed,
  bits,
});

const SCALARS: { readonly [K in ScalarKind | "string" | "bytes"]: FieldClass } = {
  u8: integer(false, 8),
  u16: integer(false, 16),
  u32: integer(false, 32),
  u64: integer(false, 64),
  i8: integer(true, 8),
  i16: integer(true, 16),
  i32: integer(true, 32),
  i64: integer(true, 64),
  f32: { kind: "float", bits: 32 },
  f64: { kind: "float", bits: 64 },
  bool: { kind: "boolean" },
  string: { kind: "string" },
  bytes: { kind: "bytes" },
};

/** An event of a facility as a class: "app:request" of "app". */
export function eventClassOf(facility: string, { name, fields, xen }: EventDefinition): EventClass {
  return {
    name: `${facility}:${name}`,
    group: facility,
    fields: fields.map((field) => ({ name: field.name, fieldClass: fieldClassOf(field.type) })),
    ...(xen !== undefined && { attributes: { xen } }),
  };
}

function fieldClassOf({ kind, members = [], element }: FieldType): FieldClass {
  if (kind === "array") {
    return { kind, element: element ? fieldClassOf(element) : SCALARS.u32 };
  }
  if (kind !== "enum") return SCALARS[kind];
  const labelled = members.map(([label, first]): EnumMember => ({ label, first }));
  return { kind, container: integer(true, 32), members: labelled };
}

/** The facility that these classes are the events of, in that order; undefined where there can be none. */
export function facilityOf(classes: readonly EventClass[]): FacilityDefinition | undefined {
  const group = classes[0]?.group;
  if (group === undefined) return undefined;
  const events = classes.map(({ name, fields, attributes }) => ({
    name: name.slice(group.length + 1),
    fields: fields.map((field) => ({ name: field.name, type: typeOf(field.fieldClass) })),
    ...attributes,
  }));
  let definition: FacilityDefinition;
  try {
    definition = fromJson(JSON.stringify({ name: group, events }));
  } catch {
    return undefined;
  }
  // Whatever has no words of tbuf's, such as a base or the order of some labels, is missing in it.
  const isSame = definition.events.every((event, i) => {
    const original = classes[i];
    return original && classToJson(eventClassOf(group, event)) === classToJson(original);
  });
  return isSame ? definition : undefined;
}

/** The type whose values are those of the class; undefined where there is none. */
function typeOf(fieldClass: FieldClass): FieldTypeJson | undefined {
  switch (fieldClass.kind) {
    case "integer":
      return `${fieldClass.signed ? "i" : "u"}${fieldClass.bits}` as FieldTypeJson;
    case "float":
      return fieldClass.bits === 32 ? "f32" : "f64";
    case "boolean":
      return "bool";
    case "string":
    case "bytes":
      return fieldClass.kind;
    case "enum":
      return {
        enum: Object.fromEntries(fieldClass.members.map((m) => [m.label, Number(m.first)])),
      };
    case "array": {
      const element = typeOf(fieldClass.element);
      return element === undefined ? undefined : { array: element };
    }
    default:
      return undefined;
  }
}
