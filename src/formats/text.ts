// Text: one line a record.

import { TraceError } from "../errors.js";
import type { TraceEntry } from "../trace/entry.js";
import type { FieldClass, FieldMember, VariantValue } from "../trace/field.js";
import { CLOCK_OFFSET_MAX, type EventClass, type TraceSchema } from "../trace/schema.js";
import { type Output, piecesOf, type TraceSink } from "../trace/sink.js";
import { takesTime } from "../trace/took.js";
import { hex, inBase, labelOf, once } from "./fields.js";
import { seconds, utc } from "./time.js";

/** Which times lines show. */
export type TextOptions =
  | {
      /**
       * "boot": seconds since the clock's zero, when the hypervisor was booted, and since the line before;
       * the default. "delta": the latter alone, so that two runs can be compared.
       */
      readonly time?: "boot" | "delta";
    }
  | {
      /** Date and time (UTC), and seconds since the line before. */
      readonly time: "utc";
      /** Nanoseconds from the Unix epoch to the boot: `metadata.clockOffsetNs`. */
      readonly clockOffsetNs: bigint;
    };

/** Which times the lines of a sink show: as in `TextOptions`. */
export interface TextSinkOptions {
  readonly time?: "boot" | "delta" | "utc";
  /** Nanoseconds from the Unix epoch to timestamp 0; the schema's clock tells it unless it is given. */
  readonly clockOffsetNs?: bigint;
}

/**
 * A line for each record and loss, its end included:
 * `[12.000001000] (+0.000000500) app:request: { cpu_id = 0 }, { id = 1, path = "/" }`. Throws TraceError
 * `bad-option`, and what `entries` throws, after the lines before it.
 */
export function* toText(
  entries: Iterable<TraceEntry>,
  options: TextOptions = {},
): Generator<string, void, void> {
  yield* piecesOf<string>(entries, (output) => new TextSink(output, options));
}

/** The lines of `toText`, one a piece. */
export class TextSink implements TraceSink {
  readonly #output: Output<string>;
  readonly #options: TextSinkOptions;
  readonly #showOf = once((eventClass: EventClass) => ({
    name: visible(eventClass.name),
    show: showClass(eventClass, this.#clock),
  }));
  #clock: Clock | undefined = seconds;
  #last: bigint | undefined;

  constructor(output: Output<string>, options: TextSinkOptions = {}) {
    this.#output = output;
    this.#options = options;
  }

  /** Throws TraceError `bad-option` for a time that is none, or that no clock tells. */
  begin({ clock }: TraceSchema): void {
    const { time = "boot", clockOffsetNs = clock.offsetNs } = this.#options;
    this.#clock = clockOf(time, clockOffsetNs);
  }

  append(entry: TraceEntry): void {
    const { timestamp, cpu } = entry;
    const clock = this.#clock;
    const delta = this.#last === undefined ? "+?.?????????" : apart(timestamp - this.#last);
    this.#last = timestamp;
    const begin = clock ? `[${clock(timestamp)}] (${delta})` : `(${delta})`;
    if (entry.kind === "loss") {
      const { records, since } = entry;
      const fields = [`records = ${records}`];
      if (clock && since !== undefined) fields.push(`since = ${clock(since)}`);
      this.#output(`${begin} lost: { cpu_id = ${cpu} }, { ${fields.join(", ")} }\n`);
    } else {
      const { name, show } = this.#showOf(entry.eventClass);
      this.#output(`${begin} ${name}: { cpu_id = ${cpu} }, ${show(entry.fields)}\n`);
    }
  }

  finish(): void {}
}

type Clock = (ns: bigint) => string;

/** A distance. It is negative where entries come in another order than that of time. */
function apart(ns: bigint): string {
  return ns < 0n ? `-${seconds(-ns)}` : `+${seconds(ns)}`;
}

/** How a time since boot is shown; undefined for not at all. */
function clockOf(time: unknown, offset: unknown): Clock | undefined {
  if (time === "delta") return undefined;
  if (time === "boot") return seconds;
  if (time !== "utc") {
    throw new TraceError("bad-option", `text: time=${String(time)} is not boot, utc or delta`);
  }
  if (typeof offset !== "bigint" || offset < 0n || offset > CLOCK_OFFSET_MAX) {
    throw new TraceError(
      "bad-option",
      `text: time "utc" needs clockOffsetNs, a bigint of 0 to ${CLOCK_OFFSET_MAX}, not ${String(offset)}`,
    );
  }
  return (ns) => utc(offset + ns);
}

type Fields = Readonly<Record<string, unknown>>;
type Show = (value: unknown) => string;

/** The fields of a record. When what took time began is shown as the line's time is, and not at all without one. */
function showClass(eventClass: EventClass, clock: Clock | undefined): (values: Fields) => string {
  if (!takesTime(eventClass)) return showFields(eventClass.fields);
  const shows = new Map<string, Show>([["duration", (ns) => seconds(ns as bigint)]]);
  if (clock) shows.set("start", (ns) => clock(ns as bigint));
  const fields = eventClass.fields.filter(({ name }) => clock || name !== "start");
  return showFields(fields, shows);
}

/** @param shows how fields are shown that are not shown as their classes are */
function showFields(
  fields: readonly FieldMember[],
  shows: ReadonlyMap<string, Show> = new Map(),
): (values: Fields) => string {
  const shown = fields.map(({ name, fieldClass }) => ({
    name,
    label: `${visible(name)} = `,
    show: shows.get(name) ?? showing(fieldClass),
  }));
  if (shown.length === 0) return () => "{ }";
  return (values) =>
    `{ ${shown.map(({ name, label, show }) => label + show(values[name])).join(", ")} }`;
}

function showing(fieldClass: FieldClass): Show {
  switch (fieldClass.kind) {
    case "string":
      return (value) => `"${escaped(String(value))}"`;
    case "bytes":
      return (value) => `0x${hex(value as Uint8Array)}`;
    case "integer":
      return inBase(fieldClass);
    case "enum": {
      const label = labelOf(fieldClass);
      const show = inBase(fieldClass.container);
      return (value) => {
        const told = label(value);
        return told === undefined ? show(value) : `"${escaped(told)}" (${show(value)})`;
      };
    }
    case "array": {
      const show = showing(fieldClass.element);
      return (value) => `[${Array.from(value as unknown[], show).join(", ")}]`;
    }
    case "struct":
      return showFields(fieldClass.fields) as (value: unknown) => string;
    case "variant": {
      const shows = new Map(
        fieldClass.options.map((option) => [option.name, showFields([option])]),
      );
      return (value) => {
        const { option, value: chosen } = value as VariantValue;
        return shows.get(option)?.({ [option]: chosen }) ?? `{ ${visible(option)} = ? }`;
      };
    }
    case "boolean":
      return String;
    case "float":
      return (value) => (Object.is(value, -0) ? "-0" : String(value));
  }
}

/** What would end a line, drive a terminal, or turn the direction of what follows; and broken pairs. */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const UNQUOTED = new RegExp(`["\\\\]|${HIDDEN.source}`, "gu");

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escapeOf(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  return SHORT[character] ?? `\\u${code}`;
}

/** A text for between quotes. */
function escaped(text: string): string {
  return text.replace(UNQUOTED, escapeOf);
}

/** A name, or other text without quotes: on one line, with escapes for what is hidden. */
export function visible(name: string): string {
  return name.replace(HIDDEN, escapeOf);
}
