// Reads back the metadata that metadata.ts writes. It is no reader of TSDL at large: it knows blocks
// of `name = value;` and skips what else they hold. The text comes from a file and is not trusted.

import type { CpuClock } from "../../clock/clock.js";
import { type FacilityDefinition, fromJson } from "../../event/definition.js";
import {
  CLOCK_OFFSET_MAX,
  type Environment,
  type EventClass,
  type TraceClock,
} from "../../trace/schema.js";
import { classFromJson } from "../class-json.js";
import {
  CLASS_COMMENT,
  CLOCK_COMMENT,
  CTF_MAGIC_LINE,
  FACILITY_COMMENT,
  OLD_FACILITY_COMMENT,
  TRACER_NAME,
} from "../names.js";
import { parseUuid } from "../uuid.js";
import { type Token, tokens, unquote } from "./tokens.js";

/** What the metadata says about a trace. */
export interface TraceMetadata {
  /** UUID of the trace as text. */
  readonly uuid: string;
  /** Nanoseconds from the Unix epoch to timestamp 0. */
  readonly clockOffsetNs: bigint;
  readonly env: Environment;
}

/** A facility and the number of its first event in a trace. */
export interface LoadedFacility {
  readonly firstEvent: number;
  readonly definition: FacilityDefinition;
}

/** An event that no facility defines, and its number in a trace. */
export interface LoadedEvent {
  readonly event: number;
  readonly eventClass: EventClass;
}

/**
 * Checks that metadata is this package's, and returns what it says about the trace. Throws a
 * TypeError unless it begins with the CTF 1.8 comment, its tracer_name is "tbuf", and it has a
 * UUID and a clock's offset that is a date before 2262.
 */
export function checkMetadata(text: string): TraceMetadata {
  if (!text.startsWith(CTF_MAGIC_LINE)) {
    throw new TypeError(`metadata: does not begin with ${JSON.stringify(CTF_MAGIC_LINE)}`);
  }
  const blocks = readBlocks(text);
  const env = blocks.get("env");
  const tracer = env?.get("tracer_name");
  if (!env || tracer !== TRACER_NAME) {
    const found = tracer === undefined ? "absent" : JSON.stringify(String(tracer).slice(0, 80));
    throw new TypeError(`metadata: tracer_name is ${found}, not ${JSON.stringify(TRACER_NAME)}`);
  }
  const uuid = blocks.get("trace")?.get("uuid");
  if (typeof uuid !== "string") throw new TypeError("metadata: the trace has no uuid");
  parseUuid(uuid);
  const clock = blocks.get("clock");
  const seconds = clock?.get("offset_s");
  const nanoseconds = clock?.get("offset");
  if (typeof seconds !== "number" || typeof nanoseconds !== "number") {
    throw new TypeError("metadata: the clock has no offset_s and offset");
  }
  const clockOffsetNs = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  if (clockOffsetNs < 0n || clockOffsetNs > CLOCK_OFFSET_MAX) {
    throw new TypeError(
      `metadata: the clock's offset of ${clockOffsetNs} ns is not of 0 to ${CLOCK_OFFSET_MAX}`,
    );
  }
  return {
    uuid: uuid.toLowerCase(),
    clockOffsetNs,
    env: Object.fromEntries(env),
  };
}

/** What metadata says of its clock besides the offset. Throws a TypeError for what is no metadata at all. */
export function readClock(text: string): Omit<TraceClock, "offsetNs"> {
  const clock = readBlocks(text).get("clock");
  const name = clock?.get("name");
  const description = clock?.get("description");
  const precisionNs = clock?.get("precision");
  const uuid = clock?.get("uuid");
  return {
    ...(typeof name === "string" && { name }),
    ...(typeof description === "string" && { description }),
    ...(isCount(precisionNs) && { precisionNs }),
    ...(typeof uuid === "string" && { uuid }),
  };
}

/**
 * The facilities that metadata holds, in their order. Throws a TypeError naming what is wrong with
 * one of them.
 */
