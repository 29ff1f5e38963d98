// `npm run bench:browser`: the bench in a browser. Serves a page that measures when it is opened.
//
//   npm run bench:browser                            serves it until it is interrupted
//   npm run bench:browser -- --run chromium          opens it in a browser of this machine, without
//   npm run bench:browser -- --run firefox           a window, and prints the table
//
// --only, --rounds, --seed, --quick and --json are those of `npm run bench`.

import { writeFileSync } from "node:fs";
import { browserNames } from "../scripts/lib/browsers.mjs";
import { readOptions } from "../scripts/lib/options.mjs";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { drive } from "./browser/drive.mjs";
import { serve } from "./browser/serve.mjs";
import { machine } from "./lib/machine.mjs";
import { tableOf } from "./lib/table.mjs";

const { values: options } = readOptions({
  options: {
    json: { type: "string" },
    only: { type: "string" },
    port: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    run: { type: "string" },
    seed: { type: "string" },
  },
});
const { json, only, port = options.run ? "0" : "8080", quick, rounds, run, seed } = options;

if (run !== undefined && !browserNames.includes(run)) {
  console.error(`--run=${run}: there are ${browserNames.join(", ")}`);
  process.exitCode = 2;
} else {
  ensureInstalled("bench");
  const served = await serve(Number(port));
  const asked = Object.entries({ only, rounds, seed, quick: quick ? "1" : undefined });
  const query = new URLSearchParams(asked.filter(([, value]) => value !== undefined));
  const address = `${served.url}?${query}`;
  if (run === undefined) {
    console.log(address);
  } else {
    try {
      const before = machine();
      const result = await drive(run, address);
      // What a page cannot know.
      result.machine = { ...before, loadAfter: machine().load };
      console.log(tableOf(result));
      if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, undefined, 2)}\n`);
    } finally {
      await served.close();
    }
  }
}
