// Values of records as JSON that every parser takes: no number that is none, no half characters.

import type { EventDefinition } from "../event/definition.js";
import type { FieldType } from "../event/field.js";
import { hex, labelsOf } from "./fields.js";

/** What JSON.stringify leaves as it is, and a terminal obeys. */
const HIDDEN = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A string. Half a surrogate pair becomes U+FFFD: as an escape it is JSON, but not every parser takes it. */
export function jsonText(text: string): string {
  const json = JSON.stringify(text.replace(/\p{Cs}/gu, "\ufffd"));
  return json.replace(HIDDEN, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** From a record's fields to an object, in the order of its event's definition. */
export function jsonOf({ fields }: EventDefinition): (values: Record<string, unknown>) => string {
  const shown = fields.map(({ name, type }) => ({
    name,
    key: `${jsonText(name)}:`,
    show: showing(type),
  }));
  return (values) => `{${shown.map(({ name, key, show }) => key + show(values[name])).join(",")}}`;
}

function showing(type: FieldType): (value: unknown) => string {
  switch (type.kind) {
    case "string":
      return (value) => jsonText(String(value));
    case "bytes":
      return (value) => `"${hex(value as Uint8Array)}"`;
    case "enum": {
      const labels = labelsOf(type);
      return (value) => {
        const label = labels.get(value);
        return label === undefined ? String(value) : jsonText(label);
      };
    }
    case "array": {
      const show = type.element ? showing(type.element) : String;
      return (value) => `[${Array.from(value as unknown[], (each) => show(each)).join(",")}]`;
    }
    case "u64":
    case "i64":
      return (value) => (Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`);
    case "f32":
    case "f64":
      return (value) => {
        if (Object.is(value, -0)) return "-0";
        return Number.isFinite(value) ? String(value) : `"${value}"`;
      };
    default:
      return String;
  }
}
