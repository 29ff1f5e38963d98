// That the bench runs where Node does not: the same file under Deno and Bun, a page in browsers. A few
// rows, one of each way to record; each fails by itself when it loses a record.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { type Result, runBench } from "../lib/bench.js";
import { describeWith, itWith } from "../lib/peers.js";

const ids = [
  "clock",
  "record2-coarse",
  "record2-caller",
  "string32-precise",
  "batch2",
  "wasm-guest-record2",
  "js-record2-caller",
];

// Firefox alone takes 20 s where others are at work.
vi.setConfig({ testTimeout: 170_000 });

const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-runtimes-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs rows `only`, and gives the result. */
function quick(
  name: string,
  [program = "", ...args]: readonly string[],
  only: readonly string[],
): Result {
  const file = join(dir, `${name}.json`);
  const options = ["--quick", "--only", only.join(","), "--json", file];
  const { status, stdout, stderr } = runBench(program, [...args, ...options]);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const result = JSON.parse(readFileSync(file, "utf8")) as Result;
  const printed = stdout.split("\n").map((line) => line.split(" ", 1)[0]);
  expect(printed).toEqual(expect.arrayContaining(result.rows.map(({ id }) => id)));
  return result;
}

function expectMeasured({ rows }: Result): void {
  expect(rows.map(({ id }) => id)).toEqual(ids);
  for (const { ratio, done, recorded, discarded } of rows) {
    expect(ratio).toBeGreaterThan(0);
    expect(recorded).toEqual([done]);
    expect(discarded).toBe(0);
  }
}

describeWith("bench", "conformance")("bench/in.mjs", () => {
  it.each(["Deno", "Bun"])("runs the bench in %s", (name) => {
    const command = [process.execPath, "bench/in.mjs", name.toLowerCase()];
    const result = quick(name, command, ids);
    expect(result.runtime.name).toBe(name);
    expectMeasured(result);
  });

  it("refuses a runtime that it does not know", () => {
    const { status, stderr } = runBench(process.execPath, ["bench/in.mjs", "lynx"]);
    expect(status).toBe(2);
    expect(stderr).toContain("no such runtime: lynx; there are bun, deno");
  });
});

describe("npm run bench:browser", () => {
  const browse = (name: string, only: readonly string[]) =>
    quick(name, [process.execPath, "bench/browser.mjs", "--run", name], only);

  itWith("bench", "chromium")("runs in Chromium", () => {
    const result = browse("chromium", [...ids, "boot"]);
    expect(result.runtime.name).toBe("Chromium");
    expect(result.skipped.map(({ id }) => id)).toEqual(["boot"]);
    expectMeasured(result);
  });

  itWith("bench", "firefox")("runs in Firefox", () => {
    const result = browse("firefox", ids);
    expect(result.runtime.name).toBe("Firefox");
    expectMeasured(result);
  });

  it("refuses a browser that it does not know", () => {
    const { status, stderr } = runBench(process.execPath, ["bench/browser.mjs", "--run", "lynx"]);
    expect(status).toBe(2);
    expect(stderr).toContain("--run=lynx: there are chromium, firefox");
  });
});
