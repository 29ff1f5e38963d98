// The package from its tarball, untouched, through the bundlers that users have, in a browser: the
// page of examples/page, and the six lines of the README.

import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { startBrowser } from "../../scripts/lib/browsers.mjs";
import { filesOf, isolating, servePages } from "../../scripts/lib/pages.mjs";
import { countEvents, readTraceDir } from "../../src/node/index.js";
import { OpenPage } from "../lib/browser.js";
import { Project, pack } from "../lib/packed.js";
import { itWith, peer } from "../lib/peers.js";
import { readText } from "../lib/sources.js";
import { build, createVite, install, type Starter, starters } from "../lib/starters.js";

const itInChromium = itWith("chromium", "starters");
/** Only once it is known that their packages are there. */
const importBundlers = () => import("../starters/bundlers.mjs");
const project = new Project();
const folder = (name: string) => join(project.dir, name);

let chromium: Browser | undefined;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  if (!peer("chromium") || !peer("starters")) return;
  project.unpack(pack(project));
  writeFileSync(folder("package.json"), `{ "type": "module", "private": true }`);
  project.copy("examples/page", "page");
  chromium = await startBrowser("chromium");
});

afterAll(async () => {
  await chromium?.close();
  for (const close of closing) await close();
  project.remove();
});

/** Opens what was built in a folder, on a server that isolates its pages or not. */
async function open(dir: string, isolated: boolean): Promise<OpenPage> {
  const site = await servePages(filesOf(dir), { isolated });
  closing.push(() => site.close());
  return visit(site.url);
}

function visit(url: string): Promise<OpenPage> {
  if (chromium === undefined) throw new Error("no browser");
  return OpenPage.open(chromium, url);
}

async function expectRecorded(page: OpenPage, threads: number): Promise<void> {
  expect(await page.output()).toBe(`${threads * 1000} records of ${threads} threads`);
  expect(page.errors).toEqual([]);
  const dir = mkdtempSync(folder("trace-"));
  for (const [name, bytes] of await page.files()) writeFileSync(join(dir, name), bytes);
  expect(readTraceDir(dir).summary.total.discarded).toBe(0);
  expect(countEvents(dir)).toEqual(new Map([["pool:job", threads * 1000]]));
  await page.page.close();
}

describe("the page of examples/page", () => {
  const names = ["esbuild", "Rollup", "Vite", "webpack"];

  itInChromium.each(names)("built with %s", async (name) => {
    const { bundlers } = await importBundlers();
    expect(Object.keys(bundlers)).toEqual(names);
    const out = folder(`page-${name}`);
    await bundlers[name]?.(folder("page"), out);
    await expectRecorded(await open(out, true), 3);
    await expectRecorded(await open(out, false), 1);
  });

  itInChromium("from Vite's development server", async () => {
    const { viteServer } = await importBundlers();
    for (const isolated of [true, false]) {
      const vite = await viteServer(folder("page"), isolated ? isolating : {});
      closing.push(vite.close);
      await expectRecorded(await visit(vite.url), isolated ? 3 : 1);
    }
  });
});

describe("the six lines of the README", () => {
  const section = readText("README.md").split("the same parts need six lines")[1] ?? "";
  const lines = /```js\n([\s\S]*?)```/.exec(section)?.[1] ?? "";

  beforeAll(() => {
    if (peer("starters")) install(project);
  });

  /** Makes a fresh project in the folder `name`, and adds the lines to its main module. */
  async function make(starter: Starter, name: string): Promise<string> {
    expect(lines.trim().split("\n")).toHaveLength(6);
    await starter.make(project, name);
    appendFileSync(join(folder(name), starter.main), lines);
    return folder(name);
  }

  const count = (line: string) => Number(/^(\d+) recorded$/.exec(line)?.[1] ?? 0);

  async function expectClicksRecorded(starter: Starter, { page, logged, errors }: OpenPage) {
    for (let click = 0; click < 2; click++) await page.click(starter.clicked);
    const recorded = () => logged.reduce((sum, line) => sum + count(line), 0);
    await expect.poll(recorded, { timeout: 10_000 }).toBe(2);
    const text = `document.querySelector("${starter.clicked}").textContent`;
    expect(await page.evaluate(text)).toBe(starter.text);
    expect(errors).toEqual([]);
    await page.close();
  }

  itInChromium.each(Object.entries(starters))("in a project of %s", async (name, starter) => {
    const dir = await make(starter, name.replace(/\W+/g, "-").toLowerCase());
    await build(dir);
    await expectClicksRecorded(starter, await open(join(dir, starter.built), false));
  });

  itInChromium("in a project of create-vite, from the development server", async () => {
    const { viteServer } = await importBundlers();
    const starter = createVite("vanilla-ts", "src/main.ts");
    const vite = await viteServer(await make(starter, "served"), {});
    closing.push(vite.close);
    await expectClicksRecorded(starter, await visit(vite.url));
  });
});
