// Wasm guests for tests, from text, and what of the WebAssembly JavaScript API they need: TypeScript has it with the
// DOM only.

import binaryen from "binaryen";

type Bytes = Uint8Array<ArrayBuffer>;
export type GuestFunction = (...args: unknown[]) => unknown;
export type Imports = Record<string, Record<string, unknown>>;

export interface Guest {
  readonly exports: Readonly<Record<string, GuestFunction>>;
}

interface TestTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(by: number, value?: unknown): number;
}

interface Api {
  readonly Module: new (bytes: Bytes) => object;
  Instance: new (module: object, imports?: unknown) => Guest;
  readonly Table: new (type: object, value?: unknown) => TestTable;
  readonly Global: new (type: object, value?: unknown) => { value: unknown; valueOf(): unknown };
  instantiate(bytes: Bytes, imports?: unknown): Promise<{ readonly instance: Guest }>;
  instantiate(module: object, imports?: unknown): Promise<Guest>;
  instantiateStreaming(source: unknown, imports?: unknown): Promise<{ readonly instance: Guest }>;
}

/** Read when it is used: sources replace parts of it. */
export const api = (): Api => Reflect.get(globalThis, "WebAssembly") as Api;

/** The module that a text of WebAssembly means. Throws what the assembler throws. */
export function assemble(wat: string): Bytes {
  const module = binaryen.parseText(wat);
  try {
    // What Node 20 knows.
    module.setFeatures(binaryen.Features.ReferenceTypes);
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** Links a guest now. Throws what the engine throws. */
export function link(bytes: Bytes, imports?: Imports): Guest["exports"] {
  const { Module, Instance } = api();
  return new Instance(new Module(bytes), imports).exports;
}

/** `run` writes by WASI once; `nothing` does nothing. */
export const WRITER: Bytes = assemble(`(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32) (result i32)))
  (func (export "nothing"))
  (func (export "run") (result i32) (call $write (i32.const 7))))`);

/** Imports `env.f` and `env.g`; `twice` calls f(x), then g of what that gave. `each` calls f `n` times. */
export const CALLER: Bytes = assemble(`(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (import "env" "g" (func $g (param i32 f64) (result i32)))
  (func (export "twice") (param i32) (result i32)
    (call $g (call $f (local.get 0)) (f64.const 0.5)))
  (func (export "each") (param $n i32) (result i32) (local $sum i32)
    (block $out
      (loop $more
        (br_if $out (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (call $f (local.get $n))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
    (local.get $sum)))`);

/** Functions, a table and a global that take functions, and what calls them. */
export const TABLE: Bytes = assemble(`(module
  (type $unary (func (param i32) (result i32)))
  (table (export "table") 2 10 funcref)
  (global (export "global") (mut funcref) (ref.null func))
  (func $double (export "double") (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
  (func (export "next") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "trap") (unreachable))
  (func (export "same") (param funcref) (result funcref) (local.get 0))
  (func (export "at") (param i32 i32) (result i32)
    (call_indirect (type $unary) (local.get 1) (local.get 0)))
  (elem (i32.const 0) $double))`);
