// A recording session of LTTng-UST for one round: a session daemon of our own, in a temporary
// directory, ended and removed with the round. Root has one place for the sockets of all its daemons,
// so there can be one at a time: rows do not keep theirs between rounds, and wait for one another's.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuMsOfChildren } from "./cpu-time.mjs";
import { missing } from "./installed.mjs";

const PROGRAMS = ["lttng", "lttng-sessiond", "gcc"];
const SESSION = "tbuf-bench";
const START_TRIES = 100;
const START_PAUSE_MS = 100;
const OPEN_TRIES = 10;
const OPEN_PAUSE_MS = 1000;
const source = fileURLToPath(new URL("../lttng/", import.meta.url));

/**
 * Compiles a program of bench/lttng.
 * @returns `run(args, options)`, which runs it in a session whose buffers have these sizes, or `why`
 *   that cannot be
 */
export function lttngProgram(file) {
  const without = missing(PROGRAMS);
  if (without.length > 0) return { why: `not installed: ${without.join(", ")}` };
  const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-lttng-"));
  const close = () => rmSync(dir, { recursive: true, force: true });
  const program = join(dir, "program");
  const libraries = ["-llttng-ust", "-llttng-ust-common", "-ldl", "-pthread"];
  try {
    const args = ["-O2", "-I", source, "-o", program, join(source, file), ...libraries];
    execFileSync("gcc", args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  } catch (error) {
    close();
    return { why: `${file} does not compile: ${error.stderr.split("\n", 1)[0]}` };
  }
  return { close, run: (args, options) => inSession(program, args, options) };
}

/** A thread that finds its buffer full blocks until there is room, as nothing may be lost: this on the
 * channel, and the variable in the program's environment. */
const BLOCKING = ["--discard", "--blocking-timeout=inf"];
const MAY_BLOCK = { LTTNG_UST_ALLOW_BLOCKING: "1" };

/**
 * @param options.sizes options of `lttng enable-channel`
 * @param options.look called with the trace's directory once all is written
 * @returns what the program `printed`, the records that LTTng says it `discarded`, the CPU time that
 *   the writing of files took; or `why` there is no session
 */
async function inSession(program, args, { sizes, look }) {
  const session = await open(sizes);
  if (session.why) return session;
  try {
    const options = { env: { ...session.env, ...MAY_BLOCK }, encoding: "utf8" };
    const printed = execFileSync(program, args, options);
    // Waits until its daemon has written all. It counts what is discarded only then.
    session.lttng("stop", SESSION);
    const discarded = discardedBy(session.lttng("list", SESSION));
    const daemonCpuMs = cpuMsOfChildren(session.pid);
    return { printed, discarded, daemonCpuMs, looked: look(session.trace) };
  } finally {
    await session.close();
  }
}

/** Opens a session, again if another daemon is about to end. */
async function open(sizes) {
  let opened;
  for (let tries = 0; tries < OPEN_TRIES; tries++) {
    if (tries > 0) await sleep(OPEN_PAUSE_MS);
    opened = await openOnce(sizes);
    if (!opened.why) break;
  }
  return opened;
}

async function openOnce(sizes) {
  const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-lttng-"));
  const env = { ...process.env, LTTNG_HOME: dir, LANG: "C" };
  const lttng = (...args) =>
    execFileSync("lttng", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  // In the foreground, so that we know its number; its output goes to a file, because its own
  // children inherit it, and a pipe would stay open for as long as any of them.
  const log = join(dir, "log");
  const output = openSync(log, "w");
  const stdio = ["ignore", output, output];
  const daemon = spawn("lttng-sessiond", ["--no-kernel"], { env, stdio });
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  const close = async () => {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  const trace = join(dir, "trace");
  try {
    await untilReady(daemon, lttng);
    lttng("create", SESSION, "--output", trace);
    const channel = ["--session", SESSION, ...sizes, ...BLOCKING, "bench"];
    lttng("enable-channel", "--userspace", ...channel);
    const wanted = ["--channel", "bench", "tbuf_bench:pair"];
    lttng("enable-event", "--userspace", "--session", SESSION, ...wanted);
    lttng("start", SESSION);
  } catch (error) {
    const said = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").at(-1) : "";
    await close();
    return { why: `no session: ${error.message.split("\n", 1)[0]} ${said}` };
  }
  return { env, lttng, trace, pid: daemon.pid, close };
}

async function untilReady(daemon, lttng) {
  for (let tries = 0; tries < START_TRIES; tries++) {
    await sleep(START_PAUSE_MS);
    if (daemon.exitCode !== null) throw new Error("lttng-sessiond ended:");
    try {
      lttng("list");
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
