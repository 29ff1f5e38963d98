#!/usr/bin/env node
// The command line: one file a command beside this one.

import { Command } from "commander";
import { TraceError } from "../errors.js";
import { VERSION } from "../version.js";
import { infoCommand } from "./info.js";
import { OUTPUT } from "./output.js";
import { recordCommand } from "./record.js";

const program = new Command("tbuf")
  .description("Always-on trace buffers for multi-threaded JavaScript and WebAssembly.")
  .version(VERSION, "-V, --version")
  .configureOutput(OUTPUT)
  .showHelpAfterError("(tbuf --help tells more)")
  .enablePositionalOptions()
  .addCommand(recordCommand())
  .addCommand(infoCommand());

// A reader that closes the pipe (`tbuf info DIR | head`) has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof TraceError;
  process.stderr.write(`tbuf: ${known ? error.message : unexpected(error)}\n`);
  process.exitCode = 1;
}

/** An error nobody foresaw: its place in the code is wanted, but not as a bare stack trace. */
function unexpected(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a mistake in tbuf, please report it:\n${text}`;
}
