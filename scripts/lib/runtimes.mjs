// Runtimes that come as packages, with `conformance`.

import { installedIn } from "./private-packages.mjs";

// By the paths of the programs themselves: npm links one of the Nodes as `node` beside the others, and
// its links to Deno and Bun may be scripts for Node.
const PROGRAMS = {
  node20: "node20/bin/node",
  node22: "node22/bin/node",
  node24: "node24/bin/node",
  deno: "deno/deno",
  bun: "bun/bin/bun.exe",
};

/** @typedef {keyof typeof PROGRAMS} RuntimeName */

export const runtimeNames = /** @type {RuntimeName[]} */ (Object.keys(PROGRAMS));

/**
 * The path that the program has once `conformance` is installed.
 *
 * @param {RuntimeName} name
 */
export function runtimeProgram(name) {
  return installedIn("conformance", PROGRAMS[name]);
}
