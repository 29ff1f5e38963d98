// The processes that a recorded program starts are recorded too, and notice nothing of it.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, cli, fixture, freshDir, record, run, tbuf, total } from "../lib/record.js";

const withBabeltrace = itWith("babeltrace2");

interface Processes {
  readonly processes: readonly {
    readonly dir: string;
    readonly env: Record<string, string | number>;
    readonly total: { readonly records: number };
  }[];
}

async function processes(dir: string): Promise<Processes["processes"]> {
  const { code, stdout, stderr } = await tbuf(["info", "--json", dir]);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as Processes).processes;
}

/** `tbuf record ... -- sh -c SCRIPT`, where "$0" is node. */
const shell = (dir: string, script: string, ...args: string[]) =>
  tbuf(["record", "-o", dir, ...args, "--", "sh", "-c", script, process.execPath]);

describe("child processes", () => {
  withBabeltrace(
    "are recorded however they are started, and see what they see without",
    async () => {
      const dir = join(freshDir(), "trace");
      const program = fixture("record-children.mjs");
      const alone = await run(process.execPath, [program]);
      const recorded = await record(dir, "record-children.mjs");
      expect(recorded).toMatchObject({ code: 0, stdout: alone.stdout });
      const children = alone.stdout.trim().split("\n").length - 1;

      const all = await processes(dir);
      expect(all).toHaveLength(1 + children);
      const main = all.find(({ env }) => env.command === `${process.execPath} ${program}`);
      const pid = main?.env.process;
      // exec and execSync start a shell, which may start node or become it; all others are the program's own.
      expect(all.filter(({ env }) => env.parent_process === pid).length).toBeGreaterThanOrEqual(
        children - 2,
      );
      const read = await babeltrace(dir);
      expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
      expect(total(read, "core:trace_stop")).toBe(1 + children);
      const printed = [...read.counts.keys()].reduce((sum, event) => sum + total(read, event), 0);
      expect(printed).toBe(all.reduce((sum, each) => sum + each.total.records, 0));
      // Nothing but the processes' directories is left.
      expect(readdirSync(dir).sort()).toEqual(
        all.map((each) => each.dir.slice(dir.length + 1)).sort(),
      );
    },
  );

  it("are not recorded with --no-children, and that is told", async () => {
    const dir = join(freshDir(), "trace");
    const alone = await run(process.execPath, [fixture("record-children.mjs")]);
    const recorded = await record(dir, "record-children.mjs", ["--no-children", "-q"]);
    expect(recorded).toMatchObject({ code: 0, stdout: alone.stdout });
    expect(recorded.stderr).toMatch(
      /^tbuf: \d+ Node processes that the program started were not recorded, by --no-children: node\n$/,
    );
    expect(existsSync(join(dir, "metadata"))).toBe(true);
  });

  it("are recorded up to --processes, and those beyond are told of", async () => {
    const dir = join(freshDir(), "trace");
    const script = '"$0" -e 1; "$0" -e 2; "$0" -e 3; "$0" -e 4; exit 6';
    const { code, stderr } = await shell(dir, script, "--processes", "2", "-q");
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: "tbuf: 2 more Node processes were not recorded, since --processes allows 2: node\n",
    });
    expect(await processes(dir)).toHaveLength(2);
  });

  it("leave the trace in the directory itself when there are none", async () => {
    const dir = join(freshDir(), "trace");
    await record(dir, "record-end.mjs", ["-q"], { env: { END: "plain" } });
    expect(readdirSync(dir).sort()).toEqual(["metadata", "xen_0", "xen_1"]);
  });

  it("have only what no event of any process matched told as unmatched", async () => {
    const dir = join(freshDir(), "trace");
    const script = `"$0" -e 1; END=plain "$0" ${fixture("record-end.mjs")}`;
    const { stderr } = await shell(dir, script, "-q", "-e", "app,nosuch");
    expect(stderr).toBe("tbuf: no event is called nosuch\n");
  });

  withBabeltrace("leave whole traces when one of them is killed", async () => {
    const dir = join(freshDir(), "trace");
    const script = `END=kill "$0" ${fixture("record-end.mjs")}; "$0" -e 1; exit 0`;
    const { code, stderr } = await shell(dir, script, "-q");
    expect(code).toBe(0);
    expect(stderr).toContain("its last records, since the last poll, may not be in the trace");
    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    expect(await processes(dir)).toHaveLength(2);
  });

  withBabeltrace("go on when `tbuf record` is killed, and their traces are whole", async () => {
    const dir = join(freshDir(), "trace");
    const done = join(dir, "..", "done");
    const child = `setTimeout(() => require("node:fs").writeFileSync(${JSON.stringify(done)}, ""), 600)`;
    const script = `const { spawn } = require("node:child_process");
      spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "ignore", detached: true }).unref();
      setTimeout(() => { process.kill(process.ppid, "SIGKILL"); process.kill(process.pid, "SIGKILL"); }, 300);`;
    await tbuf(["record", "-q", "-o", dir, "--", process.execPath, "-e", script]);
    while (!existsSync(done)) await new Promise((resolve) => setTimeout(resolve, 20));
    // The child has written its file and is about to end.
    for (let stops = 0; stops < 1; ) stops = total(await babeltrace(dir), "core:trace_stop");
    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    expect(await processes(dir)).toHaveLength(2);
  });

  it("may be recorded by a tbuf of their own", async () => {
    const parent = freshDir();
    const [dir, inner] = [join(parent, "outer"), join(parent, "inner")];
    const script = `"$0" ${cli} record -q -o ${inner} -- "$0" -e 1`;
    const { code, stderr } = await shell(dir, script, "-q");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // The inner program is in the inner trace alone; the outer one has the command line of the inner.
    expect(readdirSync(inner)).toContain("metadata");
    expect(readdirSync(dir)).toContain("metadata");
  });
});

