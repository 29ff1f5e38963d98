// The suite in a headless browser; prints what cli.mjs prints.
//
//     node conformance/browser.mjs chromium|firefox PROGRAM isolated|plain [part of a check's name]
//
// "isolated": the page has the headers that let it share memory. "plain": it has not.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch } from "puppeteer-core";

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const ALL_MS = 150_000;

const [name, executablePath, way, only = ""] = process.argv.slice(2);
const print = (object) => console.log(`@tbuf ${JSON.stringify(object)}`);

const files = await bundle();
let ended;
const end = new Promise((resolve) => {
  ended = resolve;
});
const timer = setTimeout(() => {
  console.error(`${name}: not done after ${ALL_MS} ms`);
  ended(1);
}, ALL_MS);

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/report") return void receive(request, response);
  const file = files.get(pathname);
  response.writeHead(file ? 200 : 404, {
    ...(way === "isolated" && ISOLATION),
    "Content-Type": pathname.endsWith(".js") ? "text/javascript" : "text/html",
  });
  response.end(file);
});
server.listen(0, "127.0.0.1", () => run(server.address().port));

process.exitCode = await end;
clearTimeout(timer);
server.closeAllConnections();
server.close();

async function bundle() {
  const { outputFiles } = await build({
    bundle: true,
    // package.json says of the library, not of checks, that its modules have no side effects.
    ignoreAnnotations: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["node:*"],
    entryPoints: ["page", "worker"].map((each) =>
      fileURLToPath(new URL(`${each}.mjs`, import.meta.url)),
    ),
    outdir: "/",
    write: false,
  });
  const head = '<meta charset="utf-8"><link rel="icon" href="data:,">';
  const page = `<!doctype html>${head}<script type="module" src="/page.js"></script>`;
  return new Map([["/", page], ...outputFiles.map(({ path, text }) => [path, text])]);
}

async function receive(request, response) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  response.end();
  for (const report of JSON.parse(body)) {
    print(report);
    if (report.type === "broken") ended(1);
    if (report.type === "end") ended(0);
  }
}

async function run(port) {
  let browser;
  try {
    browser = await launch({
      browser: name === "firefox" ? "firefox" : "chrome",
      executablePath,
      headless: true,
      // As root, which containers often are, Chromium has no sandbox to use.
      args: name === "chromium" ? ["--no-sandbox", "--disable-dev-shm-usage"] : [],
    });
    const page = await browser.newPage();
    page.on("console", (message) => console.error(`${name}: ${message.text()}`));
    page.on("pageerror", (error) => console.error(`${name}: ${error}`));
    const version = (await browser.version()).replace(/^.*\//, "");
    const label = way === "plain" ? `${name}-plain` : name;
    const query = new URLSearchParams({ name: label, version, only });
    await page.goto(`http://localhost:${port}/?${query}`);
    await end;
  } catch (error) {
    console.error(error);
    ended(1);
  } finally {
    await browser?.close();
  }
}
