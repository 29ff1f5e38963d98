// `tbuf record --max-size`: parts of a bounded trace, also when the program is killed. And SIGUSR2 to `tbuf record`.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTraceDir } from "../../src/node/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, record, total } from "../lib/record.js";

const SIZE = 400_000;
const ARGS = ["-S", "64", "--max-size", String(SIZE), "--max-files", "3", "--no-children"];

describe("tbuf record --max-size", () => {
  itWith("babeltrace2")("keeps the newest parts, each a whole trace", async () => {
    const dir = join(freshDir(), "trace");
    const { code } = await record(dir, "record-steady.mjs", ARGS, { env: { STEPS: "60" } });
    expect(code).toBe(0);
    const parts = readdirSync(dir);
    expect(parts).toHaveLength(3);
    for (const part of parts)
      expect(readTraceDir(join(dir, part)).summary.total.records).not.toBe(0);
    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    expect(total(read, "app:step")).toBeGreaterThan(0);
  });

  itWith("babeltrace2")("loses no part by SIGKILL", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await record(dir, "record-steady.mjs", ARGS, {
      env: { STEPS: "60", KILL: "1" },
    });
    expect(code).toBe(137);
    expect(stderr).toContain("killed");
    const parts = readdirSync(dir);
    expect(parts).toHaveLength(3);
    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    expect(total(read, "app:step")).toBeGreaterThan(0);
  });
});

describe("SIGUSR2 to tbuf record -M", () => {
  it("dumps while the program's main thread goes on", async () => {
    const dir = join(freshDir(), "trace");
    let sent = false;
    const { code, stdout } = await record(dir, "record-steady.mjs", ["-M", "64k"], {
      env: { STEPS: "60" },
      onOutput: (child) => {
        if (!sent) child.kill("SIGUSR2");
        sent = true;
      },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "begin\nend\n" });
    expect(existsSync(join(dir, "1"))).toBe(true);
    expect(readTraceDir(join(dir, "1")).metadata.env.trigger).toBe("SIGUSR2 to tbuf record");
  });
});
