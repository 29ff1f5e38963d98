// Recordings into directories, as a program of Node makes them: also one that ends without `stop`.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, run, total } from "../lib/record.js";

const root = new URL("../..", import.meta.url);
const dist = (path: string) => JSON.stringify(new URL(`dist/src/${path}`, root).href);

/** Runs a module in `cwd`; it has `app.step({ n })`, `record` and `flightRecorder`. */
function program(cwd: string, code: string, first = "") {
  const head = `
    import { facility, u32 } from ${dist("index.js")};
    import { flightRecorder, record } from ${dist("node/index.js")};
    const app = facility("app", { step: { n: u32 } });`;
  return run("bash", [
    "-c",
    `${first}cd "$0" && exec "$1" --input-type=module -e "$2"`,
    cwd,
    process.execPath,
    head + code,
  ]);
}

describe("record({ dir })", () => {
  itWith("babeltrace2")("writes a trace that babeltrace2 reads", async () => {
    const cwd = freshDir();
    const ran = await program(
      cwd,
      `
      const recording = record({ dir: "trace", env: { answer: 42 } });
      for (let n = 0; n < 5000; n++) {
        app.step({ n });
        if (n % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await recording.stop();`,
    );
    expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const read = await babeltrace(join(cwd, "trace"));
    expect(read.code).toBe(0);
    expect(total(read, "app:step")).toBe(5000);
  });

  itWith("babeltrace2").each([
    ["without stop", "", 0],
    ["by process.exit", "process.exit(3);", 3],
    [
      "by an error",
      "process.on('uncaughtException', () => process.exit(7)); throw new Error('x');",
      7,
    ],
  ])("completes the trace of a program that ends %s", async (_name, end, code) => {
    const cwd = freshDir();
    const ran = await program(
      cwd,
      `
      record({ dir: "trace" });
      for (let n = 0; n < 5000; n++) app.step({ n });
      ${end}`,
    );
    expect(ran).toMatchObject({ code, stderr: "" });
    const read = await babeltrace(join(cwd, "trace"));
    expect(read.code).toBe(0);
    expect(total(read, "app:step")).toBe(5000);
  });

  it("reports an output that fails, and lets the program run on", async () => {
    const cwd = freshDir();
    const ran = await program(
      cwd,
      `
      let told = 0;
      const recording = record({ dir: "trace", onError: () => told++ });
      for (let round = 0; round < 30; round++) {
        for (let n = 0; n < 1000; n++) app.step({ n });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const error = await recording.stop().catch((error) => error);
      console.log(told, error.code, recording.failure === error);`,
      // No file may have more than 64 KiB.
      "ulimit -f 64; ",
    );
    expect(ran).toMatchObject({ code: 0, stdout: "1 output true\n", stderr: "" });
  });

  it("leaves nothing behind when the directory cannot be used", async () => {
    const cwd = freshDir();
    const ran = await program(
      cwd,
      `
      const exits = process.listenerCount("exit");
      const refused = () => { try { record({ dir: "/proc/nowhere" }); } catch (error) { return error.code; } };
      console.log(refused(), process.listenerCount("exit") - exits, process.listenerCount("worker"));`,
    );
    expect(ran).toMatchObject({ code: 0, stdout: "output 0 0\n", stderr: "" });
  });
});

describe("flightRecorder", () => {
  itWith("babeltrace2")("saves to as many directories as it is asked to", async () => {
    const cwd = freshDir();
    const ran = await program(
      cwd,
      `
      const flight = flightRecorder({ bytes: 65536, events: "app" });
      for (let n = 0; n < 1000; n++) app.step({ n });
      flight.save("one");
      process.on("exit", () => flight.save("two"));
      app.step({ n: 1000 });`,
    );
    expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
    for (const [dir, records] of [
      ["one", 1000],
      ["two", 1001],
    ] as const) {
      const read = await babeltrace(join(cwd, dir));
      expect(read.code).toBe(0);
      expect(total(read, "app:step")).toBe(records);
    }
    expect(readdirSync(cwd).sort()).toEqual(["one", "two"]);
    rmSync(cwd, { recursive: true });
  });
});
