// The number of the recorder's pipe is the program's own as soon as the pipe is gone.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freshDir, record } from "../lib/record.js";

/** What the file holds, once it holds something. */
async function contents(path: string): Promise<string> {
  for (;;) {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    if (text !== "") return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it.each(["closed", "killed"])(
  "neither writes to nor closes what is not its own: %s",
  async (how) => {
    const dir = freshDir();
    const trace = join(dir, "trace");
    const env = { HOW: how, DIR: trace, FILE: join(dir, "file"), DONE: join(dir, "done") };
    writeFileSync(env.FILE, "precious");
    await record(trace, "record-descriptor.mjs", ["-q"], { env });
    expect(await contents(env.DONE)).toBe("ours");
    expect(readFileSync(env.FILE, "utf8")).toBe("precious");
  },
);
