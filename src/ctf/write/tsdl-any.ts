// Declarations of fields of any class, beyond tbuf's own types: a page that only records does not load them.

import {
  type FieldClass,
  type FieldMember,
  type IntegerClass,
  NUMBER_BITS,
} from "../../trace/field.js";
import { declareCounted, enumName, Names, typeName } from "./tsdl.js";

/** Declares a field of any class, laid out as payload-layout.ts draws it. */
export function declareAny({ name, fieldClass }: FieldMember, names: Names): string {
  switch (fieldClass.kind) {
    case "bytes":
      return declareCounted(name, names, "uint8_t");
    case "array": {
      const { element, length } = fieldClass;
      if (length === undefined) return declareCounted(name, names, anyName(element));
      // An array of strings would begin at any byte, as only a string does.
      if (element.kind === "string") break;
      return `${anyName(element)} ${names.unique(name)}[${length}];`;
    }
    case "variant": {
      const unique = names.unique(name, "_tag");
      const scope = new Names();
      const options = fieldClass.options.map((option, index) => {
        const own = scope.unique(option.name);
        return { tag: `"${own}" = ${index}`, line: `${anyName(option.fieldClass)} ${own};` };
      });
      const tags = options.map(({ tag }) => tag).join(", ");
      const lines = options.map(({ line }) => line).join(" ");
      return `enum : uint32_t { ${tags} } ${unique}_tag; variant <${unique}_tag> { ${lines} } ${unique};`;
    }
  }
  return `${anyName(fieldClass)} ${names.unique(name)};`;
}

/** The type of a value that stands where there is room for a type alone: with its length or tag in a struct. */
function anyName(fieldClass: FieldClass): string {
  switch (fieldClass.kind) {
    case "integer":
      return integerName(fieldClass);
    case "enum":
      return enumName(fieldClass, integerName(fieldClass.container));
    case "struct":
      return structOf(fieldClass.fields);
    case "array":
      if (fieldClass.length !== undefined) {
        return `struct { ${anyName(fieldClass.element)} _items[${fieldClass.length}]; } align(32)`;
      }
      return structOf([{ name: "items", fieldClass }]);
    case "bytes":
      return structOf([{ name: "items", fieldClass }]);
    case "variant":
      return structOf([{ name: "choice", fieldClass }]);
    default:
      return typeName(fieldClass);
  }
}

/** One without members has a word all the same, or an array of them could be of any length in no bytes. */
function structOf(fields: readonly FieldMember[]): string {
  const names = new Names();
  const lines = fields.map((field) => declareAny(field, names));
  return `struct { ${lines.length === 0 ? "uint32_t _empty;" : lines.join(" ")} } align(32)`;
}

const BASES = { 2: "binary", 8: "octal", 10: "decimal", 16: "hexadecimal" } as const;

function integerName(fieldClass: IntegerClass): string {
  const { signed, bits, base } = fieldClass;
  if (base === undefined) return typeName(fieldClass);
  const size = bits <= NUMBER_BITS ? 32 : 64;
  return `integer { size = ${size}; align = 32; signed = ${signed}; base = ${BASES[base]}; }`;
}
