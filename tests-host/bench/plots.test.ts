// That the plots of docs/plots show the data that lies beside them.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Result, runBench } from "../lib/bench.js";
import { itWith } from "../lib/peers.js";
import { readText, root } from "../lib/sources.js";

const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-plots-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const drawings = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".svg"));

describe("docs/plots", () => {
  itWith("bench")("holds what npm run bench:plots draws from its data", () => {
    const { status, stderr } = runBench(process.execPath, ["bench/plots.mjs", "--out", dir]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const drawn = drawings(dir);
    expect(drawn).toEqual(drawings(join(root, "docs/plots")));
    expect(drawn.length).toBeGreaterThan(0);
    for (const name of drawn) {
      expect(readFileSync(join(dir, name), "utf8") === readText(`docs/plots/${name}`)).toBe(true);
    }
  });

  const results = readdirSync(join(root, "docs/plots/data")).map((name) => {
    return JSON.parse(readText(`docs/plots/data/${name}`)) as Result;
  });

  it.each(results.map((result) => [result.runtime.name, result] as const))(
    "has a line for %s",
    (name, { rows }) => {
      for (const plot of ["payload", "traces", "writers"]) {
        expect(readText(`docs/plots/${plot}.svg`)).toContain(name);
      }
      expect(rows.map(({ id }) => id)).toEqual(
        expect.arrayContaining(["clock", "record2-precise"]),
      );
    },
  );
});
