// What recording means for the program: its exit code, its signals, its children, a full disk.

import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { itWith } from "../lib/peers.js";
import {
  babeltrace,
  cli,
  fixture,
  freshDir,
  info,
  record,
  run,
  tbuf,
  total,
} from "../lib/record.js";

const withBabeltrace = itWith("babeltrace2");

describe("the program's end", () => {
  it("passes the exit code on and records until the last exit listener has run", async () => {
    const dir = join(freshDir(), "trace");
    const { code } = await record(dir, "record-end.mjs", [], { env: { END: "exit" } });
    expect(code).toBe(3);
    const { events } = await info(dir, "--events");
    expect(events).toMatchObject({ "app:late": 1, "xen_sched:sched_shutdown": 1 });
  });

  it("says nothing more than without tbuf, also where a tracepoint is called in a wrong way", async () => {
    const dir = join(freshDir(), "trace");
    const args = [
      "record",
      "-q",
      "-o",
      dir,
      "--",
      process.execPath,
      fixture("record-no-object.mjs"),
    ];
    expect(await tbuf(args)).toMatchObject({ code: 0, stdout: "done\n", stderr: "" });
    expect((await info(dir, "--events")).events).toMatchObject({ "app:request": 1 });
  });

  withBabeltrace("tells of an uncaught error, and that the domain crashed", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await record(dir, "record-end.mjs", [], { env: { END: "throw" } });
    expect(code).toBe(1);
    expect(stderr).toContain("broken on purpose");
    const { kept, ...read } = await babeltrace(dir, (line) => /shutdown|core:error/.test(line));
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    expect(kept.join("\n")).toContain('message = "Error: broken on purpose"');
    expect(kept.join("\n")).toContain("reason = 3 }");
  });

  withBabeltrace("leaves a valid trace of a program that was killed, and says so", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await record(dir, "record-end.mjs", [], { env: { END: "kill" } });
    expect(code).toBe(128 + 9);
    expect(stderr).toContain("the program was killed");
    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("keeps the preload away from the program's children", async () => {
    const dir = join(freshDir(), "trace");
    const { stdout } = await record(dir, "record-end.mjs", [], { env: { END: "child" } });
    expect(stdout.trim()).toBe("none none");
  });
});

describe("signals", () => {
  const onReady = (signal: NodeJS.Signals) => ({
    onOutput: (child: { kill(signal: NodeJS.Signals): boolean }, stdout: string) => {
      if (stdout === "ready\n") child.kill(signal);
    },
  });

  for (const [wait, signal, code] of [
    ["idle", "SIGINT", 130],
    ["idle", "SIGTERM", 143],
    ["busy", "SIGTERM", 137],
  ] as const) {
    withBabeltrace(`leaves a whole trace of a program that is ${wait} at ${signal}`, async () => {
      const dir = join(freshDir(), "trace");
      const options = { env: { WAIT: wait }, ...onReady(signal) };
      const finished = await record(dir, "record-signal.mjs", [], options);
      expect(finished.code).toBe(code);
      expect(finished.stderr).not.toContain("was killed");
      const read = await babeltrace(dir);
      expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
      expect(total(read, "app:begin")).toBe(1);
      expect(total(read, "core:trace_stop")).toBe(1);
    });
  }

  it("lets a program that handles the signal go on, and records it to its end", async () => {
    const dir = join(freshDir(), "trace");
    const options = { env: { WAIT: "handler" }, ...onReady("SIGTERM") };
    const { code } = await record(dir, "record-signal.mjs", [], options);
    expect(code).toBe(5);
    const { events } = await info(dir, "--events");
    expect(events).toMatchObject({ "app:begin": 1, "app:handled": 1, "core:trace_stop": 1 });
  });
});

describe("sources", () => {
  it("records each timer that fires, also in workers with options of their own", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stdout } = await record(dir, "record-timers.mjs");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ setImmediate: 3, setTimeout: 5, setInterval: 5 });
    const { events = {} } = await info(dir, "--events");
    // Three threads run the program; a fourth and a fifth are a worker and its worker.
    expect(events["xen_sched:sched_s_timer_fn"]).toBe(3 * 3);
    expect(events["xen_sched:sched_t_timer_fn"]).toBe(3 * 5 + 1);
    expect(events["xen_sched:sched_dom_timer_fn"]).toBe(3 * 5);
    expect(events["xen_sched:sched_dom_add"]).toBe(6);
    expect(events["xen_sched:sched_dom_rem"]).toBe(6);
  });

  it("records only the selected events", async () => {
    const dir = join(freshDir(), "trace");
    await record(dir, "record-timers.mjs", ["-e", "xen_sched:*timer_fn,0x00041000"]);
    const { events = {} } = await info(dir, "--events");
    expect(Object.keys(events).every((name) => name.endsWith("timer_fn"))).toBe(true);
  });

  it("stops after the time interval while the program goes on", async () => {
    const dir = join(freshDir(), "trace");
    const options = { env: { WAIT: "handler" } };
    const started = record(dir, "record-signal.mjs", ["-T", "0.2"], {
      ...options,
      onOutput: (child) => setTimeout(() => child.kill("SIGTERM"), 1000),
    });
    expect((await started).code).toBe(5);
    const { events = {} } = await info(dir, "--events");
    expect(events["core:trace_stop"]).toBe(1);
    expect(events["app:handled"]).toBeUndefined();
  });
});

