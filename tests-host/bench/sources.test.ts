// That `npm run bench:sources` runs each of its programs with the sources that are named, and that they record.
// What the figures are is not looked at.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { run } from "../lib/record.js";

const bench = fileURLToPath(new URL("../../bench/sources.mjs", import.meta.url));

it.each(["http", "cpu", "timers", "immediates", "messages"])("measures %s", async (program) => {
  const args = ["--program", program, "--rounds", "1", "--ms", "20", "--json", "timers", "thread"];
  const { code, stdout, stderr } = await run(process.execPath, [bench, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ program, discarded: 0, rows: [{ sources: "timers thread" }] });
  expect(result.rows[0].offUs).toBeGreaterThan(0);
  expect(result.rows[0].onUs).toBeGreaterThan(0);
  if (["timers", "immediates"].includes(program)) expect(result.records).toBeGreaterThan(50);
});

it("names the programs and sources that there are", async () => {
  const { code, stderr } = await run(process.execPath, [bench, "no-such-source"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^programs: http, .*; sources: thread, /);
});
