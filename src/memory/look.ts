// How a word of shared memory is looked at that is only a hint whether there is something to do: by a
// plain load, as that is what a disabled tracepoint costs. The memory model lets an engine take a
// plain load out of its loop, which then never learns what another thread stores. JavaScriptCore
// does so, V8 and SpiderMonkey do not: conformance/checks/loops.mjs watches all of them.

/** The word at an index; undefined where there is none. */
export type Look = (words: Int32Array, at: number) => number | undefined;

export const plainly: Look = (words, at) => words[at];

let turn = 0;
/** A zero, which no engine can know, since it lies in memory that could be written. */
const zero = new Int32Array(1);

/**
 * By a load whose address, for all that an engine can know, differs from one turn to the next: it has
 * to stay in its loop. `Atomics.load` stays there too, but takes JavaScriptCore six times as long.
 */
export const anew: Look = (words, at) => {
  turn = (turn + 1) & 0xff;
  return words[at + (turn & (zero[0] as number))];
};

/**
 * Whether the engine leaves plain loads in their loops, by what its errors own: V8's have `stack`,
 * SpiderMonkey's `lineNumber`, JavaScriptCore's `stack` and `line`. One that cannot be told is taken
 * for one that does not.
 */
export function leavesLoads(error: object): boolean {
  const v8 = Object.hasOwn(error, "stack") && !Object.hasOwn(error, "line");
  return v8 || Object.hasOwn(error, "lineNumber");
}

/** The cheapest look that sees what other threads store, also in a loop of nothing but looks. */
export const look: Look = leavesLoads(new Error()) ? plainly : anew;