describe("what cannot be done", () => {
  it("refuses a directory that is not empty before it runs the program", async () => {
    const dir = freshDir();
    writeFileSync(join(dir, "precious"), "data");
    const { code, stdout, stderr } = await record(dir, "record-end.mjs", [], {
      env: { END: "child" },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`tbuf: ${dir} exists and is not empty: entries=1; name a new directory\n`);
    expect(readFileSync(join(dir, "precious"), "utf8")).toBe("data");
  });

  it("says that a command does not exist, with the shell's exit code", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await tbuf(["record", "-o", dir, "--", "no-such-program-here"]);
    expect(code).toBe(127);
    expect(stderr).toBe("tbuf: cannot run no-such-program-here: no such program\n");
  });

  it("says that a program which is not Node's was not recorded, and passes its code on", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await tbuf(["record", "-o", dir, "--", "sh", "-c", "exit 4"]);
    expect(code).toBe(4);
    expect(stderr).toContain("nothing was recorded: no process of sh loaded tbuf");
  });

  for (const [args, words] of [
    [["-S", "0"], "from 1 to 262144"],
    [["-S", "many"], "It must be an integer from 1 to 262144."],
    [["-T", "-1"], "It must be a number from 0 to 2147483."],
    [["-S", "262144"], "leave no room for two threads"],
    [["-e", "app,,x"], "has an empty part"],
    [["-e", "0x123456789"], "more than 32 bits"],
    [["--mode", "circular"], "Allowed choices are discard, overwrite."],
    [["--cpus", "257"], "from 2 to 256"],
    [["--cpus", "1"], "from 2 to 256"],
  ] as const) {
    it(`refuses ${args.join(" ")} and names the limit`, async () => {
      const dir = join(freshDir(), "trace");
      const { code, stdout, stderr } = await record(dir, "record-end.mjs", args, {
        env: { END: "child" },
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(words);
      expect(stderr).not.toMatch(/\n {4}at /);
    });
  }

  withBabeltrace(
    "lets the program go on when the disk is full, and keeps what was written",
    async () => {
      const dir = join(freshDir(), "trace");
      // A limit on the size of files stands for the full disk: writes are cut short, then fail.
      const limited = 'ulimit -f 300; exec "$0" "$@"';
      const command = ["record", "-o", dir, "--", process.execPath, fixture("record-million.mjs")];
      const { code, stdout, stderr } = await run(
        "bash",
        ["-c", limited, process.execPath, cli, ...command],
        {
          env: { TOTAL: "200000" },
        },
      );
      expect(code).toBe(0);
      expect(Object.keys(JSON.parse(stdout))).toHaveLength(4);
      expect(stderr).toMatch(/tbuf: recording failed: cannot write \d+ bytes to .*\(EFBIG\)/);
      const read = await babeltrace(dir);
      expect({
        code: read.code,
        stderr: read.stderr.replace(/WARNING: Tracer.*\n?/g, "").trim(),
      }).toEqual({
        code: 0,
        stderr: "",
      });
    },
  );

  it("says so when more than one Node process was there, and keeps the first one's trace", async () => {
    const dir = join(freshDir(), "trace");
    const script = "node -e 1 && node -e 2 && exit 6";
    const args = ["record", "--no-children", "-o", dir, "--", "sh", "-c", script];
    const { code, stderr } = await tbuf(args);
    expect(code).toBe(6);
    expect(stderr).toContain("tbuf: more than one Node process ran");
    expect((await info(dir)).total.records).toBeGreaterThan(0);
  });

  it("says which part of the selection holds no event", async () => {
    const dir = join(freshDir(), "trace");
    const args = ["-e", "sched_*,mem", "-q"];
    const { code, stderr } = await record(dir, "record-end.mjs", args, { env: { END: "plain" } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "tbuf: no event is called sched_*\n" });
  });

  it("refuses a directory that cannot be made, and does not try for ever", async () => {
    const { code, stderr } = await record("/proc/tbuf/trace", "record-end.mjs");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tbuf: cannot create \/proc\/tbuf\/trace: /);
  });

  it("records a program that has flags of the process and starts workers", async () => {
    const dir = join(freshDir(), "trace");
    const program = fixture("record-timers.mjs");
    const command = [process.execPath, "--expose-gc", "--max-old-space-size=200", program];
    const { code } = await tbuf(["record", "-o", dir, "--", ...command]);
    expect(code).toBe(0);
    expect((await info(dir, "--events")).events?.["xen_sched:sched_dom_add"]).toBe(6);
  });
});

describe("tbuf info", () => {
  it("refuses what is no trace, naming the file and why", async () => {
    const dir = freshDir();
    const missing = await tbuf(["info", join(dir, "none")]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toBe(
      `tbuf: ${join(dir, "none", "metadata")}: no such file or directory\n`,
    );
    mkdirSync(join(dir, "foreign"));
    writeFileSync(
      join(dir, "foreign", "metadata"),
      '/* CTF 1.8 */\nenv { tracer_name = "other"; };\n',
    );
    const foreign = await tbuf(["info", join(dir, "foreign")]);
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toContain('tracer_name is "other", not "tbuf"');
  });

  it("refuses a stream that was cut off, naming the position", async () => {
    const dir = join(freshDir(), "trace");
    await record(dir, "record-timers.mjs");
    const stream = join(dir, "xen_1");
    expect(existsSync(stream)).toBe(true);
    truncateSync(stream, readFileSync(stream).length - 4);
    const { code, stderr } = await tbuf(["info", dir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/xen_1: packet at byte \d+: /);
  });

  it("ends quietly when its reader has seen enough", async () => {
    const dir = join(freshDir(), "trace");
    await record(dir, "record-timers.mjs");
    const { code, stderr } = await run("bash", [
      "-c",
      'set -o pipefail; "$0" "$1" info "$2" | true',
      process.execPath,
      cli,
      dir,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});
