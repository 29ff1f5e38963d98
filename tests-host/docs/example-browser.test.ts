// The example page in real browsers: it records, shows it, and what it saves is a trace.

import { mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import type { Page } from "puppeteer-core";
import { afterEach, describe, expect } from "vitest";
import { serve } from "../../examples/browser/serve.mjs";
import { startBrowser } from "../../scripts/lib/browsers.mjs";
import { OpenPage } from "../lib/browser.js";
import { lowContrast } from "../lib/contrast.mjs";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, total } from "../lib/record.js";

const TIMEOUT_MS = 120_000;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(name: "chromium" | "firefox", isolated: boolean): Promise<Page> {
  const server = await serve({ isolated });
  closers.push(() => server.close());
  const browser = await startBrowser(name);
  closers.push(() => browser.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { errors, page } = await OpenPage.open(browser, url);
  closers.push(() => expect(errors).toEqual([]));
  return page;
}

const textOf = (page: Page, selector: string) =>
  page.$eval(selector, (found) => found.textContent ?? "");

async function click(page: Page, id: string, told: RegExp): Promise<void> {
  // By the keyboard, as everything on the page can be used.
  await page.focus(`#${id}`);
  await page.keyboard.press("Enter");
  const { source } = told;
  const isTold = `new RegExp(${JSON.stringify(source)}).test(document.querySelector("#status").textContent)`;
  await page.waitForFunction(isTold, { timeout: 20_000 });
}

/** Clicks the download and catches the file instead of saving it. */
async function saved(page: Page): Promise<Uint8Array> {
  await page.evaluate(() => {
    const page = globalThis as unknown as {
      caught?: Promise<number[]>;
      HTMLAnchorElement: { prototype: { click(): void } };
    };
    // No download: Firefox moves the keyboard's focus to its list of them.
    page.HTMLAnchorElement.prototype.click = () => {};
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      page.caught = (blob as Blob).arrayBuffer().then((bytes) => [...new Uint8Array(bytes)]);
      return make(blob);
    };
  });
  await click(page, "snapshot", /Snapshot: \d+ records/);
  const bytes = await page.evaluate(() => (globalThis as { caught?: Promise<number[]> }).caught);
  return Uint8Array.from(bytes ?? []);
}

describe.each([
  ["chromium", true, 3],
  ["chromium", false, 1],
  ["firefox", true, 3],
  ["firefox", false, 1],
] as const)("the page in %s, isolated %s", (name, isolated, cpus) => {
  const itRuns = itWith(name, "babeltrace2");

  itRuns(
    "records on every CPU, saves a trace that babeltrace2 reads, and gives the memory back",
    async () => {
      const page = await open(name, isolated);
      expect(await page.$eval("#mode-note", (note) => (note as { hidden: boolean }).hidden)).toBe(
        isolated,
      );
      // Room for seconds: babeltrace2 would warn of what is pushed over while a busy machine waits.
      await page.select("#subbuf-bytes", "65536");
      await click(page, "create", /^Created\./);
      await click(page, "start", /^Recording/);
      await page.waitForFunction(
        `[...document.querySelectorAll(".lane dd:nth-of-type(1)")].filter((dd) => dd.textContent !== "0").length > 0 &&
         document.querySelectorAll(".lane").length === ${cpus} &&
         /^[1-9][\\d,]* records/.test(document.querySelector("#totals").textContent)`,
        { timeout: 20_000 },
      );
      await click(page, "stop", /^Stopped/);
      const files = unzipSync(await saved(page));
      const records = Number(/Snapshot: (\d+)/.exec(await textOf(page, "#status"))?.[1]);
      const dir = freshDir();
      for (const [path, bytes] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), bytes);
      }
      const read = await babeltrace(join(dir, "tbuf-trace"));
      expect(read.stderr).toBe("");
      expect(read.code).toBe(0);
      expect(records).toBeGreaterThan(0);
      expect(total(read, "page:sample")).toBe(records);
      expect(read.counts.get("page:sample")?.size).toBe(cpus);
      await click(page, "destroy", /^Destroyed: [1-9]\d* frames/);
    },
    TIMEOUT_MS,
  );
});

describe.each(["light", "dark"])("the page in a %s scheme, on a telephone", (value) => {
  const itRuns = itWith("chromium");
  const width = 390;

  itRuns(
    "is legible, and as wide as the screen, in all its states",
    async () => {
      const page = await open("chromium", true);
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      await page.setViewport({ width, height: 844, isMobile: true, hasTouch: true });
      const expectLegible = async () => {
        expect(await page.evaluate(lowContrast)).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      };
      const controls = (await page.$$("select, input, button:not(:disabled)")).length;
      for (let i = 0; i < controls; i++) {
        await page.keyboard.press("Tab");
        expect(await page.$$(":focus-visible")).toHaveLength(1);
        await expectLegible();
      }
      await click(page, "create", /^Created\./);
      await click(page, "start", /^Recording/);
      await page.waitForFunction(
        `[...document.querySelectorAll(".subbuf i")].some((area) => area.clientWidth > 0)`,
      );
      await expectLegible();
      await click(page, "destroy", /^Destroyed/);
      await page.click("#bench");
      await page.waitForSelector("#bench-plot svg");
      await page.$$eval("[role=status]", (all) => {
        for (const { classList } of all as { classList: { add(name: string): void } }[]) {
          classList.add("bad");
        }
      });
      await expectLegible();
    },
    TIMEOUT_MS,
  );
});
