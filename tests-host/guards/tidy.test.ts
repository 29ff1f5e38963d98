// Small habits that no other tool of this repository watches. Each rule is a function from a path
// and its text to complaints; the last suite shows every rule a text that it must complain about.

import ts from "typescript";
import { describe, expect, it } from "vitest";
import { lineOf, parse, readText, repositoryFiles, walk } from "../lib/sources.js";

type Rule = (path: string, text: string) => string[];

const COLUMNS_MAX = 120;
const SOURCE_LINES_MAX = 400;
const DOC_LINES_MAX = 300;

const isCode = (path: string) => /\.(ts|mts|js|mjs|cjs)$/.test(path);
const isText = (path: string) =>
  isCode(path) || /\.(md|json|ya?ml|html|css|sh)$|^\.ci\/|^LICENSE$/.test(path);

/** Complaints about the single lines of `text`; `look` names what is wrong with one. */
function eachLine(path: string, text: string, look: (line: string) => string | undefined) {
  return text.split("\n").flatMap((line, index) => {
    const what = look(line);
    return what === undefined ? [] : [`${path}:${index + 1} ${what}`];
  });
}

/** Lines of the file; the newline at its end begins no other. */
function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

const wideLines: Rule = (path, text) => {
  if (!isCode(path)) return [];
  return eachLine(path, text, (line) => {
    const columns = [...line.replace(/https?:\/\/\S+/g, "")].length;
    return columns > COLUMNS_MAX ? `has ${columns} columns, limit ${COLUMNS_MAX}` : undefined;
  });
};

const longFiles: Rule = (path, text) => {
  const lines = countLines(text);
  const source = /^(src|assembly)\//.test(path) && isCode(path);
  const limit = source ? SOURCE_LINES_MAX : /^docs\/.*\.md$/.test(path) ? DOC_LINES_MAX : lines;
  return lines > limit ? [`${path} has ${lines} lines, limit ${limit}`] : [];
};

