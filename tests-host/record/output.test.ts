// Where a recording goes, and which sources record.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { removeTrace } from "../../src/node/files/remove-trace.js";
import { sources } from "../../src/node/sources/index.js";
import { parseSources } from "../../src/node/sources/select.js";
import { cli, freshDir, info, record, run, tbuf } from "../lib/record.js";
import { refusal } from "../lib/refusal.js";

const plain = { env: { END: "plain" } };
const names = sources.map(({ name }) => name);

describe("without -o", () => {
  it("takes the next number when the directory is there, and tells it", async () => {
    const dir = freshDir();
    const script = `cd "$1" && for i in 1 2 3; do "$0" ${cli} record -- "$0" -e 1 || exit; done`;
    mkdirSync(join(dir, "tbuf-trace-2"));
    const { code, stderr } = await run("sh", ["-c", script, process.execPath, dir]);
    expect(code).toBe(0);
    expect(stderr.match(/^tbuf: tbuf-trace.*$/gm)).toEqual([
      "tbuf: tbuf-trace",
      "tbuf: tbuf-trace-2",
      "tbuf: tbuf-trace-3",
    ]);
    expect(readdirSync(dir).sort()).toEqual(["tbuf-trace", "tbuf-trace-2", "tbuf-trace-3"]);
  });
});

describe("--force", () => {
  it("replaces a trace, also of several processes", async () => {
    const dir = join(freshDir(), "trace");
    for (const script of ['"$0" -e 1; "$0" -e 2', '"$0" -e 1', '"$0" -e 1']) {
      const args = ["record", "-q", "--force", "-o", dir, "--", "sh", "-c", script];
      expect(await tbuf([...args, process.execPath])).toMatchObject({ code: 0, stderr: "" });
    }
    expect(readdirSync(dir).sort()).toEqual(["metadata", "xen_0", "xen_1"]);
  });

  it.each([
    ["a file of somebody else's", (dir: string) => writeFileSync(join(dir, "notes"), "precious")],
    ["a stream of another trace", (dir: string) => writeFileSync(join(dir, "xen_7"), "precious")],
    ["a directory", (dir: string) => mkdirSync(join(dir, "src"))],
    ["a link", (dir: string) => symlinkSync("/etc/hostname", join(dir, "xen_7"))],
    [
      "a file in a part",
      (dir: string) => {
        mkdirSync(join(dir, "12-node"));
        writeFileSync(join(dir, "12-node", "xen_0"), "precious");
      },
    ],
  ] as const)("removes nothing where there is %s", async (_name, add) => {
    const dir = join(freshDir(), "trace");
    await record(dir, "record-end.mjs", ["-q"], plain);
    add(dir);
    const before = readdirSync(dir, { recursive: true }).sort();
    expect(refusal(() => removeTrace(dir)).message).toContain("is no file of a trace");
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before);
    const { code, stderr } = await record(dir, "record-end.mjs", ["--force"], plain);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tbuf: .* is no file of a trace, so .* is not replaced/);
  });

  it("touches no other tracer's trace, and no directory without one", async () => {
    const parent = freshDir();
    const dir = join(parent, "trace");
    await record(dir, "record-end.mjs", ["-q"], plain);
    const foreign = join(parent, "foreign");
    cpSync(dir, foreign, { recursive: true });
    const path = join(foreign, "metadata");
    writeFileSync(path, readFileSync(path, "utf8").replace('"tbuf"', '"lttng"'));
    expect(refusal(() => removeTrace(foreign)).message).toContain("is not the metadata of a trace");
    expect(existsSync(join(foreign, "xen_0"))).toBe(true);
    writeFileSync(join(parent, "xen_0"), "precious");
    expect(refusal(() => removeTrace(parent)).message).toContain("is no file of a trace");
  });
});

describe("--sources", () => {
  it("records what is asked for", async () => {
    const eventsOf = async (list: string) => {
      const dir = join(freshDir(), "trace");
      await record(dir, "record-timers.mjs", ["-q", "--sources", list]);
      return (await info(dir, "--events")).events ?? {};
    };
    const fired = "xen_sched:sched_t_timer_fn";
    const shut = "xen_sched:sched_shutdown";
    expect(await eventsOf("timers")).toSatisfy((all: object) => fired in all && !(shut in all));
    expect(await eventsOf("-timers")).toSatisfy((all: object) => !(fired in all) && shut in all);
    expect(await eventsOf("none")).toSatisfy((all: object) => !(fired in all) && !(shut in all));
  });

  it.each([
    ["all", { only: names, except: [] }],
    ["none", { only: [], except: [] }],
    ["none,timers", { only: ["timers"], except: [] }],
    ["timers, thread,timers", { only: ["timers", "thread"], except: [] }],
    ["all,-timers", { only: names, except: ["timers"] }],
    ["-timers", { only: undefined, except: ["timers"] }],
  ])("understands %s", (list, selection) => {
    expect(parseSources(list)).toEqual(selection);
  });

  it.each(["timer", "", "all,,thread", "-all", "-none"])(
    "refuses %j, naming what there is",
    (list) => {
      expect(refusal(() => parseSources(list))).toMatchObject({
        code: "bad-option",
        message: expect.stringContaining(`there are ${names.join(", ")}`),
      });
    },
  );

  it("refuses a wrong name before the program runs", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await record(dir, "record-end.mjs", ["--sources", "nosuch"], plain);
    expect({ code, made: existsSync(dir) }).toEqual({ code: 1, made: false });
    expect(stderr).toContain('no source is called "nosuch"; there are ');
  });
});

describe("--pid", () => {
  it("says what to do instead", async () => {
    const { code, stderr } = await tbuf(["record", "-p", "1"]);
    expect(code).toBe(1);
    expect(stderr).toContain("start it with `tbuf record`, or let it record itself");
    const { stdout } = await tbuf(["record", "--help"]);
    expect(stdout).toContain("cannot be recorded: each of its threads");
  });
});
