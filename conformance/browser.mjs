// The suite in a headless browser; prints what cli.mjs prints.
//
//     node conformance/browser.mjs chromium|firefox isolated|plain [part of a check's name]
//
// "isolated": the page has the headers that let it share memory. "plain": it has not.

import { fileURLToPath } from "node:url";
import { listen, startBrowser, versionOf } from "../scripts/lib/browsers.mjs";
import { bundle, servePages } from "../scripts/lib/pages.mjs";

const ALL_MS = 150_000;

const [name, way, only = ""] = process.argv.slice(2);
const print = (object) => console.log(`@tbuf ${JSON.stringify(object)}`);

let ended;
const end = new Promise((resolve) => {
  ended = resolve;
});
const timer = setTimeout(() => {
  console.error(`${name}: not done after ${ALL_MS} ms`);
  ended(1);
}, ALL_MS);

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const files = await bundle([at("page.mjs"), at("worker.mjs")], {
  // package.json says of the library, not of checks, that its modules have no side effects.
  ignoreAnnotations: true,
  external: ["node:*"],
});
const head = '<meta charset="utf-8"><link rel="icon" href="data:,">';
files.set("/index.html", `<!doctype html>${head}<script type="module" src="/page.js"></script>`);

const isolated = way === "isolated";
const site = await servePages((path) => files.get(path), { isolated, receive });
let browser;
try {
  browser = await startBrowser(name);
  const page = await browser.newPage();
  listen(page, (text) => console.error(`${name}: ${text}`));
  const version = await versionOf(browser);
  const label = isolated ? name : `${name}-plain`;
  await page.goto(`${site.url}?${new URLSearchParams({ name: label, version, only })}`);
  process.exitCode = await end;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  clearTimeout(timer);
  await browser?.close();
  await site.close();
}

function receive(body) {
  for (const report of JSON.parse(body)) {
    print(report);
    if (report.type === "broken") ended(1);
    if (report.type === "end") ended(0);
  }
}
