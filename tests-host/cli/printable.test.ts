// What the command line prints drives no terminal, whatever a trace, a path or an argument holds.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { table } from "../../src/cli/info.js";
import { printable } from "../../src/cli/printable.js";
import { jsonText } from "../../src/formats/json.js";
import { CtfWriter, readTraceDir } from "../../src/node/index.js";
import { freshDir, tbuf } from "../lib/record.js";

const clock = { timeOriginMs: 0, bootMs: 0, wallNs: 0n };

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => String.fromCharCode(from + i));
/** What a terminal obeys: C0, DEL and C1; other line ends; and what turns the direction of text. */
const CONTROLS = [
  ...range(0, 0x20),
  ...range(0x7f, 0xa0),
  ..."\u2028\u2029\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
];
/** All of them but line ends and tabs. */
const DRIVES = new RegExp(`[${CONTROLS.join("").replace(/[\n\t]/g, "")}]`);
const hostile = `x${CONTROLS.join("")}y`;
/** A file's name has neither NUL nor "/". */
const fileName = hostile.replaceAll("\0", "");

const text = fc.array(fc.constantFrom("a", '"', "\\", "\ud800", "\u{1f600}", ...CONTROLS), {
  maxLength: 12,
});

/** A trace of one packet that says `name` wherever a trace can say something. */
function makeTrace(dir: string, name: string): string {
  const env = {
    hostname: name,
    runtime: name,
    runtime_version: name,
    tracer_major: 1,
    extra: name,
  };
  const writer = new CtfWriter({ dir, clock, env });
  writer.write({
    cpu: 0,
    begin: 1n,
    end: 2n,
    records: 0,
    discarded: 3,
    bytes: new Uint8Array(0),
  });
  writer.finish();
  return dir;
}

describe("printable", () => {
  it("leaves line ends, tabs and what can be seen, and nothing that drives a terminal", () => {
    fc.assert(
      fc.property(text, (parts) => {
        const shown = printable(parts.join(""));
        expect(shown).not.toMatch(DRIVES);
        expect(shown.split("\n").length).toBe(parts.filter((part) => part === "\n").length + 1);
      }),
    );
    expect(printable("a\tb\n€\u{1f600}")).toBe("a\tb\n€\u{1f600}");
  });

  it("leaves JSON what it is", () => {
    fc.assert(
      fc.property(text, (parts) => {
        const value = { [parts.join("")]: parts };
        expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
      }),
    );
  });

  it("is not needed by JSON of records", () => {
    fc.assert(
      fc.property(text, (parts) => {
        const json = jsonText(parts.join(""));
        expect(json).not.toMatch(DRIVES);
        expect(JSON.parse(json)).toBe(parts.join("").replace(/\p{Cs}/gu, "\ufffd"));
      }),
    );
  });
});

describe("the command line", () => {
  it("shows a trace's own words in the table on their line", () => {
    fc.assert(
      fc.property(text, (parts) => {
        const name = parts.join("");
        const trace = readTraceDir(makeTrace(join(freshDir(), "trace"), name.toWellFormed()));
        const shown = table(name, trace, {
          events: new Map([[name, 1]]),
          titles: new Map([["other", name]]),
          threads: new Map([[0, [name, name, name, name]]]),
        });
        expect(shown).not.toMatch(DRIVES);
        expect(shown.split("\n")).toHaveLength(10);
      }),
      { numRuns: 30 },
    );
  });

  it("prints nothing that drives a terminal of a trace, its files, paths and arguments", async () => {
    const parent = join(freshDir(), fileName);
    mkdirSync(parent);
    const dir = makeTrace(join(parent, "trace"), hostile);
    renameSync(join(dir, "xen_0"), join(dir, fileName));
    const torn = makeTrace(join(parent, "torn"), hostile);
    writeFileSync(join(torn, fileName), "torn");
    const broken = makeTrace(join(parent, "broken"), hostile);
    writeFileSync(
      join(broken, "metadata"),
      `/* CTF 1.8 */\nenv { tracer_name = "${hostile}"; };\n`,
    );
    const slices = ["--slice", `${fileName},b`];
    const runs = await Promise.all(
      [
        ["info", dir],
        ["info", "--json", "--events", dir],
        ["info", torn],
        ["info", broken],
        ["info", join(parent, fileName)],
        ["convert", dir, "--to", "text"],
        ["convert", dir, "--to", "chrome", ...slices],
        ["convert", dir, "--to", "chrome", "--slice", fileName],
        ["convert", dir, "--to", fileName],
        ["convert", dir, "--to", "text", "-o", join(dir, fileName)],
        ["record", "-o", join(parent, "new"), "--", fileName],
        ["record", "-o", dir, "--", "true"],
        ["record", "-e", `${fileName},`, "--", "true"],
        ["record", `--${fileName}`, "--", "true"],
        [fileName],
      ].map((args) => tbuf(args)),
    );
    for (const { stdout, stderr } of runs) {
      expect(`${stdout}${stderr}`).not.toMatch(DRIVES);
      expect(`${stdout}${stderr}`).not.toBe("");
    }
    const json = JSON.parse(runs[1]?.stdout ?? "");
    expect(json.streams[0].name).toBe(fileName);
    expect(json.env.extra).toBe(hostile.replaceAll("\0", "\u2400"));
  });
});
