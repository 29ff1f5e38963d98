// What the metadata of a recorded process says of it.

import { basename } from "node:path";
import type { Environment } from "../../trace/schema.js";

/** What people call the process: its script, or else its runtime. */
export function programName(): string {
  return basename(process.argv[1] ?? process.execPath);
}

/**
 * Its number, that of the process which started it, and what it was started with: `command` for people, `argv` as a
 * JSON array for programs. Called in the main thread, before the program can change its arguments.
 */
export function processEnv(mode: string): Environment {
  const [, script, ...args] = process.argv;
  const { argv0, execArgv } = process;
  const command = [argv0, ...execArgv, ...(script === undefined ? [] : [script]), ...args];
  return {
    process: process.pid,
    parent_process: process.ppid,
    command: command.map(quoted).join(" "),
    argv: JSON.stringify(process.argv),
    trace_mode: mode,
  };
}

/** As a shell takes it. */
function quoted(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
