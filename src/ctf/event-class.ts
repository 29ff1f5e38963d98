// tbuf's own definitions of events as classes of the neutral model, and back: where a class can be said in
// tbuf's words, it is, so that whoever reads tbuf's traces reads it.

import { type EventDefinition, type FacilityDefinition, fromJson } from "../event/definition.js";
import type { FieldType, FieldTypeJson } from "../event/field.js";
import type { EnumMember, FieldClass, IntegerClass } from "../trace/field.js";
import type { EventClass } from "../trace/schema.js";
import { classToJson } from "./class-json.js";

/** An event of a facility as a class: "app:request" of "app". */
export function eventClassOf(facility: string, definition: EventDefinition): EventClass {
  const { name, fields, xen, label } = definition;
  return {
    name: `${facility}:${name}`,
    ...(label !== undefined && { label }),
    group: facility,
    fields: fields.map((field) => ({ name: field.name, fieldClass: fieldClassOf(field.type) })),
    ...(xen !== undefined && { attributes: { xen } }),
  };
}

function fieldClassOf({ kind, members = [], element }: FieldType): FieldClass {
  switch (kind) {
    case "string":
    case "bytes":
      return { kind };
    case "label":
      return { kind: "string" };
    case "bool":
      return { kind: "boolean" };
    case "array":
      return { kind, element: element ? fieldClassOf(element) : WORD };
    case "enum": {
      const labelled = members.map(([label, first]): EnumMember => ({ label, first }));
      return { kind, container: { ...WORD, signed: true }, members: labelled };
    }
    case "f32":
    case "f64":
      return { kind: "float", bits: kind === "f32" ? 32 : 64 };
    default:
      // "u8", "i64": whether it has a sign, and its bits.
      return { kind: "integer", signed: kind.startsWith("i"), bits: Number(kind.slice(1)) };
  }
}

const WORD: IntegerClass = { kind: "integer", signed: false, bits: 32 };

/** The facility that these classes are the events of, in that order; undefined where there can be none. */
export function facilityOf(classes: readonly EventClass[]): FacilityDefinition | undefined {
  const group = classes[0]?.group;
  if (group === undefined) return undefined;
  const events = classes.map(({ name, label, fields, attributes }) => ({
    name: name.slice(group.length + 1),
    fields: fields.map((field) => ({ name: field.name, type: typeOf(field.fieldClass) })),
    ...attributes,
    ...(label !== undefined && { label }),
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
