// Text: one line a record.

import type { TraceEntry } from "../ctf/merge.js";
import { CLOCK_OFFSET_MAX } from "../ctf/names.js";
import { TraceError } from "../errors.js";
import type { EventDefinition } from "../event/definition.js";
import type { FieldType } from "../event/field.js";
import { hex, labelsOf, once } from "./fields.js";
import { seconds, utc } from "./time.js";

/** Which times lines show. */
export type TextOptions =
  | {
      /**
       * "boot": seconds since the hypervisor was booted, and since the line before; the default.
       * "delta": the latter alone, so that two runs can be compared.
       */
      readonly time?: "boot" | "delta";
    }
  | {
      /** Date and time (UTC), and seconds since the line before. */
      readonly time: "utc";
      /** Nanoseconds from the Unix epoch to the boot: `metadata.clockOffsetNs`. */
      readonly clockOffsetNs: bigint;
    };

/**
 * A line for each record and loss, its end included:
 * `[12.000001000] (+0.000000500) app:request: { cpu_id = 0 }, { id = 1, path = "/" }`. Throws TraceError
 * `bad-option`, and what `entries` throws, after the lines before it.
 */
export function* toText(
  entries: Iterable<TraceEntry>,
  options: TextOptions = {},
): Generator<string, void, void> {
  const clock = clockOf(options);
  const fieldsOf = once(compileFields);
  const nameOf = once(visible);
  let last: bigint | undefined;
  for (const entry of entries) {
    const { timestamp, cpu } = entry;
    const delta = last === undefined ? "?.?????????" : seconds(timestamp - last);
    last = timestamp;
    const begin = clock ? `[${clock(timestamp)}] (+${delta})` : `(+${delta})`;
    if (entry.kind === "loss") {
      const { records, since } = entry;
      const fields = [`records = ${records}`];
      if (clock && since !== undefined) fields.push(`since = ${clock(since)}`);
      yield `${begin} lost: { cpu_id = ${cpu} }, { ${fields.join(", ")} }\n`;
    } else {
      const fields = fieldsOf(entry.definition)(entry.fields);
      yield `${begin} ${nameOf(entry.event)}: { cpu_id = ${cpu} }, ${fields}\n`;
    }
  }
}

/** How a time since boot is shown; undefined for not at all. */
function clockOf(options: TextOptions): ((ns: bigint) => string) | undefined {
  const { time = "boot" } = options;
  if (time === "delta") return undefined;
  if (time === "boot") return seconds;
  const offset = "clockOffsetNs" in options ? options.clockOffsetNs : undefined;
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

function compileFields({ fields }: EventDefinition): (values: Fields) => string {
  const shown = fields.map(({ name, type }) => ({
    name,
    label: `${visible(name)} = `,
    show: showing(type),
  }));
  if (shown.length === 0) return () => "{ }";
  return (values) =>
    `{ ${shown.map(({ name, label, show }) => label + show(values[name])).join(", ")} }`;
}

function showing(type: FieldType): (value: unknown) => string {
  switch (type.kind) {
    case "string":
      return (value) => `"${escaped(String(value))}"`;
    case "bytes":
      return (value) => `0x${hex(value as Uint8Array)}`;
    case "enum": {
      const labels = labelsOf(type);
      return (value) => {
        const label = labels.get(value);
        return label === undefined ? String(value) : `"${escaped(label)}" (${value})`;
      };
    }
    case "array": {
      const show = type.element ? showing(type.element) : String;
      return (value) => `[${Array.from(value as unknown[], show).join(", ")}]`;
    }
    default:
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
