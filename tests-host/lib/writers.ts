// What `attach` takes for each of the two writers.

import { jsWriter } from "../../src/writer/index.js";

export const writers = { wasm: undefined, js: jsWriter } as const;
