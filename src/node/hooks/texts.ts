// Texts of the program that are recorded: never longer than a record should be.

/** Characters of a text that are recorded. */
const TEXT_MAX = 256;

/** The beginning of a text; "" of what is none. */
export function shortened(text: unknown, most: number = TEXT_MAX): string {
  if (typeof text !== "string") return "";
  return text.length <= most ? text : text.slice(0, most);
}

/** "ECONNRESET", or an error's name where it has no code. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return shortened(typeof code === "string" && code !== "" ? code : name) || "Error";
}
