// Who may import whom (docs/design.md). The rules are one function over a table of texts, so that
// the last suite can show each of them a table that breaks it.

import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, readText, repositoryFiles } from "../lib/sources.js";

type Texts = ReadonlyMap<string, string>;

interface Edge {
  from: string;
  line: number;
  /** A path of the repository, `node:name`, `npm:name`, or `?` for a name computed at run time. */
  to: string;
}

const packageJson = JSON.parse(readText("package.json")) as { dependencies?: object };
const dependencies = Object.keys(packageJson.dependencies ?? {});

/** Nobody imports these; each may import from itself. */
const closedRooms = ["tests-host/", "tests-wasm/", "bench/", "conformance/"];
/** The rooms that know what Node is. */
const nodeRooms = ["src/node/", "src/cli/"];
/** The rooms that know neither Wasm nor Node nor dom0: bytes and events only. */
const pureRooms = ["src/ctf/", "src/formats/", "src/trace/", "src/event/", "src/facilities/"];
const pureForbids = ["src/host/", "src/memory/core-bytes.ts", ...nodeRooms, "node:", "npm:"];
/** Rooms that know no more of src than this: whose trace it is does not matter to them. */
const neutralRooms: Readonly<Record<string, readonly string[]>> = {
  "src/trace/": ["src/trace/", "src/clock/clock.ts", "src/errors.ts"],
  "src/formats/": ["src/formats/", "src/trace/", "src/clock/clock.ts", "src/errors.ts"],
};

const inAny = (rooms: readonly string[], path: string) => rooms.some((r) => path.startsWith(r));

function target(texts: Texts, from: string, specifier: string | undefined): string {
  if (specifier === undefined) return "?";
  if (specifier.startsWith("node:")) return specifier;
  if (!specifier.startsWith(".")) return `npm:${specifier}`;
  const path = posix.join(posix.dirname(from), specifier);
  const stem = path.replace(/\.(m?)js$/, ".$1ts");
  const candidates = [path, stem, `${path}.ts`, `${path}/index.ts`];
  // A generated module (src/memory/core-bytes.ts) is in no table, and still has a name.
  const unknown = stem === path ? `${path}.ts` : stem;
  return candidates.find((candidate) => texts.has(candidate)) ?? unknown;
}

function edgesOf(texts: Texts): Edge[] {
  return [...texts].flatMap(([from, text]) =>
    importsOf(from, text).map(({ specifier, line }) => {
      return { from, line, to: target(texts, from, specifier) };
    }),
  );
}

/** Why this import is not allowed, or undefined. Later rules may rely on earlier ones. */
function refusal({ from, to }: Edge): string | undefined {
  const closed = closedRooms.find((room) => to.startsWith(room));
  if (closed !== undefined && !from.startsWith(closed)) return `nobody imports ${closed}`;
  if (to.startsWith("scripts/") && !from.startsWith("scripts/")) {
    if (from.startsWith("examples/")) return "examples are copied, on their own";
    if (!to.startsWith("scripts/lib/")) return "of scripts only scripts/lib is for others";
  }
  if (from.startsWith("assembly/public/")) return "assembly/public imports nothing";
  if (from.startsWith("assembly/")) {
    return to.startsWith("assembly/") ? undefined : "assembly imports only assembly";
  }
  if (from.startsWith("tests-wasm/")) {
    const inside = inAny(["assembly/", "tests-wasm/"], to);
    return inside ? undefined : "tests-wasm imports only assembly and tests-wasm";
  }
  if (to.startsWith("assembly/") && !to.startsWith("assembly/public/")) {
    return "only assembly/public is for TypeScript";
  }
  return from.startsWith("src/") ? refusalInSrc(from, to) : undefined;
}

/** "src/trace/" of "src/trace/merge.ts". */
const roomOf = (path: string) => path.slice(0, path.indexOf("/", "src/".length) + 1);

function refusalInSrc(from: string, to: string): string | undefined {
  const pure = pureRooms.find((room) => from.startsWith(room));
  if (pure !== undefined && inAny(pureForbids, to)) return `${pure} knows no ${to}`;
  const neutral = neutralRooms[roomOf(from)];
  if (neutral && to.startsWith("src/") && !inAny(neutral, to)) {
    return `${roomOf(from)} knows only the neutral model`;
  }
  if (to.startsWith("npm:")) {
    const name = to.slice(4).split("/", to.startsWith("npm:@") ? 2 : 1);
    if (!dependencies.includes(name.join("/"))) return "not one of package.json's dependencies";
  }
  if (!inAny(nodeRooms, from)) {
    if (inAny(["node:", "npm:"], to)) return "only src/node and src/cli import modules of Node";
    if (to === "?") return "only src/node and src/cli import a computed name";
  }
  const known = inAny(["src/", "assembly/public/", "node:", "npm:", "?"], to);
  return known ? undefined : "src imports only src and assembly/public";
}

