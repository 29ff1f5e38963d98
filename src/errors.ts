// The one error of the API, and its warnings. Its codes are a closed set; its message names what failed, the value
// and the limit.

import * as ops from "../assembly/public/ops.js";

export type TraceErrorCode =
  | "not-dom0"
  | "dom0-taken"
  | "name-bad"
  | "name-in-use"
  | "name-unknown"
  | "subbuf-bytes"
  | "subbuf-count"
  | "mode"
  | "pattern"
  | "traces-full"
  | "no-memory"
  | "no-cpu"
  | "cpu-unknown"
  | "pushed"
  | "not-consumed"
  | "until"
  | "not-shared"
  | "not-mapped"
  | "virq"
  | "port"
  | "ports-full"
  | "facilities-full"
  | "events-full"
  | "facility-differs"
  | "facility-bytes"
  | "not-joined"
  | "joined"
  | "unknown-op"
  | "bad-option"
  | "bad-handle"
  | "abi-mismatch"
  | "stale"
  | "closed"
  | "busy"
  | "corrupt"
  | "unsupported"
  | "no-answer"
  | "no-ticker"
  | "output";

/** What fails in this package throws this; `code` says what, `message` names limit and offender. */
export class TraceError extends Error {
  readonly code: TraceErrorCode;

  constructor(code: TraceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TraceError";
    this.code = code;
  }
}

/** What an error says of itself, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For each reason of the hypervisor (REASON_ in ops.ts): its code, and what it means in words. */
const REASONS: ReadonlyMap<number, readonly [TraceErrorCode, string]> = new Map([
  [ops.REASON_NOT_DOM0, ["not-dom0", "this thread is not dom0"]],
  [ops.REASON_UNKNOWN_OP, ["unknown-op", "no such operation"]],
  [ops.REASON_NAME_BAD, ["name-bad", "a trace's name has 1 to 63 bytes of UTF-8"]],
  [ops.REASON_NAME_IN_USE, ["name-in-use", "a trace of that name exists"]],
  [ops.REASON_NAME_UNKNOWN, ["name-unknown", "no trace has that name"]],
  [ops.REASON_SUBBUF_BYTES, ["subbuf-bytes", "not a power of two within the limits"]],
  [ops.REASON_SUBBUF_COUNT, ["subbuf-count", "not a power of two within the limits"]],
  [ops.REASON_MODE, ["mode", "no such mode"]],
  [ops.REASON_PATTERN, ["pattern", "the selection of events is too long"]],
  [ops.REASON_TRACES_FULL, ["traces-full", "all traces are in use"]],
  [ops.REASON_NO_MEMORY, ["no-memory", "not enough free frames in a row"]],
  [ops.REASON_NO_CPU, ["no-cpu", "all CPUs are in use"]],
  [ops.REASON_CPU_UNKNOWN, ["cpu-unknown", "that CPU has no buffer in the trace"]],
  [ops.REASON_PUSHED, ["pushed", "the writer has moved the reader on"]],
  [ops.REASON_NOT_CONSUMED, ["not-consumed", "the reader does not stand there"]],
  [ops.REASON_UNTIL, ["until", "not a position of that sub-buffer up to offset"]],
  [ops.REASON_NOT_SHARED, ["not-shared", "the frames are not shared with dom0"]],
  [ops.REASON_NOT_MAPPED, ["not-mapped", "the frames are not mapped"]],
  [ops.REASON_VIRQ, ["virq", "no such VIRQ, or it is bound already, or not at all"]],
  [ops.REASON_PORT, ["port", "no such port, or none that is allocated"]],
  [ops.REASON_DOM0_TAKEN, ["dom0-taken", "another thread is dom0"]],
  [ops.REASON_FACILITIES_FULL, ["facilities-full", "all facilities are in use"]],
  [ops.REASON_EVENTS_FULL, ["events-full", "not enough event ids are left"]],
  [ops.REASON_FACILITY_DIFFERS, ["facility-differs", "it is registered with other events"]],
  [ops.REASON_FACILITY_BYTES, ["facility-bytes", "its definition is too long"]],
  [ops.REASON_NOT_JOINED, ["not-joined", "this thread is not a CPU"]],
  [ops.REASON_JOINED, ["joined", "this thread is a CPU already"]],
  [ops.REASON_TID, ["bad-option", "a thread's number is an integer from 0 to 2147483646"]],
  [ops.REASON_THREADS_FULL, ["no-cpu", "the starters of too many threads are to be remembered"]],
  [ops.REASON_PORTS_FULL, ["ports-full", "all ports that can be allocated are in use"]],
  [ops.REASON_CORRUPT, ["corrupt", "the memory holds what it should not"]],
]);

