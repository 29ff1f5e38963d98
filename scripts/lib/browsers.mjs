// Browsers of this machine, found and driven without a window.

import { findProgram } from "./programs.mjs";

/** Each browser: its programs on PATH, and how puppeteer starts it. */
const BROWSERS = {
  chromium: {
    programs: ["chromium", "chromium-browser", "google-chrome"],
    // It has no sandbox for root, which containers often run as, nor have they much shared memory.
    options: { browser: "chrome", args: ["--no-sandbox", "--disable-dev-shm-usage"] },
  },
  firefox: { programs: ["firefox-esr", "firefox"], options: { browser: "firefox" } },
};

/** @typedef {"chromium" | "firefox"} BrowserName */

export const browserNames = Object.keys(BROWSERS);

/**
 * The browser's program; undefined when PATH knows none.
 *
 * @param {BrowserName} name
 */
export function findBrowser(name) {
  return findProgram(BROWSERS[name].programs);
}

/**
 * Starts it, with a profile that goes when it is closed. Throws an Error when PATH knows none.
 *
 * @param {BrowserName} name
 * @returns {Promise<import("puppeteer-core").Browser>}
 */
export async function startBrowser(name) {
  const { options, programs } = BROWSERS[name];
  const executablePath = findProgram(programs);
  if (executablePath === undefined) throw new Error(`not on PATH: ${programs.join(", ")}`);
  // To look for a browser is possible in a Node that is too old for this.
  const { launch } = await import("puppeteer-core");
  return launch({ ...options, executablePath, headless: true });
}

/**
 * The whole version, of which a page is told less.
 *
 * @param {import("puppeteer-core").Browser} browser
 */
export async function versionOf(browser) {
  return (await browser.version()).replace(/^.*\//, "");
}

/**
 * Calls `hear` with what the page says, and whether that is an error: its console, and what it throws.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {(text: string, isError: boolean) => void} hear
 */
export function listen(page, hear) {
  page.on("pageerror", (error) => hear(String(error), true));
  page.on("console", (message) => hear(message.text(), message.type() === "error"));
}
