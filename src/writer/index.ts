// A writer in JavaScript of what the Wasm module writes: the same words by the same protocol, so
// that the two can be compared, and take over from each other.

export { type JsWriter, jsWriter, type RecordFunctions } from "./record.js";
