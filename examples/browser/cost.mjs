// The microbenchmark: each row in a worker of its own, one after the other; then a plot and a table.

import * as Plot from "@observablehq/plot";

const ROWS = ["precise", "coarse", "caller", "batch"];
const WRITERS = ["wasm", "js"];
const LABEL = { wasm: "Wasm", js: "JavaScript" };
/** Colours of the page, which follow its scheme. */
const COLOR = { Wasm: "var(--unread)", JavaScript: "var(--writing)" };

function measure(row, writer) {
  const worker = new Worker(new URL("./cost-worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => {
      if (data.error) reject(new Error(`${row}: ${data.error}`));
      else resolve(data.ns);
    });
    worker.addEventListener("error", ({ message }) => reject(new Error(`${row}: ${message}`)));
    worker.postMessage({ row, writer });
  }).finally(() => worker.terminate());
}

async function measureAll(progress) {
  const clockNs = await measure("clock", "wasm");
  const results = [];
  for (const row of ROWS) {
    for (const writer of WRITERS) {
      progress(`Measuring ${row}, ${LABEL[writer]} ...`);
      results.push({ row, writer: LABEL[writer], ns: await measure(row, writer) });
    }
  }
  return { clockNs, results };
}

const nameOf = ({ row, writer }) => `${row} ${writer}`.trim();

function plot({ clockNs, results }, width) {
  const place = { x: "ns", y: "writer", fy: "row" };
  return Plot.plot({
    width: Math.max(280, Math.min(width, 720)),
    marginLeft: 118,
    marginRight: 48,
    marginBottom: 42,
    style: { fontSize: "12px", background: "none" },
    ariaLabel: "Cost of a record in nanoseconds, by kind of time and by writer",
    x: { label: "ns a record", labelOffset: 38, grid: true },
    y: { axis: null, domain: WRITERS.map((writer) => LABEL[writer]), inset: 5 },
    // Groups are parted inside their facets, so that lines run through.
    fy: { axis: null, domain: ROWS, padding: 0 },
    marks: [
      Plot.barX(results, { ...place, fill: ({ writer }) => COLOR[writer] }),
      Plot.text(results, { ...place, x: 0, text: nameOf, dx: -6, textAnchor: "end" }),
      // Parted from the bars that it crosses, as the numbers are from it.
      Plot.ruleX([clockNs], { stroke: "var(--paper)", strokeWidth: 4 }),
      Plot.ruleX([clockNs], { strokeDasharray: "4 3" }),
      Plot.text(results, {
        ...place,
        text: ({ ns }) => ns.toFixed(1),
        dx: 4,
        textAnchor: "start",
        fill: "currentColor",
        stroke: "var(--paper)",
        strokeWidth: 4,
      }),
    ],
  });
}

function fillTable(table, { clockNs, results }) {
  const rows = [{ row: "performance.now()", writer: "", ns: clockNs }, ...results];
  table.tBodies[0].replaceChildren(
    ...rows.map((row) => {
      const line = document.createElement("tr");
      const { ns } = row;
      const cells = [nameOf(row), ns.toFixed(1), (ns / clockNs).toFixed(2)];
      for (const text of cells) line.insertCell().textContent = text;
      return line;
    }),
  );
  table.parentElement.hidden = false;
}

/** Makes the button measure. */
export function setUpBench(button, status, figure, table) {
  let shown;
  let width = 0;
  // A plot has the width that it was drawn for: drawn anew when the page's changes.
  new ResizeObserver(() => {
    if (!shown || figure.clientWidth === width) return;
    width = figure.clientWidth;
    figure.replaceChildren(plot(shown, width));
  }).observe(figure);
  button.addEventListener("click", async () => {
    button.disabled = true;
    status.classList.remove("bad");
    try {
      const measured = await measureAll((text) => {
        status.textContent = text;
      });
      shown = measured;
      width = figure.clientWidth;
      figure.replaceChildren(plot(measured, width));
      fillTable(table, measured);
      status.textContent = `Done. The dashed line is performance.now(): ${measured.clockNs.toFixed(1)} ns.`;
    } catch (error) {
      status.textContent = error.message;
      status.classList.add("bad");
    }
    button.disabled = false;
  });
}
