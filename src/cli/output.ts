// How commander prints: its words about what it was given, as all other messages are.

import type { OutputConfiguration } from "commander";
import { printable } from "./printable.js";

export const OUTPUT: OutputConfiguration = {
  writeErr: (text) => {
    process.stderr.write(printable(text));
  },
  outputError: (text, write) => write(text.replace(/^error: /, "tbuf: ")),
};
