// tbuf convert: what it prints, what it leaves behind, and how it fails.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { toChrome } from "../../src/formats/chrome.js";
import { toText } from "../../src/formats/text.js";
import { batched, writeWhole } from "../../src/node/files/whole-file.js";
import { openTraceDir } from "../../src/node/index.js";
import { metadataOf, packetOf, type Written } from "../lib/ctf-traces.js";
import { all, eventOf } from "../lib/entries.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, cli, freshDir, info, record, run, tbuf } from "../lib/record.js";

const tick = (time: number): Written => ({
  time: BigInt(time),
  id: 3,
  event: eventOf("none"),
  args: [],
});

const requestOf = (name: "begin" | "end", time: number, n: number): Written => ({
  time: BigInt(time),
  id: 1 + all.events.indexOf(eventOf(name)),
  event: eventOf(name),
  args: [n],
});

/** A trace of two CPUs with so many records each, of which the second one has lost two. */
function traceOf(records: number): string {
  const dir = join(freshDir(), "trace");
  mkdirSync(dir);
  writeFileSync(join(dir, "metadata"), metadataOf([{ firstEvent: 1, definition: all }]));
  for (const cpu of [0, 1]) {
    const own = Array.from({ length: records }, (_, i) => tick(1000 + 2 * i + cpu));
    writeFileSync(join(dir, `xen_${cpu}`), packetOf(own, { cpu, discarded: 2 * cpu }));
  }
  return dir;
}

/** A trace whose second packet makes no sense, after so many records that are fine. */
function corruptTrace(records: number): string {
  const dir = traceOf(records);
  const own = Array.from({ length: records }, (_, i) => tick(1000 + i));
  const bad = packetOf([{ ...tick(1e6), id: 99 }], { sequence: 1 });
  writeFileSync(join(dir, "xen_0"), Buffer.concat([packetOf(own), bad]));
  return dir;
}

/** A trace of two CPUs, the first one of which was killed while it wrote its second packet. */
function tornTrace(): string {
  const dir = traceOf(3);
  const torn = packetOf([tick(1e6)], { sequence: 1 }).subarray(0, -4);
  const path = join(dir, "xen_0");
  writeFileSync(path, Buffer.concat([readFileSync(path), torn]));
  return dir;
}

const convert = (...args: string[]) => tbuf(["convert", ...args]);
const unknownEvent =
  /^tbuf: \S+xen_0: packet at byte \d+: record at byte 80 of the packet: event 99 is not known\n$/;

