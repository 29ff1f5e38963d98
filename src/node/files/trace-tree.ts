// The traces in a directory.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "./output-error.js";

/**
 * Paths of the traces in `dir`, as babeltrace2 finds them: the directory itself if it has metadata, or else those below
 * it, at any depth, in the order of their names. One where no trace is, or that does not exist, stands for itself: who
 * reads it is told what is missing. Throws TraceError `output` for a directory that cannot be read.
 */
export function traceDirs(dir: string): readonly string[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [dir];
  const found = below(dir);
  return found.length > 0 ? found : [dir];
}

function below(dir: string): string[] {
  if (existsSync(join(dir, "metadata"))) return [dir];
  return attempt(`read ${dir}`, () => readdirSync(dir, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))
    .flatMap(({ name }) => below(join(dir, name)));
}
