// The package from its tarball, untouched, through the bundlers that users have, in a browser: the
// page of examples/page, and the six lines of the README.

import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { startBrowser } from "../scripts/lib/browsers.mjs";
import { filesOf, isolating, servePages } from "../scripts/lib/pages.mjs";
import { countEvents, readTraceDir } from "../src/node/index.js";
import { readText } from "./guard-sources.js";
import { OpenPage } from "./lib/browser.js";
import { bundlers, viteServer } from "./lib/bundlers.js";
import { Project, pack } from "./lib/packed.js";
import { itWith, peer } from "./peers.js";

const itInChromium = itWith("chromium");
const project = new Project();
const folder = (name: string) => join(project.dir, name);

let chromium: Browser | undefined;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  if (!peer("chromium")) return;
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
  itInChromium.each(Object.entries(bundlers))("built with %s", async (name, bundle) => {
    const out = folder(`page-${name}`);
    await bundle(folder("page"), out);
    await expectRecorded(await open(out, true), 3);
    await expectRecorded(await open(out, false), 1);
  });

  itInChromium("from Vite's development server", async () => {
    for (const isolated of [true, false]) {
      const vite = await viteServer(folder("page"), isolated ? isolating : {});
      closing.push(vite.close);
      await expectRecorded(await visit(vite.url), isolated ? 3 : 1);
    }
  });
});

describe("the six lines of the README", () => {
  const section = readText("README.md").split("\n## In a browser\n")[1] ?? "";
  const lines = /```js\n([\s\S]*?)```/.exec(section)?.[1] ?? "";

  itInChromium.each(Object.entries(bundlers))("in a project of %s", async (name, bundle) => {
    expect(lines.trim().split("\n")).toHaveLength(6);
    const dir = folder(`lines-${name}`);
    project.copy("tests-host/fixtures/starter", `lines-${name}`);
    appendFileSync(join(dir, "main.js"), lines);
    const out = folder(`built-${name}`);
    await bundle(dir, out);
    const page = await open(out, false);
    for (let click = 0; click < 2; click++) await page.page.click("button");
    const recorded = () => page.logged.reduce((sum, line) => sum + Number.parseInt(line, 10), 0);
    await expect.poll(recorded, { timeout: 10_000 }).toBe(2);
    const text = "document.querySelector('button').textContent";
    expect(await page.page.evaluate(text)).toBe("2 clicks");
    expect(page.errors).toEqual([]);
    await page.page.close();
  });
});