export function readFacilities(text: string): LoadedFacility[] {
  const facilities: LoadedFacility[] = [];
  for (const [kind, rest] of commentsOf(text, [FACILITY_COMMENT, OLD_FACILITY_COMMENT])) {
    if (kind === OLD_FACILITY_COMMENT) {
      throw new TypeError(
        "metadata: an earlier version of tbuf wrote this trace, with another layout of strings; " +
          "read it with that version, or with babeltrace2",
      );
    }
    const [firstEvent, json] = numbered("a facility", rest);
    facilities.push({ firstEvent, definition: fromJson(json) });
  }
  return facilities;
}

/** The events of metadata that are of no facility. Throws a TypeError naming what is wrong with one of them. */
export function readEventClasses(text: string): LoadedEvent[] {
  return Array.from(commentsOf(text, [CLASS_COMMENT]), ([, rest]) => {
    const [event, json] = numbered("an event", rest);
    return { event, eventClass: classFromJson(json) };
  });
}

/** The number that a comment begins with, and what comes after it. */
function numbered(what: string, rest: string): [number, string] {
  const space = rest.indexOf(" ");
  const number = rest.slice(0, Math.max(space, 0));
  if (/^[0-9]{1,4}$/.test(number)) return [Number(number), rest.slice(space + 1)];
  throw new TypeError(`metadata: ${what} begins with ${JSON.stringify(rest.slice(0, 20))}`);
}

/**
 * The clocks of the CPUs that metadata tells of, by CPU: the last one's of each. Throws a TypeError for
 * one that is no clock.
 */
export function readClocks(text: string): CpuClock[] {
  const clocks = new Map<number, CpuClock>();
  for (const [, json] of commentsOf(text, [CLOCK_COMMENT])) {
    const clock = toClock(json);
    clocks.set(clock.cpu, clock);
  }
  return [...clocks.values()].sort((a, b) => a.cpu - b.cpu);
}

function toClock(json: string): CpuClock {
  const refuse = () =>
    new TypeError(`metadata: ${JSON.stringify(json.slice(0, 80))} is no clock of a CPU`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refuse();
  }
  const { cpu, clock, resolutionNs, errorNs } = (value ?? {}) as Record<string, unknown>;
  const known = clock === "precise" || clock === "coarse" || clock === "caller";
  if (!known || !isCount(cpu) || !isCount(resolutionNs)) throw refuse();
  if (errorNs !== undefined && !isCount(errorNs)) throw refuse();
  return { cpu, clock, resolutionNs, errorNs };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The comments of these kinds: the kind, and the text after it. */
function* commentsOf(text: string, kinds: readonly string[]): Generator<[string, string]> {
  for (const token of tokens(text)) {
    if (token.kind !== "comment") continue;
    for (const kind of kinds) {
      const begin = `/* ${kind} `;
      if (token.text.startsWith(begin)) yield [kind, token.text.slice(begin.length, -"*/".length)];
    }
  }
}

type Block = Map<string, string | number>;

/** Strings, identifiers and integers right within each top-level block; the first block of a name counts. */
function readBlocks(text: string): Map<string, Block> {
  const blocks = new Map<string, Block>();
  let block: Block = new Map();
  let depth = 0;
  // The statement so far, as long as it may still be `name = value;`.
  let statement: Token[] = [];
  for (const token of tokens(text)) {
    if (token.kind === "comment") continue;
    if (token.text === "{" && token.kind === "mark") {
      const opener = statement[0];
      if (depth === 0) block = new Map();
      if (depth === 0 && opener && statement.length === 1 && !blocks.has(opener.text)) {
        blocks.set(opener.text, block);
      }
      depth += 1;
      statement = [];
    } else if (token.text === "}" && token.kind === "mark") {
      depth -= 1;
      if (depth < 0) throw new TypeError("metadata: a block is closed that is not open");
      statement = [];
    } else if (token.text === ";" && token.kind === "mark") {
      const [name, equals, value] = statement;
      if (depth === 1 && statement.length === 3 && equals?.text === "=" && name && value) {
        const known = constantOf(value);
        if (known !== undefined) block.set(name.text, known);
      }
      statement = [];
    } else if (statement.length < 4) statement.push(token);
  }
  if (depth !== 0) throw new TypeError("metadata: a block is not closed");
  return blocks;
}

function constantOf({ kind, text }: Token): string | number | undefined {
  if (kind === "string") return unquote(text);
  if (kind !== "word") return undefined;
  if (/^[A-Za-z_]\w*$/.test(text)) return text;
  if (!/^-?[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