describe("standard output", () => {
  it("has what the formats make of the trace", async () => {
    const dir = traceOf(3);
    const { metadata, entries } = openTraceDir(dir);
    const text = await convert(dir, "--to", "text");
    expect(text).toMatchObject({ code: 0, stderr: "", stdout: [...toText(entries())].join("") });
    expect(text.stdout.split("\n")).toHaveLength(2 * 3 + 1 + 1);
    const chrome = await convert(dir, "--to", "chrome");
    expect(chrome).toMatchObject({ code: 0, stderr: "" });
    expect(chrome.stdout).toBe([...toChrome(entries(), { metadata })].join(""));
    expect(chrome.stdout).toContain('"args":{"records":2}');
    expect(await convert(dir, "--to", "text", "-o", "-")).toEqual(text);
  });

  it.each([
    [["--time", "utc"], /^\[1970-01-01T00:00:00\.000001000Z\] \(\+\?/],
    [["--time", "delta"], /^\(\+\?\.\?+\) all:none/],
    [["--time", "boot"], /^\[0\.000001000\]/],
  ])("has the time that %o asks for", async (args, expected) => {
    const { code, stdout } = await convert(traceOf(1), "--to", "text", ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(expected);
  });

  it("has the slices that are asked for, and says which events are not known", async () => {
    const args = ["--slice", "all:none,all:end", "--slice", "all:begin,all:x"];
    const { code, stdout, stderr } = await convert(traceOf(1), "--to", "chrome", ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "tbuf: no event is called all:x\n" });
    // The second CPU has lost records, perhaps the slice's end.
    expect(stdout.match(/"ph":"B"/g)).toHaveLength(1);
    expect(stdout.match(/"ph":"i"/g)).toHaveLength(2);
  });

  it("has the slices of overlapping requests by a field, and says where it cannot tell them apart", async () => {
    const ids = [1, 2, 3];
    const records = [
      ...ids.map((n) => requestOf("begin", 1000 + n, n)),
      ...ids.map((n) => requestOf("end", 2000 + n, n)),
    ];
    const dir = join(freshDir(), "trace");
    mkdirSync(dir);
    writeFileSync(join(dir, "metadata"), metadataOf([{ firstEvent: 1, definition: all }]));
    writeFileSync(join(dir, "xen_0"), packetOf(records));
    const pair = "all:begin,all:end";
    const guessed = await convert(dir, "--to", "chrome", "--slice", pair);
    expect({ code: guessed.code, stderr: guessed.stderr }).toEqual({
      code: 0,
      stderr:
        `tbuf: --slice ${pair}: 3 slices could not be told apart, since one began on a thread that had ` +
        "one open; they are shown as instants. Name a field that both events have: " +
        `--slice ${pair},FIELD\n`,
    });
    expect(guessed.stdout.match(/"ph":"i"/g)).toHaveLength(6);
    const told = await convert(dir, "--to", "chrome", "--slice", `${pair},n`);
    expect({ code: told.code, stderr: told.stderr }).toEqual({ code: 0, stderr: "" });
    expect(told.stdout.match(/"ph":"[be]"/g)).toHaveLength(6);
    const none = await convert(dir, "--to", "chrome", "--slice", `${pair},x`);
    expect(none.stderr.split("\n")[0]).toBe(
      "tbuf: event all:begin has no field x: its records are shown as instants",
    );
  });

  it("may be closed by a reader that has seen enough", async () => {
    const dir = traceOf(20_000);
    const script = '("$0" "$1" convert "$2" --to text; echo "code $?" >&2) | head -n 1';
    const { stdout, stderr } = await run("sh", ["-c", script, process.execPath, cli, dir]);
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stderr).toBe("code 0\n");
  });

  it("has what is whole of a trace that is torn, and says what is missing", async () => {
    const dir = tornTrace();
    const whole = traceOf(3);
    for (const to of ["text", "chrome"]) {
      const { code, stdout, stderr } = await convert(dir, "--to", to);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^tbuf: \S+xen_0: packet at byte \d+: truncated: .* truncate -s \d+ FILE\n$/,
      );
      expect(stdout).toBe((await convert(whole, "--to", to)).stdout);
    }
  });

  it("has what came before a packet that makes no sense, and is not closed", async () => {
    const dir = corruptTrace(3);
    const text = await convert(dir, "--to", "text");
    expect(text.code).toBe(1);
    expect(text.stderr).toMatch(unknownEvent);
    const chrome = await convert(dir, "--to", "chrome");
    expect(chrome.code).toBe(1);
    expect(() => JSON.parse(chrome.stdout)).toThrow(SyntaxError);
  });
});

