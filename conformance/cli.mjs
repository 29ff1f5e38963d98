// The suite in Node, Deno or Bun: one line of JSON for each report, after a mark.
//
//     node conformance/cli.mjs [part of a check's name]

import { main } from "./main.mjs";

const env = await openEnv();
const only = (globalThis.Deno?.args ?? process.argv.slice(2))[0] ?? "";
await main(env, (object) => console.log(`@tbuf ${JSON.stringify(object)}`), { only });

async function openEnv() {
  const { Deno, Bun } = globalThis;
  if (!Deno && !Bun) return (await import("./env/node.mjs")).env;
  const { webEnv } = await import("./env/web.mjs");
  const worker = new URL("worker.mjs", import.meta.url);
  return Deno ? webEnv("deno", Deno.version.deno, worker) : webEnv("bun", Bun.version, worker);
}
