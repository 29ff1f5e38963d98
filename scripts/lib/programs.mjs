// Programs of others that are installed on this machine.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * The path of the first of these names that PATH knows, or undefined.
 *
 * @param {readonly string[]} names
 */
export function findProgram(names) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
