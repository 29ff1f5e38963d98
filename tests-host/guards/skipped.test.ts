// What `npm test` tells of skipped tests: each missing peer once.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { skippedLines } from "../../scripts/lib/skipped.mjs";
import { root } from "../lib/sources.js";

// Each run of `npm test` starts a vitest of its own, which takes long where others are at work.
vi.setConfig({ testTimeout: 170_000 });

describe("the lines about skipped tests", () => {
  const waiting = (...waitsFor: string[]) => ({ name: "a > b", reason: "unknown", waitsFor });

  it("name a peer once, with its tests and what installs it", () => {
    const skipped = [waiting("chromium", "starters"), waiting("babeltrace2"), waiting("chromium")];
    expect(skippedLines(skipped)).toEqual([
      "missing: babeltrace2  1 test waits for it: apt install babeltrace2",
      "missing: chromium     2 tests wait for it: apt install chromium",
      "missing: starters     1 test waits for it: npm ci --prefix tests-host/starters",
    ]);
  });

  it("tell what to do about a program that no package is known for", () => {
    expect(skippedLines([waiting("lynx")])).toEqual([
      "missing: lynx  1 test waits for it: put lynx on PATH",
    ]);
  });

  it("name each test that is skipped for another reason", () => {
    const other = { name: "a > c", reason: "no threads here", waitsFor: [] };
    expect(skippedLines([other, other])).toEqual([
      "skipped: a > c (no threads here)",
      "skipped: a > c (no threads here)",
    ]);
  });
});

describe("npm test on a machine without babeltrace2", () => {
  const empty = mkdtempSync(join(tmpdir(), "tbuf-no-programs-"));
  afterAll(() => rmSync(empty, { recursive: true, force: true }));

  // A file with tests that need babeltrace2, and others that do not.
  const test = (env: Record<string, string>) =>
    spawnSync(process.execPath, ["scripts/test.mjs", "--host", "tests-host/ctf/self-described"], {
      cwd: root,
      env: { ...process.env, PATH: empty, ...env },
      encoding: "utf8",
    });

  it("names it, and counts its tests as skipped", () => {
    const { status, stdout } = test({ TBUF_REQUIRE_PEERS: "" });
    expect(stdout).toMatch(/^missing: babeltrace2 {2}\d tests? waits? for it: apt install/m);
    expect(stdout).not.toMatch(/^skipped: /m);
    expect(stdout.trim().split("\n").at(-1)).toMatch(
      /^[1-9]\d* passed, 0 failed, [1-9]\d* skipped$/,
    );
    expect(status).toBe(0);
  });

  it("fails if peers are required", () => {
    const { status, stdout } = test({ TBUF_REQUIRE_PEERS: "1" });
    expect(stdout.trim().split("\n").at(-1)).toMatch(/^\d+ passed, [1-9]\d* failed$/);
    expect(status).toBe(1);
  });
});
