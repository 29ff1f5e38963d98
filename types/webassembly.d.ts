/**
 * The part of the WebAssembly JavaScript API that this package uses. TypeScript declares it with the
 * DOM only, and the DOM is not there on every runtime that this code runs on.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: BufferSource);
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: boolean });
    readonly buffer: ArrayBufferLike;
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: object;
  }
  type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;
}
