// What keeps a Node process alive, and what does not.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../fixtures/thread-exit.mjs", import.meta.url));
/** Far more than any of them needs, to tell a program that hangs from a slow machine. */
const HANG_MS = 15_000;
/** Longer than any timer of the library runs, from the moment at which the program is ready. */
const ALIVE_MS = 400;

interface Ended {
  /** Undefined: it was still running and had to be killed. */
  readonly code: number | undefined;
  readonly output: string;
}

/** Runs a program until it ends, or for `aliveMs` after it is ready. */
function run(name: string, aliveMs: number): Promise<Ended> {
  const child = spawn(process.execPath, [program, name], { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let output = "";
    let timer = setTimeout(() => child.kill("SIGKILL"), HANG_MS);
    const collect = (chunk: Buffer) => {
      const ready = output.includes("ready");
      output += chunk;
      if (ready || !output.includes("ready")) return;
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), aliveMs);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, output });
    });
  });
}

describe("a program ends by itself", () => {
  it.concurrent.each([
    "attached",
    "stopping",
    "loop, ref false",
    "handler, ref false",
    "loop that was left",
    "unbound",
    "closed",
    "worker that has joined",
  ])("with: %s", async (name) => {
    const { code, output } = await run(name, HANG_MS);
    expect(output).toMatch(/ready/);
    expect(output).not.toMatch(/Error/);
    expect(code).toBe(0);
  });

  it.concurrent("with a snapshot taken in its last moment", async () => {
    const { code, output } = await run("snapshot at exit", HANG_MS);
    expect([code, output]).toEqual([0, "ready\nsnapshot 7\n"]);
  });
});

describe("a program stays alive", () => {
  it.concurrent.each(["loop", "loop beside ref false", "handler"])("with: %s", async (name) => {
    const { code, output } = await run(name, ALIVE_MS);
    expect(output).toBe("ready\n");
    expect(code).toBeUndefined();
  });
});
