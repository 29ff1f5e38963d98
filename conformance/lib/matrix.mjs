// What became of the suite in each runtime, as a table for people or for the documents.

const HEADS = ["runtime", "version", "passed", "failed", "not applicable", "ms"];

/** One row a runtime, and why checks did not apply. */
export function matrix(rows, markdown) {
  const cells = rows.map(({ name, version, passed, failed, notApplicable, ms, skipped }) =>
    skipped
      ? [name, version, "-", "-", "-", "-"]
      : [name, version, passed, failed, notApplicable.length, ms],
  );
  return [table(HEADS, cells, markdown), ...reasons(rows)].join("\n");
}

function reasons(rows) {
  return rows.flatMap(({ name, notApplicable = [] }) => {
    const counts = new Map();
    for (const { reason } of notApplicable) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts].map(([reason, count]) => `\n${name}: ${count} not applicable: ${reason}`);
  });
}

const NS = (value) =>
  value >= 1000 ? `${+(value / 1000).toFixed(1)} us` : `${Math.round(value)} ns`;

/** What clocks cost in each runtime, and records with them. */
export function costTable(rows) {
  const heads = [
    "runtime",
    "step of now()",
    "now()",
    "held.now()",
    "record, precise",
    "coarse",
    "caller",
  ];
  const cells = rows.flatMap(({ name, facts }) =>
    facts
      ? [
          [
            name,
            NS(facts.steps.least),
            ...[facts.readNs, facts.heldNs, facts.preciseNs, facts.coarseNs, facts.callerNs].map(
              NS,
            ),
          ],
        ]
      : [],
  );
  return table(heads, cells, true);
}

function table(heads, rows, markdown) {
  if (markdown) {
    const line = (cells) => `| ${cells.join(" | ")} |`;
    return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
  }
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map((cells) => String(cells[i]).length)),
  );
  const line = (cells) => cells.map((cell, i) => String(cell).padEnd(widths[i])).join("  ");
  return [line(heads), ...rows.map(line)].map((each) => each.trimEnd()).join("\n");
}
