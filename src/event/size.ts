// Sizes of values in records; the layout itself is drawn in codec.ts.

import type { FieldType } from "./field.js";

/** Bytes of a value of this type, 0 when they vary. */
export function bytesOf(type: FieldType): 0 | 4 | 8 {
  switch (type.kind) {
    case "u64":
    case "i64":
    case "f64":
      return 8;
    case "string":
    case "bytes":
    case "array":
      return 0;
    default:
      return 4;
  }
}

/** `4 -> 4`, `5 -> 8`; exact for any u32, unlike the same with bit operators. */
export function wordsUp(length: number): number {
  return Math.ceil(length / 4) * 4;
}
