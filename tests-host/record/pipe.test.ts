// A program whose reader goes away ends under `tbuf record` as it does alone.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cli, fixture, freshDir } from "../lib/record.js";

type Stream = "stdout" | "stderr";

/** When the reader closes its end: before the first line, after some, or in the pause after half of them. */
const moments = {
  "at the start": (seen: string) => seen.length >= 0,
  "in the middle": (seen: string) => seen.length > 0,
  "at the end": (seen: string) => seen.endsWith("line 4999\n"),
};

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the reader had got, to the last line that both runs have got for certain. */
  readonly read: string;
  /** Of the other stream: what Node said of an error that nobody handled. */
  readonly uncaught: boolean;
}

function readUntil(
  args: readonly string[],
  stream: Stream,
  write: string,
  moment: keyof typeof moments,
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NO_COLOR: "1", STREAM: stream, WRITE: write },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  const look = () => {
    if (moments[moment](texts[stream])) child[stream].destroy();
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      if (name === stream) look();
    });
  }
  look();
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const read = moment === "at the end" ? texts[stream] : texts[stream].slice(0, 7);
      resolve({ code, signal, read, uncaught: texts.stderr.includes("Unhandled 'error' event") });
    });
  });
}

describe.each(["stdout", "stderr"] as const)("%s closed", (stream) => {
  describe.each(Object.keys(moments) as (keyof typeof moments)[])("%s", (moment) => {
    it.each(["console", "stream"])("by a program that writes by its %s", async (write) => {
      const program = fixture("record-pipe.mjs");
      const dir = join(freshDir(), "trace");
      const recorded = [cli, "record", "-q", "-o", dir, "--", process.execPath, program];
      const [alone, observed] = await Promise.all([
        readUntil([program], stream, write, moment),
        readUntil(recorded, stream, write, moment),
      ]);
      expect(observed).toEqual(alone);
    });
  });
});
