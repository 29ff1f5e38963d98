// The tokens of metadata. The text is not trusted, and may be of any size: tokens are found by loops,
// since regular expressions run out of stack at literals of some megabytes.

export interface Token {
  readonly kind: "word" | "string" | "comment" | "mark";
  /** As it stands in the text; of a string, what is between the quotes (see `unquote`). */
  readonly text: string;
}

const SPACE = /[\t\n\v\f\r ]/;
const WORD = /[A-Za-z0-9_.-]/;
const MARK = /[{}[\]();:=,<>]/;

/** The tokens of a text, in order. Throws a TypeError naming the position of what is not one. */
export function* tokens(text: string): Generator<Token, void, void> {
  for (let at = 0; at < text.length; ) {
    const first = text.charAt(at);
    if (SPACE.test(first)) at = endOfRun(text, at, SPACE);
    else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2) + 2;
      if (end < 2) refuse(text, at, "a comment is not closed");
      yield { kind: "comment", text: text.slice(at, end) };
      at = end;
    } else if (first === '"') {
      const end = endOfString(text, at + 1);
      if (end < 0) refuse(text, at, "a string is not closed");
      yield { kind: "string", text: text.slice(at + 1, end) };
      at = end + 1;
    } else if (WORD.test(first)) {
      const end = endOfRun(text, at, WORD);
      yield { kind: "word", text: text.slice(at, end) };
      at = end;
    } else if (MARK.test(first)) {
      yield { kind: "mark", text: first };
      at += 1;
    } else refuse(text, at, "it is no token");
  }
}

function refuse(text: string, at: number, why: string): never {
  let line = 1;
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", end + 1))
    line++;
  const found = JSON.stringify(text.slice(at, at + 20));
  throw new TypeError(
    `metadata: line ${line}, character ${at}: ${found} is not understood: ${why}`,
  );
}

/** Where the characters of a class end that begin at `at`. */
function endOfRun(text: string, at: number, characters: RegExp): number {
  let end = at + 1;
  while (end < text.length && characters.test(text.charAt(end))) end++;
  return end;
}

/** Where the quote is that closes a string, or -1: strings end on the line on which they begin. */
function endOfString(text: string, at: number): number {
  for (let end = at; end < text.length; end++) {
    const character = text.charAt(end);
    if (character === '"') return end;
    if (character === "\\") end += 1;
    if (text.charAt(end) === "\n") return -1;
  }
  return -1;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const BACKSLASH = 0x5c;

/** The text that a string token stands for; of escapes it knows octal bytes and `\"`. */
export function unquote(text: string): string {
  // In place: what an escape stands for is shorter than the escape.
  const bytes = encoder.encode(text);
  let to = 0;
  for (let at = 0; at < bytes.length; to++) {
    const octal = octalAt(bytes, at);
    if (octal !== undefined) at += 4;
    else at += bytes[at] === BACKSLASH ? 2 : 1;
    bytes[to] = octal ?? bytes[at - 1] ?? BACKSLASH;
  }
  return decoder.decode(bytes.subarray(0, to));
}

/** The byte of an escape of three octal digits at `at`, if there is one. */
function octalAt(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== BACKSLASH) return undefined;
  let value = 0;
  for (let i = at + 1; i < at + 4; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  return value & 0xff;
}
