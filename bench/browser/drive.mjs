// Runs the bench's page in a browser of this machine, without a window.

import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { pathOf } from "../lib/path-of.mjs";

const LOOK_MS = 500;

/** Each browser: its programs on PATH, and what puppeteer calls it. */
const BROWSERS = {
  chromium: { name: "Chromium", programs: ["chromium", "chromium-browser"], browser: "chrome" },
  firefox: { name: "Firefox", programs: ["firefox-esr", "firefox"], browser: "firefox" },
};

export const browserNames = Object.keys(BROWSERS);

/** The page's result at `address`. Throws an Error when the browser is missing, or the bench fails. */
export async function drive(key, address) {
  const { name, programs, browser } = BROWSERS[key];
  const executablePath = programs.map(pathOf).find((path) => path !== undefined);
  if (executablePath === undefined) throw new Error(`not on PATH: ${programs.join(", ")}`);
  // Chromium refuses its sandbox to root.
  const args = browser === "chrome" && process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const driven = await puppeteer.launch({ browser, executablePath, args, headless: true });
  try {
    const page = await driven.newPage();
    await page.goto(address);
    for (;;) {
      const outcome = await page.evaluate(() => globalThis.tbufBench);
      if (outcome?.error) throw new Error(`${name}: ${outcome.error}`);
      if (outcome?.result) {
        // A page is told less than the whole version.
        const [, version] = (await driven.version()).split("/");
        return { ...outcome.result, runtime: { name, version } };
      }
      await sleep(LOOK_MS);
    }
  } finally {
    await driven.close();
  }
}
