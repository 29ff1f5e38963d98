// The runtimes that the suite runs in, and how each is started. Node, Deno and Bun come as packages;
// browsers are programs of the machine.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { findBrowser } from "../../scripts/lib/browsers.mjs";
import { root } from "../../scripts/lib/step.mjs";

const at = (path) => join(root, path);
const packaged = (path) => (existsSync(at(path)) ? at(path) : undefined);
const SUITE = "conformance/cli.mjs";
const NODES = ["20", "22", "24"];
/** The oldest Node that puppeteer-core runs in. */
const PUPPETEER_NODE = 22.12;

/** Each: its name, and the command that runs the suite; or why there is none. */
export function runtimes() {
  return [
    ...NODES.map((major) =>
      started(`node${major}`, packaged(`node_modules/node${major}/bin/node`), [SUITE]),
    ),
    started("deno", packaged("node_modules/deno/deno"), ["run", "--allow-all", SUITE]),
    started("bun", packaged("node_modules/bun/bin/bun.exe"), [SUITE]),
    ...browser("chromium"),
    ...browser("firefox"),
  ];
}

function started(name, program, args) {
  return program ? { name, command: [program, ...args] } : { name, missing: "is not installed" };
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
  return packaged("node_modules/node22/bin/node");
}
