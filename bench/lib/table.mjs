// The result as text, in columns.

/** The rows, what was skipped, and the targets. */
export function tableOf({ machine, runtime, rounds, seed, rows, skipped, targets }) {
  const load = `load ${machine.load?.toFixed(1) ?? "?"} to ${machine.loadAfter?.toFixed(1) ?? "?"}`;
  const lines = rows.map((row) => [
    row.id,
    figure(row.value),
    `${figure(row.spread.min)} .. ${figure(row.spread.max)}`,
    row.unit,
    row.ratio === null ? "" : `${row.ratio.toFixed(3)} x ${row.of}`,
    row.garbage === undefined
      ? (row.note ?? "")
      : `${figure(row.garbage)} bytes of garbage a record`,
  ]);
  const text = [
    `${machine.cpu}, ${machine.cpus} CPUs, ${machine.platform}, ${load}`,
    `${runtime.name} ${runtime.version}; rounds ${rounds}, seed ${seed}`,
    "",
    columns([["row", "median", "min .. max", "unit", "ratio", ""], ...lines]),
    ...skipped.map(({ id, why }) => `skipped: ${id}: ${why}`),
  ];
  if (targets.length > 0) {
    const goals = targets.map(({ id, of, value, limit, least, met }) => [
      of === null ? id : `${id} / ${of}`,
      value.toFixed(3),
      `${least ? ">=" : "<="} ${limit}`,
      met ? "met" : "MISSED",
    ]);
    text.push("", columns([["target", "value", "limit", ""], ...goals]));
  }
  return text.join("\n");
}

function figure(value) {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

/** Cells in columns that are as wide as their widest cell. */
export function columns(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
