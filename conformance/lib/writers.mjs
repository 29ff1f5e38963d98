// What `attach` takes for each of the two writers, which the checks tell other threads by name.

import { jsWriter } from "tbuf/js-writer";

const writers = { wasm: undefined, js: jsWriter };

/** Options of `attach` whose `writer` is a name. */
export const withWriter = ({ writer, ...options }) => ({ ...options, writer: writers[writer] });
