// Which names facilities, events, fields and enum members may have, and labels of events. They end up in CTF metadata,
// in file formats of other tools and on terminals, hence no control characters and no halves of
// surrogate pairs; the length fits the one byte that other formats leave for it.

import { describeValue, quote } from "../errors.js";

/** Longest name of a facility, event, field or enum member, and longest label, in bytes of UTF-8. */
export const NAME_BYTES_MAX = 63;

const encoder = new TextEncoder();

/**
 * Returns `name` if it is one: a string of 1 to 63 bytes of UTF-8 without control characters.
 * `what` is what it names, for the message. Throws a TypeError otherwise.
 */
export function checkName(what: string, name: unknown): string {
  if (typeof name !== "string") {
    throw new TypeError(`${what} name must be a string, got ${describeValue(name)}`);
  }
  if (name === "") throw new TypeError(`${what} name: must not be empty`);
  // Each UTF-16 unit is a byte or more: no need to encode a text that is too long anyway.
  const bytes = name.length > NAME_BYTES_MAX ? name.length : encoder.encode(name).length;
  if (bytes > NAME_BYTES_MAX) {
    throw new TypeError(
      `${what} name: ${quote(name)} has ${bytes} bytes or more, at most ${NAME_BYTES_MAX} are allowed`,
    );
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw new TypeError(
      `${what} name: ${quote(name)} holds a control character or half a character`,
    );
  }
  return name;
}

/** `checkName` for a facility, which may not hold ":" either: it ends there in "facility:event". */
export function checkFacilityName(name: unknown): string {
  const checked = checkName("facility", name);
  if (checked.includes(":")) {
    throw new TypeError(`facility name: ${quote(checked)} holds ":", which ends it in event names`);
  }
  return checked;
}
