// What is drawn, as Vega-Lite specifications. All costs are ratios to `performance.now()` of the same
// process: nanoseconds of different moments of a shared machine cannot be compared.

const COST = "x performance.now()";
const config = {
  background: "white",
  font: "sans-serif",
  view: { stroke: null },
  axis: { labelAngle: 0, labelFlush: false },
};

/** A row of each plot's table: a runtime, an x, and the ratio of row `id`. */
function points(results, xOf) {
  return results.flatMap(({ runtime, rows }) =>
    rows.flatMap(({ id, ratio }) => {
      const found = xOf(id);
      return found === undefined ? [] : [{ runtime: runtime.name, ratio, ...found }];
    }),
  );
}

function lines(values, x) {
  return {
    data: { values },
    width: 280,
    height: 240,
    mark: { type: "line", point: true },
    encoding: {
      x,
      y: { field: "ratio", type: "quantitative", title: COST, scale: { zero: true } },
      color: { field: "runtime", type: "nominal", title: "runtime" },
    },
  };
}

function payload(results) {
  const words = points(results, (id) => {
    const [, count] = /^record(\d)-precise$/.exec(id) ?? [];
    return count && { fields: Number(count) };
  });
  const texts = points(results, (id) => {
    const [, length] = /^string(\d+)-precise$/.exec(id) ?? [];
    return length && { length: Number(length) };
  });
  return {
    title: "By payload",
    hconcat: [
      lines(words, { field: "fields", type: "quantitative", title: "numbers in the record" }),
      lines(texts, {
        field: "length",
        type: "quantitative",
        title: "ASCII characters in its one string",
        scale: { type: "log", base: 2 },
        axis: { values: [8, 32, 128, 512, 1024] },
      }),
    ],
    config,
  };
}

function traces(results) {
  const counts = {
    "disabled-in-trace": 0,
    "record2-precise": 1,
    "traces2-record2-precise": 2,
    "traces3-record2-precise": 3,
  };
  const values = points(results, (id) => (id in counts ? { traces: counts[id] } : undefined));
  const x = { field: "traces", type: "ordinal", title: "traces that want the event" };
  return { title: "By number of active traces", ...lines(values, x), config };
}

function writers(results) {
  const compared = [
    "record2-precise",
    "record2-coarse",
    "record2-caller",
    "record7-precise",
    "string32-precise",
    "batch2",
  ];
  const values = points(results, (id) => {
    const twin = id.replace(/^js-/, "");
    if (!compared.includes(twin)) return undefined;
    return { row: twin, writer: twin === id ? "Wasm" : "JavaScript" };
  });
  return {
    title: "Wasm and JavaScript writer",
    data: { values },
    facet: { column: { field: "runtime", type: "nominal", title: null } },
    spec: {
      width: 150,
      height: 150,
      layer: [
        {
          mark: { type: "rule", color: "lightgray" },
          encoding: {
            x: { aggregate: "min", field: "ratio" },
            x2: { aggregate: "max", field: "ratio" },
          },
        },
        {
          mark: { type: "point", filled: true, size: 60 },
          encoding: { color: { field: "writer", type: "nominal", title: "writer" } },
        },
      ],
      encoding: {
        y: { field: "row", type: "nominal", title: null, sort: compared },
        x: {
          field: "ratio",
          type: "quantitative",
          title: COST,
          scale: { type: "log" },
          axis: { values: [0.01, 0.03, 0.1, 0.3, 1, 3, 10] },
        },
      },
    },
    config,
  };
}

/** The plots by the names of their files. */
export function plotsOf(results) {
  return { payload: payload(results), traces: traces(results), writers: writers(results) };
}