/** Imports that are not allowed by themselves. */
function badImports(texts: Texts): string[] {
  return edgesOf(texts).flatMap((edge) => {
    const why = refusal(edge);
    return why === undefined ? [] : [`${edge.from}:${edge.line} imports ${edge.to}: ${why}`];
  });
}

function graphOf(texts: Texts): Map<string, string[]> {
  const graph = new Map<string, string[]>([...texts.keys()].map((path) => [path, []]));
  // Type imports too: what a file must not know, it must not know by its types either.
  for (const { from, to } of edgesOf(texts)) graph.get(from)?.push(to);
  return graph;
}

/** Ways by which a room that is to run everywhere reaches something it must not know. */
function badPaths(texts: Texts): string[] {
  const graph = graphOf(texts);
  return [...texts.keys()].flatMap((start) => {
    if (!start.startsWith("src/") || inAny(nodeRooms, start)) return [];
    const forbids = inAny(pureRooms, start) ? pureForbids : ["node:", "npm:"];
    const neutral = neutralRooms[roomOf(start)];
    const seen = new Set([start]);
    const queue = [[start]];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const last = path.at(-1) ?? start;
      if (inAny(forbids, last)) return [path.join(" -> ")];
      if (neutral && last.startsWith("src/") && !inAny(neutral, last)) return [path.join(" -> ")];
      for (const next of graph.get(last) ?? []) {
        if (!seen.has(next)) queue.push([...path, next]);
        seen.add(next);
      }
    }
    return [];
  });
}

/** Each circle of imports once, as the way around it. */
function cycles(texts: Texts): string[] {
  const graph = graphOf(texts);
  const done = new Set<string>();
  const way: string[] = [];
  const found: string[] = [];
  const visit = (path: string): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(" -> "));
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    way.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return found;
}

describe("the rooms", () => {
  const paths = repositoryFiles().filter((path) => /\.(ts|mts|js|mjs|cjs)$/.test(path));
  const texts: Texts = new Map(paths.map((path) => [path, readText(path)]));

  it("are not empty", () => {
    expect(paths.filter((path) => path.startsWith("assembly/")).length).toBeGreaterThan(1);
    expect(paths.filter((path) => path.startsWith("src/")).length).toBeGreaterThan(1);
  });

  it("import only what they may", () => {
    expect(badImports(texts)).toEqual([]);
  });

  it("reach Node, Wasm and dom0 by no detour either", () => {
    expect(badPaths(texts)).toEqual([]);
  });

  it("leave few files of src outside of them", () => {
    const loose = paths.filter((path) => /^src\/[^/]+$/.test(path));
    expect(loose.map((path) => path.slice("src/".length)).sort()).toEqual([
      "dispose.ts",
      "errors.ts",
      "hypervisor.ts",
      "index.ts",
      "version.ts",
    ]);
  });

  it("have no circle of imports", () => {
    expect(cycles(texts)).toEqual([]);
  });
});

