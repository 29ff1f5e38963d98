// Options that `tbuf record` has from xentrace.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCpus } from "../../src/cli/xentrace-options.js";
import { freshDir, info, record } from "../lib/record.js";

describe("-c", () => {
  it.each([
    ["0x6", [1, 2]],
    ["0x80000000", [31]],
    ["1-3,5", [1, 2, 3, 5]],
    ["-2", [0, 1, 2]],
    ["0-0", [0]],
    ["all", undefined],
  ])("%s", (text, cpus) => {
    expect(parseCpus(text)).toEqual(cpus);
  });

  it("is open at its end up to the last CPU", () => {
    expect(parseCpus("3-")).toEqual(Array.from({ length: 253 }, (_, i) => i + 3));
  });

  it.each(["", "-", "3-1", "256", "0x0", "0x123456789", "a", "1,,2"])("refuses %j", (text) => {
    expect(() => parseCpus(text)).toThrow("It must");
  });

  it("records only those threads", async () => {
    const dir = join(freshDir(), "trace");
    const env = { TOTAL: "1000" };
    expect((await record(dir, "record-million.mjs", ["-c", "1"], { env })).code).toBe(0);
    const { streams } = await info(dir);
    expect(streams.map(({ cpu }) => cpu)).toEqual([1]);
  });
});

describe("-r", () => {
  it("stops the recording, and not the program, when the disk has less room", async () => {
    const dir = join(freshDir(), "trace");
    const env = { TOTAL: "1000" };
    const args = ["-r", "999999999"];
    const { code, stderr } = await record(dir, "record-million.mjs", args, { env });
    expect(code).toBe(0);
    expect(stderr).toContain("are to stay free (--reserve-disk-space)");
  });
});

describe("-x and -X", () => {
  it.each([["-x"], ["-X"]])("%s is refused before the program runs", async (option) => {
    const dir = join(freshDir(), "trace");
    const { code, stdout, stderr } = await record(dir, "record-million.mjs", [option]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("not possible");
    expect(existsSync(dir)).toBe(false);
  });
});
