// How errors in the command line's words are printed: as all other messages are.

import type { OutputConfiguration } from "commander";

export const OUTPUT: OutputConfiguration = {
  outputError: (text, write) => write(text.replace(/^error: /, "tbuf: ")),
};
