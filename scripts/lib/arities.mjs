// The ladders: code that stands once for each number of words that a record function takes, 0 to 7.
// They are written out, because a loop over words, or an argument list, would cost a record more than
// all the rest of it. This is the one table that they are made from; scripts/arities.mjs writes them.

/** Words that a record function takes at most. */
const WORDS_MAX = 7;
/** Columns at which the formatter breaks a list. */
const COLUMNS = 100;
const HEADER_BYTES = 8;
const NAMES = [..."abcdefg"];

const BEGIN = "// One for each number of words: written by scripts/arities.mjs.";
const END = "// The end of what scripts/arities.mjs writes.";

/** `head(parameters)tail`, in lines as the formatter has them. */
function signature(head, parameters, tail) {
  const line = `${head}(${parameters.join(", ")})${tail}`;
  if (line.length <= COLUMNS) return line;
  return `${head}(\n${parameters.map((each) => `  ${each},\n`).join("")})${tail}`;
}

/** The names of the words, and the bytes of a record of them. */
const namesOf = (words) => NAMES.slice(0, words);
const bytesOf = (words) => HEADER_BYTES + words * 4;

/** The code for one number of words, by the file that it is written to. */
const LADDERS = {
  "assembly/record.ts": (words) => {
    const parameters = ["event: u32", "now: f64", ...namesOf(words).map((name) => `${name}: u32`)];
    const stores = namesOf(words).map((name, i) => `  store<u32>(at, ${name}, ${bytesOf(i)});\n`);
    const comment =
      words === 0
        ? "/** Records an event without payload. `now`: a reading of the CPU's clock, in milliseconds. */\n"
        : "";
    return `${comment}${signature(`export function record${words}`, parameters, ": void {")}
  const at = open(event, now, ${bytesOf(words)});
${stores.join("")}  close(at, ${bytesOf(words)});
}
${words < WORDS_MAX ? "\n" : ""}`;
  },

  "src/writer/words.ts": (words) => {
    const stores = namesOf(words).map((name, i) => `      words[at + ${i + 2}] = ${name};\n`);
    return `    record${words}(${["event", "now", ...namesOf(words)].join(", ")}) {
      const at = open(event, now, ${bytesOf(words)});
${stores.join("")}      close(at, ${bytesOf(words)});
    },
`;
  },

  "src/memory/core.ts": (words) =>
    `  record${words}: [${namesOf(words)
      .map((name) => `${name}: number`)
      .join(", ")}];\n`,

  "src/tracepoint/tracepoint.ts": (words) => {
    const values = namesOf(words).map((name, i) => `w${i}(${name})`);
    return `    (${namesOf(words).join(", ")}) => {
      if (look(enabled, 0) !== 0) write(${["id", "now()", ...values].join(", ")});
    },
`;
  },

  "src/tracepoint/timed.ts": (words) => {
    const names = namesOf(words);
    return `    (${["ms", ...names].join(", ")}) => {
      if (look(enabled, 0) !== 0) write(${["id", "ms", ...names].join(", ")});
    },
`;
  },

  "src/tracepoint/by-names.ts": (words) => {
    const values = namesOf(words).map((_, i) => `o?.[n${i}]`);
    return `    (${words === 0 ? "" : "o"}) => call(${values.join(", ")}),\n`;
  },

  "guest/index.ts": (words) => {
    const parameters = ["event: i32", "now: f64", ...namesOf(words).map((name) => `${name}: u32`)];
    const comments = [
      "/** Records an event without fields. */\n",
      "/** Records an event of one field; the others are alike. Each field is a word, f32 by its bits. */\n",
    ];
    return `${comments[words] ?? ""}@external("tbuf", "record${words}")
${signature(`export declare function record${words}`, parameters, ": void;")}
${words < WORDS_MAX ? "\n" : ""}`;
  },
};

/** The files that have a ladder. */
export const LADDER_FILES = Object.keys(LADDERS);

/** @returns the text of a file of LADDER_FILES with its ladder made anew */
export function withLadder(path, text) {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the lines around its ladder`);
  const from = text.indexOf("\n", begin) + 1;
  const to = text.lastIndexOf("\n", end) + 1;
  const rungs = Array.from({ length: WORDS_MAX + 1 }, (_, words) => LADDERS[path](words));
  // A blank line sets functions apart from the lines around them.
  const gap = rungs[0]?.includes("function") ? "\n" : "";
  return `${text.slice(0, from)}${gap}${rungs.join("")}${gap}${text.slice(to)}`;
}
