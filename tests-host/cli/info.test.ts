// tbuf info: what it says of traces that do not say everything, or whose streams are not theirs.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { table } from "../../src/cli/info.js";
import {
  CtfSink,
  MemoryFiles,
  metadataEvents,
  metadataHeader,
  openTraceFiles,
  TraceFiles,
} from "../../src/ctf/index.js";
import { defineFacility, event } from "../../src/event/index.js";
import { core } from "../../src/facilities/index.js";
import { readTraceDir } from "../../src/node/files/trace-dir.js";
import { EMPTY_SCHEMA } from "../../src/trace/index.js";
import { metadataOf, packetOf, UUID, type Written } from "../lib/ctf-traces.js";
import { all, eventOf } from "../lib/entries.js";
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

/** A trace with two kinds of events of one label, one of another and one of none, and a thread's name. */
function labelledTrace(): string {
  const label = "timeout fired";
  const facility = defineFacility("app", {
    a: event([], { label }),
    b: event([], { label: "in \u202e words" }),
    c: [],
    d: event([], { label }),
  });
  const [info] = core.events.filter(({ name }) => name === "domain_info");
  if (!info) throw new Error("no event");
  const at = 1 + core.events.length;
  const loaded = [
    { firstEvent: 1, definition: core },
    { firstEvent: at, definition: facility },
  ];
  const records = facility.events.map((each, i): Written => {
    return { time: 10n, id: at + i, event: each, args: [] };
  });
  const named = ["main", "late"].map((name): Written => {
    const id = 1 + core.events.indexOf(info);
    return { time: 1n, id, event: info, args: [5, 0, 7, name] };
  });
  return dirOf([
    ["metadata", metadataOf(loaded)],
    ["xen_0", packetOf([...named, ...records])],
    ["xen_1", packetOf([], { cpu: 1 })],
  ]);
}

describe("events", () => {
  const eventsOf = (stdout: string) =>
    stdout
      .split("\n")
      .slice(stdout.split("\n").findIndex((line) => / event +records/.test(line)) + 1);

  it("are shown in plain words, each by words of its own", async () => {
    const { code, stdout } = await tbuf(["info", "--events", labelledTrace()]);
    expect(code).toBe(0);
    expect(eventsOf(stdout).map((line) => line.trim().replace(/ +\d+$/, ""))).toEqual([
      "app:c",
      "in \\u202e words",
      "thread named",
      "timeout fired (app:a)",
      "timeout fired (app:d)",
      "",
    ]);
  });

  it("are shown by their names with --names, and always in JSON", async () => {
    const dir = labelledTrace();
    const { stdout } = await tbuf(["info", "--events", "--names", dir]);
    const names = ["app:a", "app:b", "app:c", "app:d", "core:domain_info"];
    expect(eventsOf(stdout).map((line) => line.trim().replace(/ +\d+$/, ""))).toEqual([
      ...names,
      "",
    ]);
    const json = await tbuf(["info", "--events", "--json", dir]);
    const { events } = JSON.parse(json.stdout) as { events: Record<string, number> };
    expect(Object.keys(events).sort()).toEqual(names);
  });

  it("are called the same in Chrome's JSON", async () => {
    const dir = labelledTrace();
    const plain = await tbuf(["convert", "--to", "chrome", dir]);
    expect(plain.stdout).toContain('"name":"timeout fired"');
    expect(plain.stdout).not.toContain('"name":"app:a"');
    const named = await tbuf(["convert", "--to", "chrome", "--names", dir]);
    expect(named.stdout).toContain('"name":"app:a"');
    expect(named.stdout).not.toContain('"name":"timeout fired"');
    const text = await tbuf(["convert", "--to", "text", dir]);
    expect(text.stdout).toContain(" app:a: ");
  });

  it("of other tracers keep their labels on the way through CTF", () => {
    const eventClass = {
      name: "odd",
      label: "odd words",
      fields: [{ name: "n", fieldClass: { kind: "integer", signed: false, bits: 3, base: 2 } }],
    } as const;
    const files = new MemoryFiles();
    const sink = new CtfSink(files);
    sink.begin({ ...EMPTY_SCHEMA, events: [eventClass] });
    sink.finish();
    expect(openTraceFiles(files.files()).schema.events).toEqual([eventClass]);
  });
});

describe("threads", () => {
  it("are in the table and in JSON by their names", async () => {
    const dir = labelledTrace();
    const { stdout } = await tbuf(["info", dir]);
    expect(stdout).toMatch(/ seconds {2}thread\n/);
    expect(stdout).toMatch(/ xen_0 .* {2}main, late\n/);
    const json = await tbuf(["info", "--json", dir]);
    const { streams } = JSON.parse(json.stdout) as { streams: { threads: string[] }[] };
    expect(streams.map(({ threads }) => threads)).toEqual([["main", "late"], []]);
  });

  it("are not shown where the records make no sense, and the rest is", async () => {
    const dir = dirOf([
      ["metadata", metadataOf([{ firstEvent: 1, definition: all }])],
      ["xen_0", packetOf([{ time: 1n, id: 99, event: eventOf("none"), args: [] }])],
    ]);
    const { code, stdout } = await tbuf(["info", dir]);
    expect({ code, row: /xen_0 +0 +1 +1 /.test(stdout) }).toEqual({ code: 0, row: true });
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
