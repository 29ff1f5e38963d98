// A writer in JavaScript of what the Wasm module writes: the same words by the same protocol, so
// that the two can be compared, and take over from each other. A subpath of its own: who does not
// compare does not load it.

import type { Writer } from "../cpu/cpu.js";
import { makeJsWriter } from "./record.js";

/** The writer in JavaScript, for `attach({ writer: jsWriter })`. It leaves the same bytes, and is slower. */
export const jsWriter: Writer = Object.freeze({ make: makeJsWriter });