describe("a file", () => {
  it("holds what is whole of a trace that is torn", async () => {
    const dir = tornTrace();
    const file = join(dirname(dir), "trace.txt");
    const done = await convert(dir, "--to", "text", "-o", file);
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toContain("truncated");
    expect(readFileSync(file, "utf8")).toBe((await convert(traceOf(3), "--to", "text")).stdout);
  });

  it("holds what standard output would, and nothing else is left", async () => {
    const dir = traceOf(20_000);
    const file = join(dirname(dir), "trace.json");
    const done = await convert(dir, "--to", "chrome", "-o", file);
    expect(done).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(file, "utf8")).toBe((await convert(dir, "--to", "chrome")).stdout);
    expect(readdirSync(dirname(dir)).sort()).toEqual(["trace", "trace.json"]);
  });

  it("is not there when the trace makes no sense", async () => {
    const dir = corruptTrace(20_000);
    const file = join(dirname(dir), "trace.json");
    const { code, stderr } = await convert(dir, "--to", "chrome", "-o", file);
    expect(code).toBe(1);
    expect(stderr).toMatch(unknownEvent);
    expect(readdirSync(dirname(dir))).toEqual(["trace"]);
  });

  it("is not there when the conversion is killed, and what is looks like no result", async () => {
    const dir = traceOf(20_000);
    const folder = dirname(dir);
    // So many streams that it takes a while.
    for (let cpu = 2; cpu < 30; cpu++) {
      const own = Array.from({ length: 20_000 }, (_, i) => tick(1000 + i));
      writeFileSync(join(dir, `xen_${cpu}`), packetOf(own, { cpu }));
    }
    const args = [cli, "convert", dir, "--to", "chrome", "-o", join(folder, "trace.json")];
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("exit", (_code, signal) => resolve(signal)));
    await expect.poll(() => readdirSync(folder).length, { timeout: 20_000, interval: 1 }).toBe(2);
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    expect(readdirSync(folder).sort()).toEqual(["trace", `trace.json.${child.pid}.part`]);
  });

  it("is never written over, unless that is asked for", async () => {
    const dir = traceOf(1);
    const file = join(dirname(dir), "out.txt");
    writeFileSync(file, "mine");
    const refused = await convert(dir, "--to", "text", "-o", file);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(`tbuf: ${file} exists; name a new file, or --force\n`);
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(await convert(dir, "--to", "text", "--force", "-o", file)).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).toContain("all:none");
  });

  it("that exists stays as it is when replacing it fails", async () => {
    const dir = corruptTrace(3);
    const file = join(dirname(dir), "out.txt");
    writeFileSync(file, "mine");
    expect((await convert(dir, "--to", "text", "--force", "-o", file)).code).toBe(1);
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(readdirSync(dirname(dir)).sort()).toEqual(["out.txt", "trace"]);
  });

  it("replaces what a link leads to, and no device and no directory", async () => {
    const dir = traceOf(1);
    const at = (name: string) => join(dirname(dir), name);
    writeFileSync(at("real"), "mine");
    symlinkSync("real", at("link"));
    symlinkSync("/dev/null", at("device"));
    symlinkSync("nowhere", at("dangling"));
    expect((await convert(dir, "--to", "text", "--force", "-o", at("link"))).code).toBe(0);
    expect(readFileSync(at("real"), "utf8")).toContain("all:none");
    for (const name of ["device", "dangling", "trace"]) {
      const { code, stderr } = await convert(dir, "--to", "text", "--force", "-o", at(name));
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `tbuf: ${at(name)} exists and is no file that could be replaced\n`,
      });
    }
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    expect(existsSync(at("nowhere"))).toBe(false);
  });

  it("is refused within the trace, where it would be a stream", async () => {
    const dir = traceOf(1);
    const { code, stderr } = await convert(dir, "--to", "text", "-o", join(dir, "out.txt"));
    expect(code).toBe(1);
    expect(stderr).toContain("would be read as a stream");
    expect(readdirSync(dir).sort()).toEqual(["metadata", "xen_0", "xen_1"]);
  });

  it("that cannot be made is named", async () => {
    const { code, stderr } = await convert(traceOf(1), "--to", "text", "-o", "/proc/none/out.txt");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^tbuf: cannot create \/proc\/none\/out\.txt\.\d+\.part: no such file .*\n$/,
    );
  });

  it("that somebody else makes meanwhile is left to them", () => {
    const file = join(freshDir(), "out.txt");
    function* pieces(): Generator<string> {
      yield "ours";
      writeFileSync(file, "theirs");
    }
    expect(() => writeWhole(file, pieces())).toThrow("exists");
    expect(readFileSync(file, "utf8")).toBe("theirs");
    expect(readdirSync(dirname(file))).toEqual(["out.txt"]);
  });

  it("is written in few and bounded writes", () => {
    const pieces = Array.from({ length: 10_000 }, (_, i) => `piece ${i}\n`);
    const batches = [...batched(pieces)];
    expect(batches.join("")).toBe(pieces.join(""));
    expect(batches.length).toBeLessThan(4);
    for (const batch of batches) expect(batch.length).toBeLessThan((1 << 16) + 100);
  });
});

