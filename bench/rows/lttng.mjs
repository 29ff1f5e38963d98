// LTTng-UST doing the same work in C: a tracepoint of two numbers, recorded by a live session whose
// buffers have the size of ours and are emptied by its own daemon. All of it in a temporary
// directory, and the daemon is ours: it is ended with the row.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Bench } from "tinybench";
import { clockBatch, clockNsOf } from "../lib/batch-row.mjs";
import { pathOf } from "../lib/path-of.mjs";

const PROGRAMS = ["lttng", "lttng-sessiond", "gcc"];
const SESSION = "tbuf-bench";
const BATCHES = 128;
const BATCHES_QUICK = 16;
const START_TRIES = 100;
const START_PAUSE_MS = 100;
const source = fileURLToPath(new URL("../lttng/", import.meta.url));

async function lttngUst() {
  const missing = PROGRAMS.filter((name) => pathOf(name) === undefined);
  if (missing.length > 0) return skipped(`not installed: ${missing.join(", ")}`);

  const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-lttng-"));
  const env = { ...process.env, LTTNG_HOME: dir, LANG: "C" };
  const run = (program, args) =>
    execFileSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const program = join(dir, "bench");
  try {
    const libraries = ["-llttng-ust", "-llttng-ust-common", "-ldl"];
    run("gcc", ["-O2", "-I", source, "-o", program, join(source, "bench.c"), ...libraries]);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    return skipped(`bench.c does not compile: ${error.stderr.split("\n", 1)[0]}`);
  }

  // In the foreground, so that we know its number; its output goes to a file, because its own
  // children inherit it, and a pipe would stay open for as long as any of them.
  const log = join(dir, "log");
  const output = openSync(log, "w");
  const daemon = spawn("lttng-sessiond", ["--no-kernel"], {
    env,
    stdio: ["ignore", output, output],
  });
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  const close = async () => {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };

  try {
    await untilReady(daemon, run);
    run("lttng", ["create", SESSION, "--output", join(dir, "trace")]);
    const sizes = ["--subbuf-size", "64K", "--num-subbuf", "8", "--discard"];
    run("lttng", ["enable-channel", "--userspace", "--session", SESSION, ...sizes, "bench"]);
    const wanted = ["--channel", "bench", "tbuf_bench:pair"];
    run("lttng", ["enable-event", "--userspace", "--session", SESSION, ...wanted]);
    run("lttng", ["start", SESSION]);
  } catch (error) {
    const said = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").at(-1) : "";
    await close();
    return skipped(`no session: ${error.message.split("\n", 1)[0]} ${said}`);
  }

  let done = 0;
  return {
    close,
    round({ quick }) {
      const bench = new Bench({ time: 50, warmupTime: 50, retainSamples: true, throws: true });
      bench.add("clock", clockBatch, { async: false });
      bench.runSync();
      const printed = run(program, [String(quick ? BATCHES_QUICK : BATCHES)]).split(" ");
      const [calls, ns, meanNs] = printed.map(Number);
      done += calls;
      // It counts what is discarded only when the buffers are read, so the session rests for that.
      run("lttng", ["stop", SESSION]);
      const discarded = discardedBy(run("lttng", ["list", SESSION]));
      const recorded = pathOf("babeltrace2") ? countRecords(run, dir) : done - discarded;
      run("lttng", ["start", SESSION]);
      const ratio = ns / clockNsOf(bench.tasks[0]);
      return { ns, meanNs, ratio, done, recorded: [recorded], discarded, recordsPerOp: 1 };
    },
  };
}

const skipped = (why) => ({ round: () => ({ skipped: why }) });

async function untilReady(daemon, run) {
  for (let tries = 0; tries < START_TRIES; tries++) {
    await sleep(START_PAUSE_MS);
    if (daemon.exitCode !== null) throw new Error("lttng-sessiond ended:");
    try {
      run("lttng", ["list"]);
      return;
    } catch {
      // It does not listen yet.
    }
  }
  throw new Error("lttng-sessiond does not answer");
}

function discardedBy(listing) {
  const counts = [...listing.matchAll(/(?:Discarded events|Lost packets):\s*(\d+)/g)];
  if (counts.length === 0) throw new Error("lttng list tells of no discarded events");
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function countRecords(run, dir) {
  const counted = run("babeltrace2", [
    join(dir, "trace"),
    "--component=counter:sink.utils.counter",
    "--params=step=+0",
  ]);
  // It may have printed counts on its way; the last one is of everything.
  const counts = [...counted.replaceAll(",", "").matchAll(/(\d+) Event messages/g)];
  return Number(counts.at(-1)?.[1] ?? Number.NaN);
}

export const rows = { "lttng-ust": lttngUst };
