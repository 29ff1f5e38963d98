// Programs of others that tests hold tbuf against. Where one is not installed its tests are skipped,
// unless TBUF_REQUIRE_PEERS=1 says that this machine is to have them all.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { it } from "vitest";

/**
 * Where the program `name` is on PATH. Throws an Error if it is not and TBUF_REQUIRE_PEERS is 1.
 */
export function pathOf(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined && process.env.TBUF_REQUIRE_PEERS === "1") {
    throw new Error(`${name} is not on PATH, and TBUF_REQUIRE_PEERS=1`);
  }
  return found;
}

/** Whether it is there. Throws an Error as `pathOf`. */
export function peer(name: string): boolean {
  return pathOf(name) !== undefined;
}

/** `it` for tests that need the program `name`: skips them where it is not installed. */
export function itWith(name: string): typeof it | typeof it.skip {
  return peer(name) ? it : it.skip;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
