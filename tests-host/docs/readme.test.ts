// The README's snippets do what it says.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, info, record, run, total } from "../lib/record.js";

const root = new URL("../..", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const cheaper = readFileSync(new URL("docs/cheaper-records.md", root), "utf8");
const snippets = [...snippetsOf(readme), ...snippetsOf(cheaper)];

function snippetsOf(text: string): string[] {
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code = ""]) => code);
}

/** The snippet with the package as it was built: only files within it can import it by its own name. */
function resolved(code: string): string {
  return code.replace(/from "(tbuf[^"]*)"/g, (_, name: string) => {
    return `from ${JSON.stringify(import.meta.resolve?.(name) ?? entry(name))}`;
  });
}

/** Runs a snippet as a user's module in `cwd`, which has the README's `worker.mjs`. */
function runSnippet(code: string, cwd: string) {
  const worker = snippets.find((text) => text.includes("join(workerData)")) ?? "";
  writeFileSync(join(cwd, "worker.mjs"), resolved(worker));
  writeFileSync(join(cwd, "main.mjs"), resolved(code));
  return run("bash", ["-c", 'cd "$0" && exec "$1" main.mjs', cwd, process.execPath]);
}

function entry(name: string): string {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    exports: Record<string, { default: string }>;
  };
  const target = exports[name.replace("tbuf", ".")]?.default ?? "";
  return new URL(target, root).href;
}

describe("the README", () => {
  itWith("babeltrace2").each([
    ["records into a directory", "await recording.stop();\n", "my-trace", "app:step", 1000],
    ["records a worker", "new Worker(", "workers-trace", "job:done", 1],
    ["reads while the program runs", "trace.packets(", "live-trace", "app:step", 100],
  ])("%s, and loses no record", async (_name, mark, dir, event, records) => {
    const cwd = freshDir();
    const snippet = snippets.find((code) => code.includes(mark)) ?? "";
    expect(await runSnippet(snippet, cwd)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const read = await babeltrace(join(cwd, dir));
    expect(read.code).toBe(0);
    expect(total(read, event)).toBe(records);
  });

  itWith("babeltrace2")("keeps a flight recorder that babeltrace2 reads", async () => {
    const cwd = freshDir();
    const snippet = snippets.find((code) => code.includes("flightRecorder({")) ?? "";
    expect(await runSnippet(snippet, cwd)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const read = await babeltrace(join(cwd, "flight-trace"), (line) => line.includes("id = 9999,"));
    expect(read.code).toBe(0);
    expect(read.kept).toHaveLength(1);
    expect(total(read, "app:request")).toBeGreaterThan(100);
  });

  itWith("babeltrace2")("reads facilities that come while and after it reads", async () => {
    const cwd = freshDir();
    const live = snippets.find((code) => code.includes("trace.packets(")) ?? "";
    const late = `
      const late = (n) => facility("late" + n, { come: { n: u32 } }).come({ n });
      late(1);
      setTimeout(() => late(2), 150);
      abort.signal.addEventListener("abort", () => late(3));
      setTimeout(`;
    const code = live.replace('events: "app"', 'events: "app,late*"').replace("setTimeout(", late);
    expect(await runSnippet(code, cwd)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const read = await babeltrace(join(cwd, "live-trace"));
    expect(read.code).toBe(0);
    for (const n of [1, 2, 3]) expect(total(read, `late${n}:come`)).toBe(1);
    expect(total(read, "app:step")).toBe(100);
  });

  it.each(["startTicker", "setTime(", "writeMany"])("shows %s as it works", async (name) => {
    const found = snippets.filter((code) => code.includes(name));
    expect(found).toHaveLength(1);
    const ran = await runSnippet(found[0] ?? "", freshDir());
    expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("records without files, as a page would", async () => {
    const snippet = snippets.find((code) => code.includes("const files = ")) ?? "";
    const save = `import { mkdirSync, writeFileSync } from "node:fs";
      mkdirSync("page-trace");
      for (const [name, bytes] of files) writeFileSync("page-trace/" + name, bytes);`;
    const cwd = freshDir();
    expect(await runSnippet(snippet + save, cwd)).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const { events } = await info(join(cwd, "page-trace"), "--events");
    expect(events).toMatchObject({ "app:step": 1000 });
  });

  it("shows a facility that does nothing when nobody records", async () => {
    const snippet = snippets.find((code) => code.includes("does nothing")) ?? "";
    expect(await runSnippet(snippet, freshDir())).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

describe("the guide to formats", () => {
  it("converts a trace in a program", async () => {
    const cwd = freshDir();
    expect((await record(join(cwd, "trace"), "record-timers.mjs", ["-q"])).code).toBe(0);
    const [snippet = ""] = snippetsOf(readFileSync(new URL("docs/formats.md", root), "utf8"));
    const { code, stdout, stderr } = await runSnippet(snippet, cwd);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("xen_sched:sched_t_timer_fn: { cpu_id = 1 }, { }\n");
    const json = JSON.parse(readFileSync(join(cwd, "trace.json"), "utf8")) as {
      traceEvents: { ph: string }[];
    };
    const lines = stdout.trimEnd().split("\n");
    // An instant, or a slice: whole, or by its beginning where it crosses another one.
    expect(json.traceEvents.filter(({ ph }) => "iXb".includes(ph))).toHaveLength(lines.length);
  });
});
