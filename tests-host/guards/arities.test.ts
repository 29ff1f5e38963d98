// What stands once for each number of words is made from one table: nobody changes one rung by hand.

import { describe, expect, it } from "vitest";
import { LADDER_FILES, withLadder } from "../../scripts/lib/arities.mjs";
import { readText } from "../lib/sources.js";

describe("the code for 0 to 7 words", () => {
  it.each(LADDER_FILES)("is what scripts/arities.mjs writes: %s", (path) => {
    const text = readText(path);
    expect(withLadder(path, text)).toBe(text);
  });

  it("is told from what was changed by hand", () => {
    const [path = ""] = LADDER_FILES;
    const text = readText(path).replace("store<u32>(at, b, 12)", "store<u32>(at, b, 16)");
    expect(withLadder(path, text)).not.toBe(text);
  });

  it("stands between two lines", () => {
    expect(() => withLadder("guest/index.ts", "")).toThrow("guest/index.ts lacks the lines");
  });
});
