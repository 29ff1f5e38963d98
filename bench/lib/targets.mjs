// What the project wants of itself, and whether a run met it. docs/performance.md, "Targets".

import { median } from "./statistics.mjs";

/** `least`: the figure is to be at least the limit; all others at most. */
const TARGETS = [
  { id: "record2-precise", of: "clock", limit: 1.25 },
  { id: "record2-precise", of: "lttng-ust", limit: 0.65 },
  { id: "record2-precise", of: "ringbuf.js", limit: 0.65 },
  { id: "record2-caller", of: "clock", limit: 0.35 },
  { id: "disabled", of: "clock", limit: 0.05 },
  { id: "string32-precise", of: "clock", limit: 1.8 },
  { id: "label32-precise", of: "clock", limit: 1.5 },
  { id: "string32-kinds", of: "string32-precise", limit: 1.05 },
  { id: "drain-file", of: "fs.writeSync", limit: 0.8, least: true },
  // Anything but 0 would be kept for ever; what the collector itself moves around is below this.
  { id: "heap", of: null, limit: 0.01 },
  { id: "boot", of: null, limit: 5 },
  { id: "batch2", of: "clock", limit: 0.12 },
  { id: "js-record2-caller", of: "record2-caller", limit: 1.3, least: true },
  { id: "sustained-1", of: "sustained-1-lttng", limit: 1.3, least: true },
  { id: "writers-2", of: "writers-1", limit: 1.8, least: true },
];

/** The targets of which the rows were measured, each with the value it came to. */
export function targetsOf(rows) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return TARGETS.flatMap(({ id, of, limit, least = false }) => {
    const row = byId.get(id);
    const value = row && figureOf(row, of, byId);
    if (value === undefined) return [];
    return [{ id, of, value, limit, least, met: least ? value >= limit : value <= limit }];
  });
}

function figureOf(row, of, byId) {
  if (of === null) return row.value;
  if (of === row.of) return row.ratio;
  const other = byId.get(of);
  // By way of the clock: two rows of a round may lie seconds apart, a row and its clock do not.
  return other && median(row.rounds.map((round, i) => basis(round) / basis(other.rounds[i])));
}

/** Rows that are compared with nothing in their own process have their value only. */
const basis = ({ ratio, value }) => ratio ?? value;
