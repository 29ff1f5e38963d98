// Metadata that is damaged, hostile or huge: it is read, or refused with an error that says where, in
// a time that its size bounds.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkMetadata,
  metadataClock,
  metadataEvents,
  metadataHeader,
  readClocks,
  readFacilities,
} from "../../src/ctf/index.js";
import { TraceError } from "../../src/errors.js";
import { array, defineFacility, enumOf, string, u32 } from "../../src/event/index.js";
import { openTraceDir, readTraceDir } from "../../src/node/files/trace-dir.js";
import { UUID } from "../lib/ctf-traces.js";
import { freshDir } from "../lib/record.js";

const header = (hostname: string) =>
  metadataHeader({
    uuid: UUID,
    env: { hostname },
    clock: { description: 'of "the" boot', offsetSeconds: 1, offsetNanoseconds: 2 },
  });
const whole =
  header('a "b" \\ é') +
  metadataEvents(1, defineFacility("app", { a: { b: string, c: array(u32) } })) +
  metadataEvents(2, defineFacility("more", { d: { e: enumOf({ "*/": 1, '"': 2 }) } })) +
  metadataClock({ cpu: 3, clock: "coarse", resolutionNs: 1000, errorNs: 5 });

/** What is read of a text, or the message of the TypeError that refuses it. */
function read(text: string): string | ReturnType<typeof checkMetadata> {
  try {
    readFacilities(text);
    readClocks(text);
    return checkMetadata(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
}

const MILLIONS = 20_000_000;

describe("metadata of 20 MB", () => {
  it("is read where it is one long string", () => {
    const long = "x".repeat(MILLIONS);
    const { env } = checkMetadata(header("HOST").replace("HOST", long));
    expect(env.hostname === long).toBe(true);
  });

  it("is read where it is one long string of escapes", () => {
    const long = '\\303\\251\\"'.repeat(MILLIONS / 10);
    const { env } = checkMetadata(header("HOST").replace("HOST", long));
    expect(env.hostname === 'é"'.repeat(MILLIONS / 10)).toBe(true);
  });

  it.each([
    ["a comment", `/*${"*".repeat(MILLIONS)}*/`],
    ["a word", `${"x".repeat(MILLIONS)};`],
    ["blanks", " \n".repeat(MILLIONS / 2)],
    ["a number", `env { x = ${"9".repeat(MILLIONS)}; };`],
    ["blocks in blocks", "{".repeat(MILLIONS / 20) + "}".repeat(MILLIONS / 20)],
  ])("is read where it is %s", (_what, more) => {
    expect(read(whole + more)).toMatchObject({ uuid: UUID });
  });

  it.each([
    ["a string that is not closed", `"${"\\a".repeat(MILLIONS / 2)}`, /a string is not closed/],
    ["a comment that is not closed", `/*${"* ".repeat(MILLIONS / 2)}`, /a comment is not closed/],
    ["blocks that are not closed", "{".repeat(MILLIONS / 20), /a block is not closed/],
    ["lists in a facility", `/* tbuf events 1 ${"[".repeat(MILLIONS / 20)} */`, /not JSON/],
    ["lists in a clock", `/* tbuf clock ${"[".repeat(MILLIONS / 20)} */`, /is no clock/],
    [
      "arrays in a field",
      `/* tbuf events 1 {"name":"a","events":[{"name":"b","fields":[{"name":"c","type":` +
        `${'{"array":'.repeat(5000)}"u32"${"}".repeat(5000)}}]}]} */`,
      /elements cannot be array/,
    ],
  ])("is refused where it is %s", (_what, more, message) => {
    expect(read(whole + more)).toMatch(message);
  });

  it("is refused with the line where it cannot be understood", () => {
    const lines = whole.split("\n").length;
    const message = read(`${whole}${"\n".repeat(MILLIONS)}§`);
    expect(message).toMatch(`metadata: line ${lines + MILLIONS}, character `);
  });
});

describe("metadata, mutated", () => {
  const place = fc.nat(whole.length);
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('"', "\\", "/*", "*/", "{", "}", ";", "=", "\n", "\0", "é", "\\777", "tbuf"),
    fc.tuple(place, fc.nat(40)).map(([at, length]) => whole.slice(at, at + length)),
  );
  const mutation = fc.tuple(place, fc.nat(30), piece);
  const mutated = fc.array(mutation, { minLength: 1, maxLength: 6 }).map((mutations) => {
    let text = whole;
    for (const [at, cut, more] of mutations) text = text.slice(0, at) + more + text.slice(at + cut);
    return text;
  });

  it("is read or refused with a TypeError", () => {
    fc.assert(
      fc.property(mutated, (text) => {
        read(text);
      }),
      { numRuns: 3000 },
    );
  });

  it("is read or refused with a TraceError that names the file", () => {
    const dir = freshDir();
    const path = join(dir, "metadata");
    fc.assert(
      fc.property(mutated, (text) => {
        writeFileSync(path, text);
        for (const open of [openTraceDir, readTraceDir]) {
          try {
            open(dir);
          } catch (error) {
            expect(error).toBeInstanceOf(TraceError);
            expect((error as TraceError).message.startsWith(`${path}: `)).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
