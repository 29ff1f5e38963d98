// How values of any class are laid out in a record: as event/payload.ts draws it for tbuf's own types, and the
// same for all others. All little-endian, in words of 32 bits, counted from the start of the payload:
//
//   integer     of up to 32 bits one word, else two, low word first; extended by value
//   enum        as its integer          boolean  one word          float  one word or two
//   string      UTF-8 and a NUL; begins at any byte, right after what is before it
//   bytes       u32 length, the bytes
//   array       u32 count, unless its class has the length; then each element
//   struct      each member; one without members is one word of 0
//   variant     u32 index of the option, then its value
//
// Zero bytes up to a whole word come before anything but a string, and at the end.

import type { FieldClass } from "../trace/field.js";

/** Whether a value may end at any byte, so that padding follows it. */
export function endsAtAnyByte(fieldClass: FieldClass): boolean {
  switch (fieldClass.kind) {
    case "string":
    case "bytes":
      return true;
    case "array":
      return endsAtAnyByte(fieldClass.element);
    case "struct": {
      const last = fieldClass.fields.at(-1);
      return last !== undefined && endsAtAnyByte(last.fieldClass);
    }
    case "variant":
      return fieldClass.options.some((option) => endsAtAnyByte(option.fieldClass));
    default:
      return false;
  }
}
