// Tables of text.

import type { Totals } from "../ctf/index.js";
import { seconds } from "../formats/time.js";

/** Pads columns: the first and the eighth, which are texts, to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        return i === 0 || i === 7 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .replace(/^/, "  ")
      .trimEnd(),
  );
}

/** The time from the first to the last record. */
export function span({ begin, end }: Totals): string {
  return begin === undefined || end === undefined ? "-" : seconds(end - begin);
}
