// What the operating system refused, in words.

import { getSystemErrorMap } from "node:util";

/**
 * What an error says: that of a call of the operating system what Node calls its reason ("permission denied"), without
 * the code, the call and the path, which are told elsewhere; any other its message.
 */
export function systemErrorText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  // Node has no name for some of them, and says so in the message: it has the number.
  return (errno !== undefined && getSystemErrorMap().get(errno)?.[1]) || message;
}
