// The part of the WebAssembly JavaScript API that this package uses, under types of its own:
// TypeScript declares it with the DOM only, which is not there for every user of this package.

import type { OwnBytes } from "./own-bytes.js";

/** A WebAssembly.Module. */
export interface WasmModule {
  readonly [Symbol.toStringTag]?: string;
}

/** A WebAssembly.Memory. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

interface WasmApi {
  readonly Module: new (bytes: OwnBytes) => WasmModule;
  readonly Memory: new (descriptor: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => WasmMemory;
  readonly Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory } },
  ) => { readonly exports: object };
  /** What a trap throws. */
  readonly RuntimeError: new (
    message?: string,
  ) => Error;
}

// Where there are types of it, as in Deno, they are wider: not comparable with these.
const found: unknown = Reflect.get(globalThis, "WebAssembly");

export const wasm: WasmApi = found as WasmApi;
