// Text on its way to a terminal. Traces, paths and arguments come from anywhere: what they hold must not drive
// the terminal, nor turn the direction of what follows.

import { visible } from "../formats/text.js";

/** The text with escapes (`\u001b`) for control characters; line ends and tabs stay. Also right for JSON. */
export function printable(text: string): string {
  return text.replace(/[^\n\t]+/g, visible);
}

/** Prints a line to standard output. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Tells the user something, on stderr. */
export function say(text: string): void {
  process.stderr.write(`tbuf: ${printable(text)}\n`);
}
