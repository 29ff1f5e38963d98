// How hint words are looked at. That no engine keeps a loop of looks from learning what other threads
// store is a check of the conformance suite: conformance/checks/loops.mjs.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anew, leavesLoads, look, plainly } from "../../src/memory/look.js";

/** What own properties errors have, an engine. */
const errors = {
  "V8's": { stack: "", message: "" },
  "SpiderMonkey's": { fileName: "", lineNumber: 1, columnNumber: 1, message: "" },
  "JavaScriptCore's": { message: "", line: 1, column: 1, sourceURL: "", stack: "" },
  "of an engine that nobody knows": { message: "" },
};

describe("a look at a hint word", () => {
  it("is a plain load where the engine is known to leave those in their loops", () => {
    const plain = Object.entries(errors).filter(([, error]) => leavesLoads(error));
    expect(plain.map(([whose]) => whose)).toEqual(["V8's", "SpiderMonkey's"]);
    expect(look, "in Node").toBe(plainly);
  });

  it("finds the word in either way, and nothing beside the words", () => {
    const words = Int32Array.from({ length: 300 }, (_, i) => i * 3);
    fc.assert(
      fc.property(fc.integer({ min: -2, max: 302 }), (at) => {
        for (const look of [plainly, anew]) expect(look(words, at)).toBe(words[at]);
      }),
    );
  });
});