describe("the metadata of a process", () => {
  it("has its command line, with control characters made visible by readers", async () => {
    const dir = join(freshDir(), "trace");
    const argument = "it's \u001b[31m";
    const args = ["record", "-q", "-o", dir, "--", process.execPath];
    await tbuf([...args, fixture("record-end.mjs"), "--port", "80", argument], {
      env: { END: "plain" },
    });
    const { stdout } = await tbuf(["info", "--json", dir]);
    expect(stdout).not.toContain("\u001b");
    const { env } = JSON.parse(stdout) as Processes["processes"][number];
    expect(env.command).toBe(
      `${process.execPath} ${fixture("record-end.mjs")} --port 80 'it'\\''s \u001b[31m'`,
    );
    expect(JSON.parse(String(env.argv)).slice(2)).toEqual(["--port", "80", argument]);
    expect(env.parent_process).toBeTypeOf("number");
  });
});

describe("a directory of processes", () => {
  it("is converted as one trace, in the order of time, with each thread's process in its name", async () => {
    const dir = join(freshDir(), "trace");
    await shell(dir, '"$0" -e 1 & "$0" -e 2; wait', "-q");
    const all = await processes(dir);
    const { stdout: text } = await tbuf(["convert", dir, "--to", "text", "--time", "utc"]);
    const lines = text.trim().split("\n");
    expect(lines).toHaveLength(all.reduce((sum, { total: { records } }) => sum + records, 0));
    const times = lines.map((line) => line.slice(0, line.indexOf("]")));
    expect(times).toEqual(times.toSorted());
    const { stdout: chrome } = await tbuf(["convert", dir, "--to", "chrome"]);
    const { traceEvents } = JSON.parse(chrome) as {
      traceEvents: { name: string; args: { name: string } }[];
    };
    const threads = traceEvents.filter(({ name }) => name === "thread_name");
    const pids = all.map(({ env }) => env.process);
    expect(threads.map(({ args }) => args.name).sort()).toEqual([
      `CPU 0: ${pids[0]}-node dom0`,
      `CPU 1000: ${pids[1]}-node dom0`,
      `CPU 1001: ${pids[1]}-node main`,
      `CPU 1: ${pids[0]}-node main`,
    ]);
  });

  it("is refused by tbuf info when no trace is in it, naming what is missing", async () => {
    const dir = freshDir();
    mkdirSync(join(dir, "12-node"));
    writeFileSync(join(dir, "notes"), "");
    const { code, stderr } = await tbuf(["info", dir]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `tbuf: ${join(dir, "metadata")}: no such file or directory\n`,
    });
  });
});
