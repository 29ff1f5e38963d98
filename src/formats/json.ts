// Values of records as JSON that every parser takes: no number that is none, no half characters.

import type { FieldClass, FieldMember, VariantValue } from "../trace/field.js";
import { hex, labelOf } from "./fields.js";

/** What JSON.stringify leaves as it is, and a terminal obeys. */
const HIDDEN = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A string. Half a surrogate pair becomes U+FFFD: as an escape it is JSON, but not every parser takes it. */
export function jsonText(text: string): string {
  const json = JSON.stringify(text.replace(/\p{Cs}/gu, "\ufffd"));
  return json.replace(HIDDEN, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** From values by name to an object, in the order of the fields: of a record, or of a struct. */
export function jsonOf(fields: readonly FieldMember[]): (values: Values) => string {
  const shown = fields.map(({ name, fieldClass }) => ({
    name,
    key: `${jsonText(name)}:`,
    show: showing(fieldClass),
  }));
  return (values) => `{${shown.map(({ name, key, show }) => key + show(values[name])).join(",")}}`;
}

type Values = Readonly<Record<string, unknown>>;

function showing(fieldClass: FieldClass): (value: unknown) => string {
  switch (fieldClass.kind) {
    case "boolean":
      return String;
    case "string":
      return (value) => jsonText(String(value));
    case "bytes":
      return (value) => `"${hex(value as Uint8Array)}"`;
    case "enum": {
      const label = labelOf(fieldClass);
      return (value) => {
        const told = label(value);
        return told === undefined ? integer(value) : jsonText(told);
      };
    }
    case "array": {
      const show = showing(fieldClass.element);
      return (value) => `[${Array.from(value as unknown[], (each) => show(each)).join(",")}]`;
    }
    case "struct":
      return jsonOf(fieldClass.fields) as (value: unknown) => string;
    case "variant": {
      const shows = new Map(
        fieldClass.options.map(({ name, fieldClass: each }) => [name, showing(each)]),
      );
      return (value) => {
        const { option, value: chosen } = value as VariantValue;
        return `{${jsonText(option)}:${shows.get(option)?.(chosen) ?? "null"}}`;
      };
    }
    case "integer":
      return integer;
    case "float":
      return (value) => {
        if (Object.is(value, -0)) return "-0";
        return Number.isFinite(value) ? String(value) : `"${value}"`;
      };
  }
}

/** A number, or a string where a double is not exact. */
function integer(value: unknown): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
}