describe("the scanner", () => {
  const table = (entries: Record<string, string>): Texts => new Map(Object.entries(entries));

  it.each([
    ["a constant file that imports", { "assembly/public/ops.ts": `import "./layout";` }],
    ["a hypervisor that imports the host", { "assembly/page.ts": `import "../src/clock";` }],
    ["a host that looks inside", { "src/cpu.ts": `import { x } from "../assembly/ring.js";` }],
    ["a type of the inside", { "src/a.ts": `let a: import("../assembly/ring.js").R;` }],
    ["Node outside its rooms", { "src/clock.ts": `import "node:fs";` }],
    ["Node by a dynamic import", { "src/clock.ts": `await import("node:fs");` }],
    ["Node by require", { "src/clock.ts": `const fs = require("node:fs");` }],
    ["Node by the back door", { "src/a.ts": `process.getBuiltinModule("node:fs");` }],
    ["a computed name", { "src/clock.ts": `await import(name);` }],
    ["a package outside its rooms", { "src/host/a.ts": `import "commander";` }],
    ["a package that is not installed", { "src/cli/a.ts": `import "left-behind";` }],
    ["a format that knows dom0", { "src/formats/text.ts": `import "../host/consumer.js";` }],
    [
      "a type of dom0 in a format",
      { "src/formats/a.ts": `import type { C } from "../host/c.js";` },
    ],
    ["a format that knows CTF", { "src/formats/a.ts": `import "../ctf/index.js";` }],
    [
      "a type of CTF in a format",
      { "src/formats/a.ts": `import type { P } from "../ctf/packet.js";` },
    ],
    ["a model that knows events", { "src/trace/a.ts": `import "../event/field.js";` }],
    ["a model that knows facilities", { "src/trace/a.ts": `import "../facilities/core.js";` }],
    ["a model that knows CTF", { "src/trace/a.ts": `import "../ctf/uuid.js";` }],
    ["a model that knows dom0", { "src/trace/a.ts": `import "../host/dom0.js";` }],
    ["a model that knows Node", { "src/trace/a.ts": `import "node:fs";` }],
    ["a reader that knows Wasm", { "src/ctf/reader.ts": `import "../memory/core-bytes.js";` }],
    ["a source that imports a test", { "src/a.ts": `export * from "../tests-host/b.js";` }],
    ["a test that imports a bench", { "tests-host/a.test.ts": `import "../bench/b.js";` }],
    ["a host test that looks inside", { "tests-host/a.ts": `import "../assembly/page.js";` }],
    ["an inner test that looks outside", { "tests-wasm/a.spec.ts": `import "../src/cpu";` }],
    ["a script that imports a bench", { "scripts/lib/a.mjs": `import "../../bench/b.mjs";` }],
    ["a test that imports a check", { "tests-host/a.ts": `import "../conformance/b.mjs";` }],
    ["a test that runs a script", { "tests-host/a.ts": `import "../scripts/build.mjs";` }],
    ["an example that borrows", { "examples/a.mjs": `import "../scripts/lib/pages.mjs";` }],
    ["a source that imports a script", { "src/cli/a.ts": `import "../../scripts/build.mjs";` }],
  ])("sees %s", (_name, entries: Record<string, string>) => {
    expect(badImports(table(entries))).toHaveLength(1);
  });

  it.each([
    ["the model in a format", { "src/formats/a.ts": `import "../trace/entry.js";` }],
    ["the model in a reader", { "src/ctf/read/a.ts": `import "../../trace/entry.js";` }],
    ["constants in the host", { "src/cpu.ts": `import "../assembly/public/layout.js";` }],
    ["Node in its room", { "src/node/sink.ts": `import { open } from "node:fs/promises";` }],
    ["a dependency in the command line", { "src/cli/main.ts": `import "commander";` }],
    ["the inside in an inner test", { "tests-wasm/a.spec.ts": `import "../assembly/page";` }],
    ["a tool of all rooms", { "bench/a.mjs": `import "../scripts/lib/pages.mjs";` }],
    ["an import that is only text", { "src/a.ts": `// import "node:fs"\nconst a = 'import "x"';` }],
  ])("allows %s", (_name, entries: Record<string, string>) => {
    expect(badImports(table(entries))).toEqual([]);
  });

  it("follows a detour", () => {
    const detour = table({
      "src/ctf/reader.ts": `import { a } from "../mid.js";`,
      "src/mid.ts": `export * from "./far.js";`,
      "src/far.ts": `import { coreBytes } from "./memory/core-bytes.js";`,
    });
    expect(badPaths(detour)).toEqual([
      "src/ctf/reader.ts -> src/mid.ts -> src/far.ts -> src/memory/core-bytes.ts",
    ]);
  });

  it("follows a detour to what a neutral room must not know", () => {
    const detour = table({
      "src/trace/a.ts": `import { a } from "../clock/clock.js";`,
      "src/clock/clock.ts": `import { b } from "../event/field.js";`,
    });
    expect(badPaths(detour)).toEqual([
      "src/trace/a.ts -> src/clock/clock.ts -> src/event/field.ts",
    ]);
  });

  it("follows a type", () => {
    const texts = table({
      "src/ctf/reader.ts": `import type { A } from "../mid.js";`,
      "src/mid.ts": `import { coreBytes } from "./memory/core-bytes.js";`,
    });
    expect(badPaths(texts)).toHaveLength(1);
  });

  it("names a circle", () => {
    const circle = table({
      "assembly/a.ts": `import { b } from "./b";`,
      "assembly/b.ts": `import { c } from "./c";`,
      "assembly/c.ts": `import { a } from "./a";`,
      "assembly/d.ts": `import { a } from "./a"; import { b } from "./b";`,
    });
    expect(cycles(circle)).toEqual([
      "assembly/a.ts -> assembly/b.ts -> assembly/c.ts -> assembly/a.ts",
    ]);
  });
});
