// Where a field of shared memory lies is known to one room, src/memory, in one file per structure. The
// writer in JavaScript computes addresses too: it is the path of every record, and twin of the Wasm one.

import { describe, expect, it } from "vitest";
import { readText, repositoryFiles } from "../lib/sources.js";

/** Rooms that may name the position of a field. */
const ROOMS = ["src/memory/", "src/writer/"];

/** Positions of fields that a file imports from the public constants. */
function positions(text: string): string[] {
  const imports = text.matchAll(/^import ([^;]*?) from "[^"]*assembly\/public\/\w+\.js";/gm);
  return [...imports].flatMap(([, names = ""]) =>
    names.includes("* as")
      ? [...text.matchAll(/\bops\.(\w+_AT)\b/g)].map(([, n = ""]) => n)
      : (names.match(/\b\w+_AT\b/g) ?? []),
  );
}

const sources = repositoryFiles().filter((path) => /^src\/.*\.ts$/.test(path));

describe("positions of fields in shared memory", () => {
  it("are known to the room of the memory and to the writer only", () => {
    const found = sources.flatMap((path) =>
      ROOMS.some((room) => path.startsWith(room))
        ? []
        : positions(readText(path)).map((name) => `${path}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  it("are known to one file of that room each, but for where the tables begin", () => {
    const memory = sources.filter((path) => path.startsWith("src/memory/"));
    const holders = new Map<string, string[]>();
    for (const path of memory) {
      for (const name of positions(readText(path))) {
        if (name !== "CONTROL_AT") holders.set(name, [...(holders.get(name) ?? []), path]);
      }
    }
    expect(holders.size).toBeGreaterThan(50);
    expect([...holders].filter(([, paths]) => paths.length > 1)).toEqual([]);
  });

  it("are seen in an import", () => {
    const layout = `"../../assembly/public/layout.js"`;
    expect(positions(`import { CPUS_MAX, CPU_TS_AT } from ${layout};`)).toEqual(["CPU_TS_AT"]);
    expect(positions(`import {\n  RING_TAKEN_AT,\n} from ${layout};`)).toEqual(["RING_TAKEN_AT"]);
    const ops = `import * as ops from "../../assembly/public/ops.js";\nops.TBC_CPU_AT;`;
    expect(positions(ops)).toEqual(["TBC_CPU_AT"]);
    expect(positions(`import { CPUS_MAX } from ${layout};`)).toEqual([]);
  });
});
