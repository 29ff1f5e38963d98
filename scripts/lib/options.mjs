// Options of the repository's own commands.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/**
 * As `parseArgs`. What it refuses is told in one line and ends the process with exit code 2; `--help`
 * prints the comment that the command's file begins with.
 *
 * @template {import("node:util").ParseArgsConfig} T
 * @param {T} config
 * @returns {ReturnType<typeof parseArgs<T>>}
 */
export function readOptions(config) {
  if (process.argv.includes("--help")) {
    console.log(comment(readFileSync(process.argv[1], "utf8")));
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    if (!String(error.code).startsWith("ERR_PARSE_ARGS_")) throw error;
    console.error(`${error.message} (--help tells more)`);
    process.exit(2);
  }
}

/**
 * Tells what is wrong with the options, and has the process end with exit code 2.
 *
 * @param {string} message
 */
export function refuse(message) {
  console.error(message);
  process.exitCode = 2;
}

/** The text of the comment that a file begins with. */
function comment(source) {
  const [head = ""] = source.replace(/^#!.*\n/, "").match(/^(\/\/.*\n)+/) ?? [];
  return head.replace(/^\/\/ ?/gm, "").trimEnd();
}
