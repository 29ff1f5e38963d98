// The suite in a page: reports go to the server that the page came from.

import { webEnv } from "./env/web.mjs";
import { main } from "./main.mjs";

const query = new URLSearchParams(location.search);
const env = webEnv(query.get("name"), query.get("version"), new URL("/worker.js", location.href));
const reports = [];
let sending = Promise.resolve();

/** In order and in bundles: a request for each check would take longer than the check. */
function report(object) {
  reports.push(object);
  if (reports.length > 1) return;
  sending = sending.then(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const body = JSON.stringify(reports.splice(0));
    await fetch("/report", { method: "POST", body });
  });
}

try {
  await main(env, report, { only: query.get("only") ?? "" });
} catch (error) {
  report({ type: "broken", error: `${error}\n${error?.stack}` });
}
