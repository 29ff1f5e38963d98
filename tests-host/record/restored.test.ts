// A recording that ends before the program leaves nothing of itself in it.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cli, fixture, freshDir, record, run } from "../lib/record.js";

interface States {
  readonly main: { readonly before: string; readonly after: string };
  readonly worker: { readonly before: string; readonly after: string };
}

const plain = async (): Promise<States> =>
  JSON.parse((await run(process.execPath, [fixture("record-restored.mjs")])).stdout);

describe("a recording that ends early", () => {
  it.each([
    ["by -T", ["-T", "1"]],
    ["by -T, with a flight recorder", ["-T", "1", "-M", "64k"]],
    ["by -T, with all sources", ["-T", "1", "--sources", "all"]],
  ])("%s takes its hooks and listeners away in every thread", async (_how, args) => {
    const without = await plain();
    const dir = join(freshDir(), "trace");
    const { code, stdout, stderr } = await record(dir, "record-restored.mjs", args);
    expect({ code, stderr: stderr.includes("not taken away") }).toEqual({ code: 0, stderr: false });
    const recorded = JSON.parse(stdout) as States;
    expect(recorded.main.before, "the test sees the hooks").not.toBe(without.main.before);
    expect(JSON.parse(recorded.main.after)).toEqual(JSON.parse(without.main.after));
    expect(JSON.parse(recorded.worker.after)).toEqual(JSON.parse(without.worker.after));
  });

  it("by a failure does so too", async () => {
    const without = await plain();
    const dir = join(freshDir(), "trace");
    const main = fixture("record-restored.mjs");
    const args = [cli, "record", "-o", dir, "--", process.execPath, main];
    const limited = 'ulimit -f 1; exec "$0" "$@"';
    const { stdout, stderr } = await run("bash", ["-c", limited, process.execPath, ...args]);
    expect(stderr).toContain("recording failed");
    const recorded = JSON.parse(stdout) as States;
    expect(JSON.parse(recorded.main.after)).toEqual(JSON.parse(without.main.after));
  });
});