// Written in pieces, so that this file does not complain about itself.
const reminders = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`);
const silencers = new RegExp(["@ts" + "-(ignore|nocheck)", "eslint" + "-disable"].join("|"));
const focused = new RegExp(`\\b(it|test|describe)\\.${"on" + "ly"}\\b`);

const openEnds: Rule = (path, text) => {
  if (!isText(path)) return [];
  return eachLine(path, text, (line) => {
    if (reminders.test(line)) return "leaves something to be done";
    if (isCode(path) && silencers.test(line)) return "silences a checker";
    if (isCode(path) && focused.test(line)) return "runs one test instead of all";
    return undefined;
  });
};

const anyTypes: Rule = (path, text) => {
  if (!/\.m?ts$/.test(path)) return [];
  const source = parse(path, text);
  const found: string[] = [];
  walk(source, (node) => {
    if (node.kind !== ts.SyntaxKind.AnyKeyword) return;
    found.push(`${path}:${lineOf(source, node)} gives up on a type`);
  });
  return found;
};

const blanksAtEnd: Rule = (path, text) => {
  if (!isText(path)) return [];
  return eachLine(path, text, (line) => (/[ \t\r]$/.test(line) ? "ends in a blank" : undefined));
};

const headings: Rule = (path, text) => {
  if (!path.endsWith(".md")) return [];
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "");
  const count = prose.split("\n").filter((line) => line.startsWith("# ")).length;
  return count === 1 ? [] : [`${path} has ${count} first-level headings`];
};

const foreignPaths: Rule = (path, text) => {
  if (!isText(path)) return [];
  return eachLine(path, text, (line) => {
    const match = /(?<![\w./~-])\/(?:home|root|work|Users)\/[\w.-]+/.exec(line);
    return match === null ? undefined : `names a path of one machine: ${match[0]}`;
  });
};

const recordNames: Rule = (path) => {
  const name = /^docs\/adr\/(.*)$/.exec(path)?.[1];
  if (name === undefined || name === "README.md") return [];
  return /^\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(name) ? [] : [`${path} is not NNNN-title.md`];
};

/** Calls that go past assembly/atomic.ts, a file: what each file may say, and how often. */
const ATOMICS = new Map([["assembly/ring.ts", ["atomic.store<u64>(ring, end, RING_OFFSET_AT)"]]]);

const strayAtomics: Rule = (path, text) => {
  if (!path.startsWith("assembly/") || path === "assembly/atomic.ts" || !isCode(path)) return [];
  const source = parse(path, text);
  const allowed = [...(ATOMICS.get(path) ?? [])];
  const found: string[] = [];
  walk(source, (node) => {
    if (!ts.isPropertyAccessExpression(node) || node.expression.getText(source) !== "atomic")
      return;
    const at = allowed.indexOf(node.parent.getText(source));
    if (at >= 0) allowed.splice(at, 1);
    else found.push(`${path}:${lineOf(source, node)} goes past assembly/atomic.ts`);
  });
  return found;
};

/** What stands at the root: what tools look for there, and the rooms. A new entry is a decision. */
const ROOT_ENTRIES = [
  [".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"],
  ["package.json", "package-lock.json", "biome.json", "typedoc.json", "vitest.config.ts"],
  ["tsconfig.json", "tsconfig.test.json"],
  ["asconfig.json", "as-pect.asconfig.json", "as-pect.config.js"],
  ["assembly", "bench", "conformance", "docs", "examples", "guest", "scripts", "src", "types"],
  ["tests-host", "tests-wasm"],
].flat();

const strayEntries: Rule = (path) => {
  const [entry = ""] = path.split("/", 1);
  return ROOT_ENTRIES.includes(entry) ? [] : [`${path} does not belong at the root`];
};

const rules: Record<string, Rule> = {
  "keep lines within their columns": wideLines,
  "stay short": longFiles,
  "leave no open ends": openEnds,
  "name every type": anyTypes,
  "end lines without blanks": blanksAtEnd,
  "have one first-level heading a document": headings,
  "name no path of one machine": foreignPaths,
  "name decision records NNNN-title.md": recordNames,
  "touch shared words through assembly/atomic.ts": strayAtomics,
  "lie in a room, or are known at the root": strayEntries,
};

describe("the files", () => {
  const paths = repositoryFiles().filter((path) => !/(^|\/)package-lock\.json$/.test(path));
  const texts = paths.map((path): [string, string] => [path, isText(path) ? readText(path) : ""]);

  it.each(Object.entries(rules))("%s", (_name, rule) => {
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.flatMap(([path, text]) => rule(path, text))).toEqual([]);
  });

  it("number each decision record once", () => {
    const numbers = paths.flatMap((path) => /^docs\/adr\/(\d{4})-/.exec(path)?.[1] ?? []);
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });
});

describe("the rules", () => {
  const PUBLICATION = "atomic.store<u64>(ring, end, RING_OFFSET_AT);";
  const bad: [string, Rule, string, string][] = [
    ["a wide line", wideLines, "src/a.ts", `// ${"a".repeat(118)}`],
    ["a long source", longFiles, "src/a.ts", "\n".repeat(401)],
    ["a long document", longFiles, "docs/a.md", "\n".repeat(301)],
    ["a reminder", openEnds, "src/a.ts", `// ${"TO"}DO later`],
    ["a reminder in a document", openEnds, "docs/a.md", `${"FIX"}ME`],
    ["a silencer", openEnds, "src/a.ts", `// @ts-${"ignore"}`],
    ["a focused test", openEnds, "tests-host/a.test.ts", `it.${"only"}("x", () => {});`],
    ["an annotation", anyTypes, "src/a.ts", "let a: any;"],
    ["a cast", anyTypes, "src/a.ts", "f(a as any);"],
    ["an argument of a type", anyTypes, "src/a.ts", "let a: Array<any>;"],
    ["a blank", blanksAtEnd, "docs/a.md", "two spaces  "],
    ["a carriage return", blanksAtEnd, "src/a.ts", "a;\r\n"],
    ["two headings", headings, "README.md", "# A\n\n# B\n"],
    ["no heading", headings, "README.md", "## B\n```sh\n# a comment\n```\n"],
    ["a home folder", foreignPaths, "docs/a.md", `see /${"home"}/me/notes`],
    ["a record without number", recordNames, "docs/adr/ring.md", ""],
    ["an atomic access", strayAtomics, "assembly/page.ts", "atomic.load<u32>(at);"],
    ["another one where one is allowed", strayAtomics, "assembly/ring.ts", "atomic.fence();"],
    [
      "the allowed one said twice",
      strayAtomics,
      "assembly/ring.ts",
      `${PUBLICATION}${PUBLICATION}`,
    ],
    ["the allowed one elsewhere", strayAtomics, "assembly/record.ts", PUBLICATION],
    ["what a command left at the root", strayEntries, "-", ""],
    ["a room that nobody knows", strayEntries, "misc/a.ts", ""],
  ];

  it.each(bad)("see %s", (_name, rule, path, text) => {
    expect(rule(path, text)).toHaveLength(1);
  });

  const good: [string, Rule, string, string][] = [
    ["a long address", wideLines, "src/a.ts", `// https://example.org/${"a".repeat(150)}`],
    ["400 lines", longFiles, "assembly/a.ts", "\n".repeat(400)],
    ["the word in prose", anyTypes, "src/a.ts", "// free: any thread may take it"],
    ["a heading in an example", headings, "docs/a.md", "# A\n```md\n# B\n```\n"],
    ["a part of a path", foreignPaths, "docs/a.md", "src/work/a and ./home/b"],
    ["a numbered record", recordNames, "docs/adr/0001-one-store.md", ""],
    ["an atomic in a comment", strayAtomics, "assembly/ring.ts", "// not atomic.store"],
    ["the publication", strayAtomics, "assembly/ring.ts", PUBLICATION],
    ["an atomic in its file", strayAtomics, "assembly/atomic.ts", "atomic.fence();"],
    ["a file in a room", strayEntries, "src/-", ""],
  ];

  it.each(good)("allow %s", (_name, rule, path, text) => {
    expect(rule(path, text)).toEqual([]);
  });
});
