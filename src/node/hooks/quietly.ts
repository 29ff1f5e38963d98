// What a source does within the program's own calls must not be noticed there.

/** Calls `action`. Whatever it throws ends here: what it wanted to record is missing then, and nothing else. */
export function quietly<Args extends readonly unknown[]>(
  action: (...args: Args) => void,
  ...args: Args
): void {
  try {
    action(...args);
  } catch {
    // A getter of the program's, or a value that is no text.
  }
}
