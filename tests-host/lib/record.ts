// Running the command line as a user does, and reading what it wrote with babeltrace2.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dirs: string[] = [];

/** A fresh directory for a test's files, removed after it. */
export function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "tbuf-test-"));
  dirs.push(dir);
  return dir;
}

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

export const fixture = (name: string): string => join(root, "tests-host/fixtures", name);
export const cli = join(root, "dist/src/cli/main.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  /** Runs when the program has started, with what it printed so far whenever it prints. */
  readonly onOutput?: (child: ChildProcess, stdout: string) => void;
}

/** Runs a program to its end. */
export function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(file, args, {
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    options.onOutput?.(child, stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** `tbuf ...`. */
export function tbuf(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return run(process.execPath, [cli, ...args], options);
}

/** `tbuf record ... -- node FIXTURE` into `dir`. */
export function record(
  dir: string,
  program: string,
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<Finished> {
  const command = ["record", "-o", dir, ...args, "--", process.execPath, fixture(program)];
  return tbuf(command, options);
}

export interface Babeltrace {
  readonly code: number | null;
  /** All of it: warnings too. */
  readonly stderr: string;
  /** Records of each event on each CPU: counts.get("app:tick")?.get(2). */
  readonly counts: Map<string, Map<number, number>>;
  /** The lines for which `keep` was true. */
  readonly kept: string[];
}

const LINE = /^\[[0-9:.]+\] \(\+[0-9?.]+\) (?:\S+ )?(\S+): \{ cpu_id = (\d+)/;

/** Reads a trace with babeltrace2 and counts what it prints. */
export async function babeltrace(
  dir: string,
  keep: (line: string) => boolean = () => false,
): Promise<Babeltrace> {
  const child = spawn("babeltrace2", [dir], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const counts = new Map<string, Map<number, number>>();
  const kept: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [, event = "", cpu = ""] = LINE.exec(line) ?? [];
    if (!event) throw new Error(`babeltrace2 printed what this does not read: ${line}`);
    const byCpu = counts.get(event) ?? new Map<number, number>();
    byCpu.set(Number(cpu), (byCpu.get(Number(cpu)) ?? 0) + 1);
    counts.set(event, byCpu);
    if (keep(line)) kept.push(line);
  }
  return { code: await closed, stderr, counts, kept };
}

/** Records of an event on all CPUs. */
export function total({ counts }: Babeltrace, event: string): number {
  return [...(counts.get(event)?.values() ?? [])].reduce((sum, n) => sum + n, 0);
}

/** What `tbuf info --json` says. */
export interface Info {
  readonly total: { records: number; discarded: number; packets: number };
  readonly streams: readonly { name: string; cpu: number; records: number; discarded: number }[];
  readonly events?: Record<string, number>;
}

export async function info(dir: string, ...args: string[]): Promise<Info> {
  const { code, stdout, stderr } = await tbuf(["info", "--json", ...args, dir]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Info;
}