/** Code and words of a reason of the hypervisor. */
export function explain(reason: number): { code: TraceErrorCode; words: string } {
  const [code, words] = REASONS.get(reason) ?? ["corrupt", `reason ${reason} is not known`];
  return { code, words };
}

/** The error of a failed hypercall: `create trace: a trace of that name exists: name="app"`. */
export function hypercallError(
  what: string,
  reason: number,
  details: Readonly<Record<string, unknown>>,
): TraceError {
  const { code, words } = explain(reason);
  const list = Object.entries(details).map(([name, value]) => `${name}=${show(value)}`);
  return new TraceError(code, `${what}: ${words}${list.length ? `: ${list.join(", ")}` : ""}`);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** A value as a message shows it, with its type where the value alone would not tell: `"4" (a string)`. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return `${quote(value)} (a string)`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/**
 * A name as a message shows it: the start of a text, quoted, as untrusted text may be of any length. What is no
 * text is described.
 */
export function quote(name: unknown): string {
  if (typeof name !== "string") return describeValue(name);
  return name.length > 80 ? `${JSON.stringify(name.slice(0, 80))}...` : JSON.stringify(name);
}

/**
 * The TraceError `bad-option` for a value that cannot be used, such as
 * `boot: cpus must be an integer from 1 to 256, got "4" (a string)`.
 * @param what the function that the user called
 * @param name the argument or option
 * @param expected what may stand there
 */
export function badOption(
  what: string,
  name: string,
  expected: string,
  value: unknown,
  options?: ErrorOptions,
): TraceError {
  const text = `${what}: ${name} must be ${expected}, got ${describeValue(value)}`;
  return new TraceError("bad-option", text, options);
}

/**
 * Throws TraceError `bad-option` when the options are no object, and for an option that is not known: a
 * misspelt name would be passed over silently otherwise.
 */
export function checkOptions(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw badOption(what, "the options", `an object with any of ${known.join(", ")}`, options);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TraceError(
      "bad-option",
      `${what}: option ${name} is not known; known are ${known.join(", ")}`,
    );
  }
}

interface Runtime {
  readonly process?: {
    readonly emitWarning?: (text: string, options: { type: string; code: string }) => void;
    readonly env?: Readonly<Record<string, string | undefined>>;
  };
  readonly console?: { readonly warn?: (text: string) => void };
}

/**
 * Tells the program's author of something that is no error, where it can be seen: by the warnings of Node, Deno
 * and Bun, which a program can listen to and a user can turn off, else on the console.
 * @param code names the kind of warning, as `TBUF_NO_EVENT`
 */
export function warn(code: string, text: string): void {
  const { process, console } = globalThis as Runtime;
  if (process?.emitWarning) process.emitWarning(text, { type: "TbufWarning", code });
  else console?.warn?.(`tbuf: ${text}`);
}

/** Whether the program says that it runs in production, where nobody wants advice: NODE_ENV. */
export function isProduction(): boolean {
  try {
    return (globalThis as Runtime).process?.env?.NODE_ENV === "production";
  } catch {
    // Deno refuses a program without the permission to read it.
    return false;
  }
}
