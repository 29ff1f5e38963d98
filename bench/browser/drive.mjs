// Runs the bench's page in a browser of this machine, without a window.

import { setTimeout as sleep } from "node:timers/promises";
import { startBrowser, versionOf } from "../../scripts/lib/browsers.mjs";

const LOOK_MS = 500;
const TITLES = { chromium: "Chromium", firefox: "Firefox" };

/** The page's result at `address`. Throws an Error when the browser is missing, or the bench fails. */
export async function drive(key, address) {
  const name = TITLES[key];
  const driven = await startBrowser(key);
  try {
    const page = await driven.newPage();
    await page.goto(address);
    for (;;) {
      const outcome = await page.evaluate(() => globalThis.tbufBench);
      if (outcome?.error) throw new Error(`${name}: ${outcome.error}`);
      if (outcome?.result) {
        return { ...outcome.result, runtime: { name, version: await versionOf(driven) } };
      }
      await sleep(LOOK_MS);
    }
  } finally {
    await driven.close();
  }
}
