// What the real command line records of requests and garbage collections, and that the program does not notice.

import { join } from "node:path";
import { expect } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, fixture, freshDir, record, run } from "../lib/record.js";

const it = itWith("babeltrace2");
let lines: string[] = [];

it("leaves the program's output and end as they are, and gives a whole trace", async () => {
  const dir = join(freshDir(), "trace");
  const alone = await run(process.execPath, [fixture("record-requests.mjs")]);
  const { code, stdout } = await record(dir, "record-requests.mjs");
  expect({ code, stdout }).toEqual({ code: alone.code, stdout: alone.stdout });
  const read = await babeltrace(dir, (line) => /node_(http|gc):|wasm_guest:/.test(line));
  expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
  lines = read.kept;
});

const of = (event: string): string[] => lines.filter((line) => line.includes(`${event}:`));
const numbers = (some: string[], name: string): number[] =>
  some.map((line) => Number(new RegExp(`\\b${name} = (\\d+)`).exec(line)?.[1]));

it("records each request at both ends, with its address and status", () => {
  expect(of("server_begin").map((line) => /url = "([^"]*)"/.exec(line)?.[1])).toEqual([
    "/by-http",
    // babeltrace2 puts a backslash before it.
    "/none\\?q=1",
    "/late",
  ]);
  expect(of("server_begin").every((line) => line.includes('method = "GET"'))).toBe(true);
  expect(numbers(of("server_end"), "status")).toEqual([200, 404, 0]);
  expect(numbers(of("server_end"), "id")).toEqual(numbers(of("server_begin"), "id"));
  expect(numbers(of("client_end"), "status")).toEqual([200]);
  expect(numbers(of("fetch_end"), "status")).toEqual([404, 0]);
  expect(of("fetch_end")[1]).toMatch(/error = "[A-Z]\w+"/);
});

it("tells when a request began, and how long it took", () => {
  for (const end of of("server_end")) {
    const [start = 0, duration = 0] = [...numbers([end], "start"), ...numbers([end], "duration")];
    expect(start).toBeGreaterThan(0);
    expect(duration).toBeGreaterThan(0);
  }
});

it("takes the parser of fetch for no guest of the program's", () => {
  expect(of("guest_import")).toEqual([]);
});

it("records the garbage collection that the program asked for", () => {
  const forced = of("node_gc:gc").filter((line) => /forced = .*\b1\b/.test(line));
  expect(forced).toHaveLength(1);
  expect(forced[0]).toMatch(/kind = "(major|minor)"/);
});
