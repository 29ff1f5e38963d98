// The programs that are recorded, and what is measured of each.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { commandOf } from "./tools.mjs";

const fileOf = (name) => fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));

/** Connections that are busy all the time: more than the server can serve. */
const CONNECTIONS = 16;
/** A part of a run that is not measured. */
const WARM_UP = 1 / 3;

export const programs = {
  http: server("http"),
  fastify: server("fastify"),
  /** A fixed amount of work, by itself. */
  cpu: {
    figures: { time: { unit: "ms" } },
    run: ({ node, tool }) =>
      started("cpu", node, tool, async (_child, lines) => {
        const { ms } = JSON.parse((await lines.next()).value);
        return { time: ms };
      }),
  },
  /** From the start of the command to its end, for a program that does nothing. */
  start: {
    figures: { time: { unit: "ms", added: true } },
    async run({ node, tool }) {
      const begin = performance.now();
      await started("start", node, tool, async () => ({}));
      return { time: performance.now() - begin };
    },
  },
};

function server(name) {
  return {
    figures: { throughput: { unit: "requests/s" }, cpu: { unit: "us of CPU a request" } },
    run: ({ node, tool, seconds }) =>
      started(name, node, tool, async (child, lines) => {
        const { default: autocannon } = await import("autocannon");
        const { port } = JSON.parse((await lines.next()).value);
        const url = `http://127.0.0.1:${port}`;
        const load = (duration) => autocannon({ url, duration, connections: CONNECTIONS });
        const usage = async () => (await fetch(`${url}/usage`)).json();
        await load(seconds * WARM_UP);
        const before = await usage();
        const { requests, errors, non2xx, duration } = await load(seconds);
        const after = await usage();
        if (errors > 0 || non2xx > 0)
          throw new Error(`${name}, ${tool}: ${errors + non2xx} requests failed`);
        child.stdin.end();
        return {
          throughput: requests.total / duration,
          cpu: (after.us - before.us) / requests.total,
        };
      }),
  };
}

/** Runs a program, hands it to `measure` with the lines that it prints, and waits until it has ended well. */
async function started(name, node, tool, measure) {
  const dir = await mkdtemp(join(tmpdir(), "tbuf-overhead-"));
  try {
    const { file, args } = commandOf(tool, node, dir, fileOf(name));
    const child = spawn(file, args, { cwd: dir, stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "close");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const result = await measure(child, lines);
    const [code, signal] = await ended;
    if (code !== 0) throw new Error(`${name}, ${tool}: exit code ${code}, signal ${signal}`);
    return result;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
