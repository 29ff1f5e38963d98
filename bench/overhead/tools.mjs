// The tools that a program runs under: each makes a command of Node's path, the program's file and a directory for what
// it writes.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
const otel = fileURLToPath(new URL("otel.cjs", import.meta.url));

const tbuf =
  (...more) =>
  (node, dir) => [node, cli, "record", "-q", "-o", join(dir, "t"), ...more, "--", node];

/** The name of a run without a tool. */
export const NONE = "none";

export const tools = {
  /** All sources that are on by default. */
  tbuf: tbuf(),
  /** Everything is loaded, and the trace has stopped before the program has begun to work. */
  "tbuf-stopped": tbuf("-T", "0.01"),
  "cpu-prof": (node, dir) => [node, "--cpu-prof", "--cpu-prof-dir", dir],
  "trace-events": (node, dir) => [
    ...[node, "--trace-event-categories", "node,node.http,v8"],
    ...["--trace-event-file-pattern", join(dir, "trace-$" + "{rotation}.json")],
  ],
  /** Spans of HTTP, which nobody exports. */
  "otel-http": (node) => [node, "--require", otel],
};

/** The command that runs a program with a tool, or without one. */
export function commandOf(tool, node, dir, program) {
  const [file, ...args] = tool === NONE ? [node] : tools[tool](node, dir);
  return { file, args: [...args, program] };
}
