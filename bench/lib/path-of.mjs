import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where the program `name` is on PATH; undefined when it is not. */
export function pathOf(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
