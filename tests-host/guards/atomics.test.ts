// Words of 64 bits that threads share are stored and loaded by atomics of 64 bits: where two accesses
// differ in size, neither Wasm nor ECMAScript says that who sees the one sees what came before it.

import { describe, expect, it } from "vitest";
import { readText, repositoryFiles } from "../lib/sources.js";

/** Words, or halves of words, that some thread stores as 64 bits while another loads them. */
const LONGS = [
  "CPU_STATE_AT",
  "CPU_TID_AT",
  "CTL_ANSWER_TIME_AT",
  "CTL_COARSE_AT",
  "CTL_FAMILY_AT",
  "RING_CONSUMED_AT",
  "RING_OFFSET_AT",
  // Indices in views of 64 bits (src/memory).
  "\\w+_LONG",
];
/** An atomic access of 32 bits, up to the end of its statement, in AssemblyScript or TypeScript. */
const NARROW =
  /\b(?:load32|store32|cas32|add32|sub32|or32|and32|Atomics\.\w+\(\s*[\w.#]*words\b)[^;]*/g;

function narrow(path: string, text: string): string[] {
  return [...text.matchAll(NARROW)].flatMap(([access]) => {
    const word = LONGS.find((name) => new RegExp(`\\b${name}\\b`).test(access));
    return word === undefined ? [] : [`${path}: ${word} in 32 bits: ${access.split("\n")[0]}`];
  });
}

const sources = repositoryFiles().filter((path) => /^(assembly|src)\/.*\.ts$/.test(path));

describe("atomic accesses to words of 64 bits", () => {
  it("have 64 bits", () => {
    expect(sources.length).toBeGreaterThan(50);
    const found = sources.flatMap((path) => {
      // Imports name the words too.
      const text = readText(path).replace(/^import [^;]*;/gm, "");
      return narrow(path, text);
    });
    expect(found).toEqual([]);
  });

  it("are told from others", () => {
    expect(narrow("a.ts", "if (load32(cpuBlock(cpu) + CPU_STATE_AT) == 0) continue;")).toHaveLength(
      1,
    );
    expect(narrow("a.ts", "Atomics.load(views.words, (block + CPU_TID_AT) / 4);")).toHaveLength(1);
    expect(narrow("a.ts", "Atomics.load(words, COARSE_LONG);")).toHaveLength(1);
    expect(narrow("a.ts", "Atomics.load(longs, COARSE_LONG);")).toEqual([]);
    expect(narrow("a.ts", "load64(block + CPU_STATE_AT); load32(block + CPU_ACK_AT);")).toEqual([]);
  });
});
