// Mending a trace whose writer was killed within a write. A kill stops the kernel between two pages, so the
// last piece of a file may be there in part; babeltrace2 then shows nothing of the whole trace.

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { CTF_MAGIC, checkMetadata, parseUuid, scanStream } from "../../ctf/index.js";
import { CTF_MAGIC_LINE } from "../../ctf/names.js";
import { attempt } from "./output-error.js";
import { readAt } from "./read-at.js";
import { type TornTail, untilTorn } from "./torn-tail.js";

/**
 * Cuts off what is torn at the ends of the files of a trace directory that nobody writes any more. Files that
 * hold nothing whole are removed. Only files of the trace itself are touched: `metadata`, and streams named
 * `CHANNEL_N` whose torn packet begins as one of this trace does.
 * @returns what was cut off. Throws TraceError `output`
 */
export function cutTornTails(dir: string, channel: string): TornTail[] {
  const names = attempt(`read ${dir}`, () => readdirSync(dir));
  const metadata = names.includes("metadata") ? cutMetadata(join(dir, "metadata")) : undefined;
  const torn = metadata?.torn ? [metadata.torn] : [];
  if (metadata?.uuid === undefined) return torn;
  const begin = packetBegin(metadata.uuid);
  for (const name of names) {
    if (!name.startsWith(`${channel}_`) || !/_\d+$/.test(name)) continue;
    torn.push(...cutStream(join(dir, name), begin));
  }
  return torn;
}

/** What every packet of the trace begins with. */
export function packetBegin(uuid: string): Uint8Array {
  const begin = new Uint8Array(20);
  new DataView(begin.buffer).setUint32(0, CTF_MAGIC, true);
  begin.set(parseUuid(uuid), 4);
  return begin;
}

function cutStream(path: string, begin: Uint8Array): TornTail[] {
  const torn: TornTail[] = [];
  const fd = attempt(`open ${path}`, () => openSync(path, "r+"));
  try {
    const { size } = fstatSync(fd);
    const packets = scanStream((at, length) => readAt(fd, at, length), size);
    for (const _ of untilTorn(packets, { path, size }, (tail) => torn.push(tail)));
    for (const { at } of torn) {
      const there = readAt(fd, at, begin.length);
      if (there.some((byte, i) => byte !== begin[i])) return [];
      if (at > 0) attempt(`truncate ${path}`, () => ftruncateSync(fd, at));
      else attempt(`remove ${path}`, () => unlinkSync(path));
    }
    return torn;
  } catch (error) {
    // A packet that makes no sense was not torn by a kill: readers are told about it.
    if (error instanceof RangeError || error instanceof TypeError) return [];
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** A declaration or a comment at its end, as metadata.ts writes them: each begins and ends a line. */
const WHOLE = /^(?:\};|\/\* .* \*\/)\n/gm;
/** The last declaration of the header: without it no packet can be read, and none was written. */
const STREAM = /^stream \{$[\s\S]*?^\};\n/m;

/** Cuts the metadata back to its last whole line, and returns whose packets it describes. */
function cutMetadata(path: string): { uuid?: string; torn?: TornTail } {
  const text = attempt(`read ${path}`, () => readFileSync(path, "latin1"));
  // Not what this package has written, or not any more.
  if (!CTF_MAGIC_LINE.startsWith(text.slice(0, CTF_MAGIC_LINE.length))) return {};
  if (!STREAM.test(text)) {
    attempt(`remove ${path}`, () => unlinkSync(path));
    return { torn: { path, at: 0, bytes: text.length } };
  }
  let at = 0;
  for (const { index, 0: whole } of text.matchAll(WHOLE)) at = index + whole.length;
  const { uuid } = attempt(`read ${path}`, () => checkMetadata(text.slice(0, at)));
  if (at === text.length) return { uuid };
  attempt(`truncate ${path}`, () => truncateSync(path, at));
  return { uuid, torn: { path, at, bytes: text.length - at } };
}
