// tbuf info: what it says of traces that do not say everything, or whose streams are not theirs.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { table } from "../../src/cli/info.js";
import { metadataEvents, metadataHeader, TraceFiles } from "../../src/ctf/index.js";
import { readTraceDir } from "../../src/node/files/trace-dir.js";
import { metadataOf, packetOf, UUID } from "../lib/ctf-traces.js";
import { all } from "../lib/entries.js";
import { freshDir, tbuf } from "../lib/record.js";

function dirOf(files: Iterable<readonly [string, string | Uint8Array]>): string {
  const dir = join(freshDir(), "trace");
  mkdirSync(dir);
  for (const [name, content] of files) writeFileSync(join(dir, name), content);
  return dir;
}

describe("the summary", () => {
  it("of a page's trace leaves out what the page does not say", async () => {
    const files = new TraceFiles({ clock: { wallNs: 5n, timeOriginMs: 0, bootMs: 0 } });
    const dir = dirOf(files.finish());
    const { code, stdout, stderr } = await tbuf(["info", dir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")[1]).toMatch(/^ {2}tbuf \d+\.\d+\.\d+, uuid [0-9a-f-]{36}$/);
  });

  it("says what is there, whatever is missing, and nothing is undefined", () => {
    const known = {
      runtime: "node",
      runtime_version: "20",
      hostname: "h",
      tracer_major: 1,
      tracer_minor: 2,
      tracer_patchlevel: 3,
    };
    fc.assert(
      fc.property(fc.subarray(Object.entries(known)), (some) => {
        const env = Object.fromEntries(some);
        const clock = { description: "", offsetSeconds: 0, offsetNanoseconds: 0 };
        const header = metadataHeader({ uuid: UUID, env, clock });
        const dir = dirOf([["metadata", header + metadataEvents(1, all)]]);
        const line = table(dir, readTraceDir(dir)).split("\n")[1] ?? "";
        expect(line).not.toContain("undefined");
        expect(line).toContain("tbuf");
        if ("hostname" in env) expect(line).toContain("on h,");
        if (some.length === 6) expect(line).toBe(`  node 20 on h, tbuf 1.2.3, uuid ${UUID}`);
      }),
    );
  });
});

describe("a stream of another trace", () => {
  const uuid = new Uint8Array(16).fill(7);
  const metadata = metadataOf([{ firstEvent: 1, definition: all }]);

  it.each(["info", "convert"])("is refused by %s, which names it", async (command) => {
    const dir = dirOf([
      ["metadata", metadata],
      ["xen_0", packetOf([])],
      ["xen_1", packetOf([], { cpu: 1, uuid })],
    ]);
    const more = command === "convert" ? ["--to", "text"] : [];
    const { code, stdout, stderr } = await tbuf([command, dir, ...more]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const why = "packet at byte 0: its uuid is another trace's";
    expect(stderr).toBe(`tbuf: ${join(dir, "xen_1")}: ${why}
`);
  });
});
