// The part of the WebAssembly JavaScript API that guests are observed by, under types of our own: TypeScript has it
// with the DOM only.

// biome-ignore lint/complexity/noBannedTypes: whatever can be called
export type Callable = Function & ((...args: unknown[]) => unknown);

type Constructor = new (...args: unknown[]) => object;

export interface WebAssemblyApi {
  Instance: Constructor & {
    readonly prototype: { constructor: unknown; readonly exports: object };
  };
  Table: Constructor & { readonly prototype: TableMethods };
  Global: Constructor & { readonly prototype: { value: unknown; valueOf(): unknown } };
  instantiate: Callable;
  /** Absent where modules cannot be compiled while they arrive. */
  instantiateStreaming: Callable;
  /** Absent where Wasm cannot wait for promises (JSPI). */
  promising: Callable;
}

export interface TableMethods {
  get(index: unknown): unknown;
  set(index: unknown, ...value: unknown[]): void;
  grow(delta: unknown, ...value: unknown[]): unknown;
}

/** The global object's. Throws an Error where there is none. */
export function webAssembly(): WebAssemblyApi {
  const found: unknown = Reflect.get(globalThis, "WebAssembly");
  if (typeof found === "object" && found !== null) return found as WebAssemblyApi;
  throw new Error("this runtime has no WebAssembly");
}