describe("what makes no sense", () => {
  const one = /^tbuf: [^\n]+\n$/;

  it.each([
    ["no trace", ["/nowhere", "--to", "text"], /\/nowhere\/metadata: no such file or directory/],
    [
      "an unknown format",
      [".", "--to", "xml"],
      /'xml' is invalid. Allowed choices are text, chrome/,
    ],
    ["no format", ["."], /'--to <format>' not specified/],
    ["a time of Chrome's", [".", "--to", "chrome", "--time", "utc"], /--time is for --to text/],
    ["slices of text", [".", "--to", "text", "--slice", "a,b"], /--slice is for --to chrome/],
    [
      "a file as the trace",
      ["package.json", "--to", "text"],
      /package\.json\/metadata: not in a directory/,
    ],
    ["half a slice", [".", "--to", "chrome", "--slice", "a"], /two events with a comma/],
  ])("is told in one line: %s", async (_what, args, message) => {
    const { code, stdout, stderr } = await convert(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(one);
    expect(stderr).toMatch(message);
  });

  it("is told in one line: an output without a name", async () => {
    const { code, stderr } = await convert(traceOf(1), "--to", "text", "-o", "");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'tbuf: --output: "" is no name of a file\n',
    });
  });

  it("is told in one line: an event that both begins and ends slices", async () => {
    const { code, stderr } = await convert(
      traceOf(1),
      "--to",
      "chrome",
      "--slice",
      "all:end,all:end",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(one);
  });
});

describe("a program that was recorded", () => {
  itWith("babeltrace2")("is converted record by record, with its losses", async () => {
    const dir = join(freshDir(), "trace");
    const env = { TOTAL: "30000", WORKERS: "2" };
    expect((await record(dir, "record-million.mjs", ["-q", "-S", "4"], { env })).code).toBe(0);
    const { stdout, code, stderr } = await convert(dir, "--to", "text");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    const lost = lines.flatMap((line) => /\) lost: .*records = (\d+)/.exec(line)?.[1] ?? []);
    const mine = lines.filter((line) => !line.includes(") lost: "));
    const read = await babeltrace(dir, () => true);
    const heads = (from: readonly string[]) =>
      from.map((line) => /(\S+): \{ cpu_id = (\d+)/.exec(line)?.slice(1).join(" "));
    expect(heads(mine)).toEqual(heads(read.kept));
    const { total } = await info(dir);
    expect(mine).toHaveLength(total.records);
    expect(lost.reduce((sum, count) => sum + Number(count), 0)).toBe(total.discarded);
    expect(total.discarded).toBeGreaterThan(0);

    const chrome = JSON.parse((await convert(dir, "--to", "chrome")).stdout) as {
      traceEvents: { ph: string; name: string; args: { name?: string } }[];
    };
    const { traceEvents } = chrome;
    // An instant, or a slice: whole, or by its beginning where it crosses another one.
    const shown = traceEvents.filter(({ ph }) => "iXb".includes(ph));
    expect(shown).toHaveLength(mine.length + lost.length);
    const named = traceEvents.flatMap(({ name, args }) =>
      name === "thread_name" ? args.name : [],
    );
    expect(named).toEqual(expect.arrayContaining(["CPU 0: dom0", "CPU 1: main"]));
  });
});
