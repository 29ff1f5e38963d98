// All rows, in the order of the table: from an id to the file of bench/rows that sets it up. Only
// that file is loaded in the row's process.

export const familyOf = {
  clock: "clock",
  "record2-precise": "tracepoints",
  "record2-caller": "tracepoints",
  "record2-named": "tracepoints",
  "record7-precise": "tracepoints",
  "string32-precise": "tracepoints",
  "string128-precise": "tracepoints",
  "string1024-precise": "tracepoints",
  disabled: "tracepoints",
  "disabled-in-trace": "tracepoints",
  "traces2-record2-precise": "tracepoints",
  "traces3-record2-precise": "tracepoints",
  "ringbuf.js": "peers",
  "object-array": "peers",
  "performance.mark": "peers",
  diagnostics_channel: "peers",
  pino: "peers",
  "otel-span": "peers",
  "lttng-ust": "lttng",
  "drain-file": "drain-file",
  "sustained-1": "sustained",
  "sustained-2": "sustained",
  "sustained-1-lttng": "sustained-lttng",
  "sustained-2-lttng": "sustained-lttng",
  "writers-1": "writers",
  "writers-2": "writers",
  "writers-2-apart": "writers",
  "writers-1-caller": "writers",
  "writers-2-caller": "writers",
  "writers-2-apart-caller": "writers",
  "threads-2-clock": "writers",
  boot: "boot",
  heap: "heap",
  memory: "memory",
};

/** Sets up row `id` in this process. */
export async function setUp(id) {
  const { rows } = await import(`../rows/${familyOf[id]}.mjs`);
  return rows[id]();
}
