// Which events a trace enables: by name, by Xen's class names, by Xen's event mask.

import { describeValue } from "../errors.js";
import type { EventDefinition } from "./definition.js";

/** One wish: an event mask, or a pattern of a facility's and an event's name. */
type Wish = { readonly mask: number } | { readonly facility: Glob; readonly event: Glob };
type Glob = readonly string[];

/** Which events to record: "app:request,sched", or a list of such texts. */
export type EventSelection = string | readonly string[];

export interface Selection {
  /** The text that `parseSelection` takes: patterns joined by commas. */
  readonly text: string;
  readonly wishes: readonly Wish[];
}

/** What xentrace's class names mean here: `gen` is core, `hvm` is xen_vmx, and so on. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ["all", "*"],
  ["gen", "core"],
  ["sched", "xen_sched"],
  ["dom0op", "xen_dom0op"],
  ["hvm", "xen_vmx"],
  ["mem", "xen_mem"],
]);

/**
 * Parses `all`, `gen`, `sched`, `dom0op`, `hvm`, `mem`, a facility (`app`), an event
 * (`app:request`), either with `*` for any characters, or a mask (`0x0002f000`, by Xen's rule),
 * several of them separated by commas, or a list of such texts. Throws a TypeError that names what it cannot read.
 */
export function parseSelection(selection: EventSelection): Selection {
  const list: readonly unknown[] = Array.isArray(selection) ? selection : [selection];
  const odd = list.findIndex((each) => typeof each !== "string");
  if (odd >= 0) {
    throw new TypeError(
      `events must be a text such as "app:request,sched", or a list of such texts, got ${describeValue(list[odd])}`,
    );
  }
  const text = list.join(",");
  if (text === "") throw new TypeError("events must name an event; leave it out to record all");
  const parts = text.split(",").map((part) => part.trim());
  if (parts.some((part) => part === "")) {
    throw new TypeError(`events: ${JSON.stringify(text)} has an empty part; leave out one comma`);
  }
  return { text: parts.join(","), wishes: parts.map(parseWish) };
}

function parseWish(part: string): Wish {
  if (/^(0x[0-9a-f]+|[0-9]+)$/i.test(part)) {
    const mask = Number(part);
    if (mask > 0xffffffff) throw new TypeError(`events: mask ${part} has more than 32 bits`);
    return { mask };
  }
  const named = CLASSES.get(part) ?? part;
  const colon = named.indexOf(":");
  const facility = colon < 0 ? named : named.slice(0, colon);
  const event = colon < 0 ? "*" : named.slice(colon + 1);
  if (!facility || !event) throw new TypeError(`events: ${JSON.stringify(part)} names no event`);
  return { facility: glob(facility), event: glob(event) };
}

/** A pattern cut at its stars: the first part is the beginning, the last the end. */
function glob(pattern: string): Glob {
  return pattern.split("*");
}

/** Each part is looked for once, from where the one before ended: no backtracking, however many
 * stars there are. */
function globMatches(parts: Glob, text: string): boolean {
  const first = parts[0] ?? "";
  const last = parts[parts.length - 1] ?? "";
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** True when the selection holds the event. */
export function selects(selection: Selection, facility: string, event: EventDefinition): boolean {
  return selection.wishes.some((wish) =>
    "mask" in wish
      ? event.xen !== undefined && maskSelects(wish.mask, event.xen)
      : globMatches(wish.facility, facility) && globMatches(wish.event, event.name),
  );
}

/** A facility's name and its events. */
interface Named {
  readonly definition: { readonly name: string; readonly events: readonly EventDefinition[] };
}

/**
 * The parts of the selection, such as misspelt names, that hold no event of the facilities there are, which are
 * asked for only if there may be such a part.
 */
export function unmatchedParts({ text }: Selection, facilities: () => readonly Named[]): string[] {
  const parts = text.split(",").map((part) => parseSelection(part));
  const doubtful = parts.filter((part) => !selectsAll(part));
  if (doubtful.length === 0) return [];
  const there = facilities();
  const holds = (part: Selection) =>
    there.some(({ definition: { name, events } }) =>
      events.some((event) => selects(part, name, event)),
    );
  return doubtful.filter((part) => !holds(part)).map((part) => part.text);
}

/** True when the selection holds whatever there is. */
export function selectsAll(selection: Selection): boolean {
  return selection.text.split(",").some((part) => part === "all" || part === "*" || part === "*:*");
}

/**
 * Xen's rule: the mask and the event share a class bit (27-16) and a subclass bit (15-12). It is a
 * cross product, not a list. Bit 31 of a mask means a timestamp there, and is left out.
 */
export function maskSelects(mask: number, xen: number): boolean {
  const common = mask & xen & 0x7fffffff;
  return common >>> 16 !== 0 && ((common >>> 12) & 0xf) !== 0;
}
