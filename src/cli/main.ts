#!/usr/bin/env node
// The command line: one file a command beside this one.

import { Command } from "commander";
import { TraceError } from "../errors.js";
import { visible } from "../formats/text.js";
import { VERSION } from "../version.js";
import { convertCommand } from "./convert.js";
import { infoCommand } from "./info.js";
import { OUTPUT } from "./output.js";
import { say } from "./printable.js";
import { recordCommand } from "./record.js";

const program = new Command("tbuf")
  .description("Always-on trace buffers for multi-threaded JavaScript and WebAssembly.")
  .version(VERSION, "-V, --version")
  .configureOutput(OUTPUT)
  .showHelpAfterError("(tbuf --help tells more)")
  .enablePositionalOptions()
  .addCommand(recordCommand())
  .addCommand(infoCommand())
  .addCommand(convertCommand());

// A reader that closes the pipe (`tbuf info DIR | head`) has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  say(`cannot write to standard output: ${error.message}`);
  process.exit(1);
});
// Who has closed stderr does not want the messages; the exit code stays what it is.
process.stderr.on("error", () => {});

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof TraceError;
  say(known ? visible(error.message) : unexpected(error));
  process.exitCode = 1;
}

/** An error nobody foresaw: its place in the code is wanted, but not as a bare stack trace. */
function unexpected(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a mistake in tbuf, please report it:\n${text}`;
}
