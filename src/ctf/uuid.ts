// UUIDs (RFC 9562) as 16 bytes and as text. A trace's packets hold the bytes, its metadata the text.

import type { OwnBytes } from "../memory/own-bytes.js";

/** The text of 16 bytes, in lower case. Throws a RangeError for any other number of bytes. */
export function formatUuid(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError(`uuid: ${bytes.length} bytes, not 16`);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** A random UUID, version 4. */
export function randomUuid(): string {
  // Not `randomUUID`, which pages have in secure contexts only.
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** The 16 bytes of a text. Throws a TypeError if it is no UUID. */
export function parseUuid(text: string): OwnBytes {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new TypeError(`uuid: ${JSON.stringify(text.slice(0, 80))} is not a UUID`);
  }
  const hex = text.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}
