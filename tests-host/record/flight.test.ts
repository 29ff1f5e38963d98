// `tbuf record -M`: nothing is written until something triggers a dump, and each dump is a trace that says why. And
// `--max-size`: parts of a bounded trace.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTraceDir, snapshot } from "../../src/node/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, record, total } from "../lib/record.js";

async function fly(what: string, args: readonly string[] = []) {
  const dir = join(freshDir(), "trace");
  const ran = await record(dir, "record-flight.mjs", ["-M", "64k", ...args], {
    env: { FLIGHT: what },
  });
  const dumps = existsSync(dir) ? readdirSync(dir).sort() : [];
  const triggers = dumps.map((name) => readTraceDir(join(dir, name)).metadata.env.trigger);
  return { dir, dumps, triggers, ...ran };
}

describe("tbuf record -M", () => {
  it("writes nothing when nothing triggers a dump, and says so", async () => {
    const { code, stdout, stderr, dir } = await fly("none");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "end\n" });
    expect(stderr).toContain("nothing triggered a dump");
    expect(existsSync(dir)).toBe(false);
  });

  itWith("babeltrace2")("dumps when the program asks for it, with pauses", async () => {
    const one = await fly("snapshot");
    expect(one.stdout).toBe("true\ntrue\ntrue\nend\n");
    expect(one.triggers).toEqual(["snapshot()"]);
    const read = await babeltrace(join(one.dir, "1"));
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    expect(total(read, "app:step")).toBe(100);
    const all = await fly("snapshot", ["--flight-pause", "0", "--max-files", "2"]);
    expect(all.dumps).toEqual(["2", "3"]);
  });

  it.each([
    ["code", 3, ["exit code 3"]],
    ["throw", 1, ["uncaught error, exit code 1"]],
  ])("dumps at the end: %s", async (what, code, triggers) => {
    const ran = await fly(what, ["--flight-pause", "0"]);
    expect(ran.code).toBe(code);
    expect(ran.triggers.join(", ")).toBe(triggers.join(", "));
  });

  it("dumps at SIGUSR2, which then does not end the program", async () => {
    const { code, stdout, triggers } = await fly("signal");
    expect({ code, stdout, triggers }).toEqual({ code: 0, stdout: "end\n", triggers: ["SIGUSR2"] });
  });

  it("leaves a handler of the program's own as it is", async () => {
    const { code, stdout, triggers } = await fly("handled");
    expect({ code, stdout, triggers }).toEqual({
      code: 0,
      stdout: "mine\nend\n",
      triggers: ["SIGUSR2"],
    });
  });
});

describe("snapshot", () => {
  it("is harmless where nobody records", () => {
    expect(snapshot()).toBe(false);
  });
});
