// Which events a trace enables: by name, by Xen's class names, by Xen's event mask.

import type { EventDefinition } from "./definition.js";

/** One wish: an event mask, or a pattern of a facility's and an event's name. */
type Wish = { readonly mask: number } | { readonly facility: RegExp; readonly event: RegExp };

export interface Selection {
  /** The text that `parseSelection` takes: patterns joined by commas. */
  readonly text: string;
  readonly wishes: readonly Wish[];
}

/** What xentrace's class names mean here: `gen` is core, `hvm` is xen_vmx, and so on. */
const CLASSES: Readonly<Record<string, string>> = {
  all: "*",
  gen: "core",
  sched: "xen_sched",
  dom0op: "xen_dom0op",
  hvm: "xen_vmx",
  mem: "xen_mem",
};

/**
 * Parses `all`, `gen`, `sched`, `dom0op`, `hvm`, `mem`, a facility (`app`), an event
 * (`app:request`), either with `*` for any characters, or a mask (`0x0002f000`, by Xen's rule),
 * several of them separated by commas. Throws a TypeError that names what it cannot read.
 */
export function parseSelection(text: string): Selection {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.some((part) => part === "")) {
    throw new TypeError(`events: ${JSON.stringify(text)} has an empty part`);
  }
  return { text: parts.join(","), wishes: parts.map(parseWish) };
}

function parseWish(part: string): Wish {
  if (/^(0x[0-9a-f]+|[0-9]+)$/i.test(part)) {
    const mask = Number(part);
    if (mask > 0xffffffff) throw new TypeError(`events: mask ${part} has more than 32 bits`);
    return { mask };
  }
  const named = CLASSES[part] ?? part;
  const colon = named.indexOf(":");
  const facility = colon < 0 ? named : named.slice(0, colon);
  const event = colon < 0 ? "*" : named.slice(colon + 1);
  if (!facility || !event) throw new TypeError(`events: ${JSON.stringify(part)} names no event`);
  return { facility: glob(facility), event: glob(event) };
}

function glob(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "su");
}

/** True when the selection holds the event. */
export function selects(selection: Selection, facility: string, event: EventDefinition): boolean {
  return selection.wishes.some((wish) =>
    "mask" in wish
      ? event.xen !== undefined && maskSelects(wish.mask, event.xen)
      : wish.facility.test(facility) && wish.event.test(event.name),
  );
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
