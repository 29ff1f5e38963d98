// How a recording ended is told as it was.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, cli, fixture, freshDir, info, record, run, tbuf } from "../lib/record.js";

const it = itWith("babeltrace2");

describe("uncaught errors", () => {
  it.each([
    ["listener", 0, []],
    ["callback", 0, []],
    ["first", 1, ["Error: second"]],
    ["none", 1, ["Error: first"]],
  ] as const)(
    "are recorded as a crash only when they are one: %s",
    async (handler, code, errors) => {
      const dir = join(freshDir(), "trace");
      const finished = await record(dir, "record-caught.mjs", ["-q"], {
        env: { HANDLER: handler },
      });
      expect(finished.code).toBe(code);
      const { kept } = await babeltrace(dir, (line) => /core:error|shutdown/.test(line));
      expect(kept.flatMap((line) => /message = "(.*)"/.exec(line)?.[1] ?? [])).toEqual(errors);
      expect(kept.at(-1)).toContain(errors.length > 0 ? "reason = 3 }" : "reason = 0 }");
    },
  );
});

describe("what is said when nothing, or not all, could be recorded", () => {
  it("counts labels whose text found no room", async () => {
    const args = ["-q"];
    const few = await record(join(freshDir(), "few"), "record-labels.mjs", args, {
      env: { LABELS: "2" },
    });
    expect(few).toMatchObject({ code: 0, stderr: "" });
    const dir = join(freshDir(), "trace");
    const many = await record(dir, "record-labels.mjs", args, { env: { LABELS: "2000" } });
    const { kept } = await babeltrace(dir, (line) => line.includes("(label table full)"));
    expect(kept.length).toBeGreaterThan(0);
    expect(many.stderr).toBe(`tbuf: labels shown as "(label table full)": ${kept.length}\n`);
    expect(many.code).toBe(0);
  });

  it("names the options of node that node refuses", async () => {
    const parent = freshDir();
    const command = [process.execPath, "--no-such-option-of-node", "-e", "1"];
    const { code, stderr } = await tbuf(["record", "-o", join(parent, "t"), "--", ...command]);
    expect(code).toBe(9);
    expect(stderr).toContain("ended with exit code 9, before it loaded tbuf: it does not accept");
    expect(stderr).not.toContain("not a Node program");
    expect(readdirSync(parent)).toEqual([]);
  });

  it("tells that memory could not be reserved, and what helps", async () => {
    const dir = join(freshDir(), "trace");
    const limited = 'ulimit -v 2000000; exec "$0" "$@"';
    const command = ["--", process.execPath, "-e", "process.exitCode = 4"];
    const start = (env: Record<string, string>, options: readonly string[]) => {
      const args = [cli, "record", "-o", dir, ...options, ...command];
      return run("bash", ["-c", limited, process.execPath, ...args], { env });
    };
    const { code, stderr } = await start({}, []);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^tbuf: recording failed: boot: .* makes no memory of \d+ bytes/);
    expect(stderr).not.toContain("nothing was recorded");
    if (!process.allowedNodeEnvironmentFlags.has("--disable-wasm-trap-handler")) return;
    expect(stderr).toContain("NODE_OPTIONS=--disable-wasm-trap-handler");
    const env = { NODE_OPTIONS: "--disable-wasm-trap-handler" };
    expect((await start(env, ["-S", "64", "--cpus", "8"])).code).toBe(4);
    expect((await info(dir)).total.records).toBeGreaterThan(0);
  });

  it("does not call a recording failed because another process could not have one", async () => {
    const dir = join(freshDir(), "trace");
    const script =
      '"$0" -e "setTimeout(() => {}, 300)" & "$0" -e "setTimeout(() => {}, 300)" & wait';
    const args = ["record", "--no-children", "-o", dir, "--", "sh", "-c", script, process.execPath];
    const { code, stderr } = await tbuf(args);
    expect(code).toBe(0);
    expect(stderr).not.toContain("failed");
    expect(stderr).toContain("tbuf: more than one Node process ran");
    const { code: readable, stderr: warnings } = await babeltrace(dir);
    expect({ readable, warnings }).toEqual({ readable: 0, warnings: "" });
  });

  it("hears of a program that has no pipe to tell of itself, as under node --watch", async () => {
    const parent = freshDir();
    const dir = join(parent, "trace");
    const program = join(parent, "program.mjs");
    // Its own channel to the watcher has the number of the recorder's pipe, and still works.
    writeFileSync(program, 'process.send?.({ hello: 1 }, () => console.log("up"));');
    const args = ["record", "-o", dir, "--", process.execPath, "--watch", program];
    let up = false;
    const { stderr } = await tbuf(args, {
      // Only once: the watcher prints more, and a second signal would be a kill.
      onOutput: (child, stdout) => {
        if (!up && stdout.includes("up")) setTimeout(() => child.kill("SIGTERM"), 500);
        up ||= stdout.includes("up");
      },
    });
    expect(stderr).not.toContain("nothing was recorded");
    expect(stderr).not.toContain("did not report how");
    expect((await info(dir)).total.records).toBeGreaterThan(0);
    expect((await babeltrace(dir)).code).toBe(0);
  });

  it("tells which signal ended a program whose heap was full", async () => {
    const dir = join(freshDir(), "trace");
    const script = "const a = []; for (;;) a.push(Array.from({ length: 1e5 }, (_, i) => ({ i })));";
    const command = [process.execPath, "--max-old-space-size=40", "-e", script];
    const { code, stderr } = await tbuf(["record", "-o", dir, "--", ...command]);
    expect(code).toBe(134);
    expect(stderr).toContain("killed by SIGABRT, as Node does when it is out of memory");
  });

  it("says of a program that skips its own exit that the recording was not finished", async () => {
    const dir = join(freshDir(), "trace");
    const script = "setTimeout(() => process.reallyExit(6), 200)";
    const { code, stderr } = await tbuf([
      "record",
      "-o",
      dir,
      "--",
      process.execPath,
      "-e",
      script,
    ]);
    expect(code).toBe(6);
    expect(stderr).toContain("the program ended with code 6 before its recording did");
  });
});

describe("--strict", () => {
  const program = fixture("record-end.mjs");
  const strict = async (events: string, end: string, command = [process.execPath, program]) => {
    const dir = join(freshDir(), "trace");
    const args = ["record", "--strict", "-q", "-o", dir, "-e", events, "--", ...command];
    const { code, stderr } = await tbuf(args, { env: { END: end } });
    return { code, stderr, made: existsSync(dir) };
  };

  it("fails when nobody has the events, and only with that", async () => {
    expect(await strict("nosuch,app", "plain")).toEqual({
      code: 125,
      stderr: "tbuf: no event is called nosuch\n",
      made: true,
    });
    expect(await strict("app:*,sched", "plain")).toMatchObject({ code: 0, stderr: "" });
  });

  it("keeps an exit code that is not 0", async () => {
    expect(await strict("nosuch", "exit")).toMatchObject({ code: 3 });
  });

  it("fails when nothing was recorded", async () => {
    expect(await strict("all", "plain", ["true"])).toMatchObject({ code: 125, made: false });
  });
});
