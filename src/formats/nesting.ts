// Which slices of a thread can be drawn as boxes in boxes. Viewers drop, or cut, a box that begins in one box and ends
// in the next.

interface Slice {
  readonly start: bigint;
  readonly end: bigint;
}

/** Slices that are remembered of a thread: as many again may be until the oldest are forgotten. */
const REMEMBERED = 32_768;

/** The slices of one thread that are nested, by their ends. */
interface Row {
  slices: Slice[];
  /** The end of the last one that was forgotten. */
  forgotten: bigint;
}

export class Nesting {
  readonly #rows = new Map<number, Row>();

  /**
   * Whether a slice lies within, around or beside each slice of its thread for which this said so before; then it is
   * one of them. False also where nobody knows any more: it began before the end of a slice that is forgotten.
   */
  add(cpu: number, start: bigint, end: bigint): boolean {
    const row = this.#rows.get(cpu) ?? { slices: [], forgotten: 0n };
    this.#rows.set(cpu, row);
    if (start < row.forgotten) return false;
    const { slices } = row;
    const slice = { start, end };
    let at = slices.length;
    for (let i = slices.length - 1; i >= 0; i--) {
      const other = slices[i];
      // It and all before it are over by then.
      if (!other || other.end <= start) break;
      if (isCut(other, slice) || isCut(slice, other)) return false;
      if (other.end > end) at = i;
    }
    slices.splice(at, 0, slice);
    if (slices.length >= 2 * REMEMBERED) {
      row.forgotten = slices[REMEMBERED - 1]?.end ?? 0n;
      row.slices = slices.slice(REMEMBERED);
    }
    return true;
  }
}

/** Whether `later` begins within `earlier`, and ends after it. */
function isCut(earlier: Slice, later: Slice): boolean {
  return earlier.start < later.start && later.start < earlier.end && earlier.end < later.end;
}
