// The runtimes that the suite runs in, and how each is started. Node, Deno and Bun come as packages;
// browsers are programs of the machine.

import { existsSync } from "node:fs";
import { findBrowser } from "../../scripts/lib/browsers.mjs";
import { runtimeNames, runtimeProgram } from "../../scripts/lib/runtimes.mjs";

const SUITE = "conformance/cli.mjs";
/** What comes between the program and the suite. */
const OPTIONS = { deno: ["run", "--allow-all"] };
/** The oldest Node that puppeteer-core runs in. */
const PUPPETEER_NODE = 22.12;

/** Each: its name, and the command that runs the suite; or why there is none. */
export function runtimes() {
  return [...runtimeNames.map(packaged), ...browser("chromium"), ...browser("firefox")];
}

function packaged(name) {
  const program = runtimeProgram(name);
  if (!existsSync(program)) return { name, missing: "is not installed" };
  return { name, command: [program, ...(OPTIONS[name] ?? []), SUITE] };
}

/** A browser in both of its ways: a page that may share memory, and one that may not. */
function browser(name) {
  const found = findBrowser(name) !== undefined;
  const node = driver();
  const missing = found ? "needs Node 22.12 or later to drive it" : `needs a ${name} on PATH`;
  const ways = [
    [name, "isolated"],
    [`${name}-plain`, "plain"],
  ];
  return ways.map(([label, way]) =>
    found && node
      ? { name: label, command: [node, "conformance/browser.mjs", name, way] }
      : { name: label, missing },
  );
}

function driver() {
  const [major, minor] = process.versions.node.split(".");
  if (Number(major) + Number(minor) / 100 >= PUPPETEER_NODE) return process.execPath;
  const node22 = runtimeProgram("node22");
  return existsSync(node22) ? node22 : undefined;
}
