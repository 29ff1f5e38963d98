// All rows, in the order of the table: from an id to the file of bench/rows that sets it up. Only
// that file is loaded in the row's process.

export const familyOf = {
  clock: "clock",
  "record0-precise": "tracepoints",
  "record1-precise": "tracepoints",
  "record2-precise": "tracepoints",
  "record3-precise": "tracepoints",
  "record4-precise": "tracepoints",
  "record5-precise": "tracepoints",
  "record6-precise": "tracepoints",
  "record7-precise": "tracepoints",
  "record2-coarse": "tracepoints",
  "record2-caller": "tracepoints",
  "export2-caller": "batches",
  "record2-named": "tracepoints",
  "string8-precise": "tracepoints",
  "string32-precise": "tracepoints",
  "string128-precise": "tracepoints",
  "string1024-precise": "tracepoints",
  batch2: "batches",
  "wasm-guest-record2": "guest",
  "wasm-guest-record2-precise": "guest",
  disabled: "disabled",
  "disabled-in-trace": "disabled",
  "traces2-record2-precise": "tracepoints",
  "traces3-record2-precise": "tracepoints",
  "js-record2-precise": "tracepoints",
  "js-record2-coarse": "tracepoints",
  "js-record2-caller": "tracepoints",
  "js-record7-precise": "tracepoints",
  "js-string32-precise": "tracepoints",
  "js-batch2": "batches",
  "ringbuf.js": "peers",
  "object-array": "peers",
  "performance.mark": "peers",
  diagnostics_channel: "peers-node",
  pino: "peers-node",
  "otel-span": "peers",
  "lttng-ust": "lttng",
  "drain-file": "drain-file",
  boot: "boot",
  heap: "heap",
};

/** Sets up row `id` in this process. */
export async function setUp(id) {
  const { rows } = await import(`../rows/${familyOf[id]}.mjs`);
  return rows[id]();
}
