// The shipped core.wasm, which can be stopped before any access to the shared memory. There the test
// does something else in another thread's name, and then lets the stopped thread go on or die.

import { readFileSync } from "node:fs";
import binaryen from "assemblyscript/binaryen";
import type { CoreExports } from "../../src/memory/core.js";
import { type WasmMemory, type WasmModule, wasm } from "../../src/memory/wasm.js";

/** Thrown where a thread is to die. Its instance must not be used again. */
export class Killed extends Error {}

type Node = string | Node[];

/** A comment, a string, a bracket, or a word. */
const TOKEN = /;;[^\n]*|"[^"]*"|[()]|[^\s()"]+/g;

function parseText(text: string): Node[] {
  const top: Node[] = [];
  const open = [top];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith(";;")) continue;
    if (token === ")") {
      open.pop();
    } else if (token === "(") {
      const list: Node[] = [];
      open.at(-1)?.push(list);
      open.push(list);
    } else {
      open.at(-1)?.push(token);
    }
  }
  return top;
}

function textOf(node: Node): string {
  return typeof node === "string" ? node : `(${node.map(textOf).join(" ")})`;
}

// A fence alone touches no memory.
const LOAD = /^[if]\d\d\.(?:atomic\.)?load/;
const WRITE = /^(?:[if]\d\d\.(?:atomic\.)?(?:store|rmw)|memory\.(?:fill|copy|atomic\.))/;
const COMPARE_AND_SWAP = /^i(\d\d)\.atomic\.rmw\.cmpxchg$/;
const TAKES_I64 = /^i64\.(?:atomic\.)?(?:store|rmw)/;

/** Counts an access when its last operand is there, which is passed on: nothing comes in between. */
function countAccesses(node: Node): Node {
  if (typeof node === "string") return node;
  const counted = node.map(countAccesses);
  const [name] = counted;
  if (typeof name !== "string" || !(LOAD.test(name) || WRITE.test(name))) return counted;
  const cas = COMPARE_AND_SWAP.exec(name)?.[1];
  // Of the hypervisor's all stand in atomic.ts, and have no offset.
  if (cas !== undefined) return ["call", `$cas${cas}`, ...counted.slice(1)];
  const last = counted.pop() as Node;
  const counter = LOAD.test(name) ? "$load32" : TAKES_I64.test(name) ? "$write64" : "$write32";
  return [...counted, ["call", counter, last]];
}

const COUNTER = `
(import "step" "reached" (func $reached))
(global $accesses (mut i32) (i32.const 0))
(global $writes (mut i32) (i32.const 0))
(export "accesses" (global $accesses))
(export "writes" (global $writes))
(func $access
 (global.set $accesses (i32.sub (global.get $accesses) (i32.const 1)))
 (if (i32.eqz (global.get $accesses)) (then (call $reached))))
(func $write
 (global.set $writes (i32.sub (global.get $writes) (i32.const 1)))
 (if (i32.eqz (global.get $writes)) (then (call $reached))))
(func $cas32 (param i32 i32 i32) (result i32)
 (call $access)
 (if (i32.eq (i32.atomic.load (local.get 0)) (local.get 1)) (then (call $write)))
 (i32.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
(func $cas64 (param i32 i64 i64) (result i64)
 (call $access)
 (if (i64.eq (i64.atomic.load (local.get 0)) (local.get 1)) (then (call $write)))
 (i64.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
(func $load32 (param i32) (result i32) (call $access) (local.get 0))
(func $write32 (param i32) (result i32) (call $access) (call $write) (local.get 0))
(func $write64 (param i64) (result i64) (call $access) (call $write) (local.get 0))`;

let compiled: WasmModule | undefined;

/** build/core.wasm with a call before each access; compiled once. */
function steppedModule(): WasmModule {
  if (compiled) return compiled;
  const core = binaryen.readBinary(readFileSync(new URL("../../build/core.wasm", import.meta.url)));
  const [module] = parseText(core.emitText());
  const parts = (module as Node[]).map(countAccesses);
  // Imports come before all definitions.
  const first = parts.findIndex((part) => Array.isArray(part) && part[0] === "global");
  const text = [...parts.slice(0, first), COUNTER, ...parts.slice(first)].map(textOf).join("\n");
  const stepped = binaryen.parseText(`(${text})`);
  stepped.setFeatures(binaryen.Features.All);
  compiled = new wasm.Module(Uint8Array.from(stepped.emitBinary()));
  return compiled;
}

/**
 * Where a call is stopped: before its access number n, or before the n-th that writes, from 1 on. Who
 * dies before a load, or a compare-and-swap that fails, leaves what one leaves that dies before the next
 * write.
 */
export type Stop = { readonly access: number } | { readonly write: number };

/** A global of the module, which the test may set: it goes down to 0. */
interface Counter {
  value: number;
}

/** An instance over a hypervisor's memory: a thread, as long as nobody kills it. */
export class SteppedCore {
  readonly core: CoreExports;
  readonly #accesses: Counter;
  readonly #writes: Counter;
  #then: () => void = () => {};

  constructor(memory: WasmMemory) {
    const imports = { env: { memory }, step: { reached: () => this.#then() } };
    const { exports } = new wasm.Instance(steppedModule(), imports);
    const { accesses, writes, ...core } = exports as CoreExports &
      Record<"accesses" | "writes", Counter>;
    this.core = core;
    this.#accesses = accesses;
    this.#writes = writes;
  }

  /**
   * Makes a call, and does `then` where it is stopped. What that throws comes out of the call: the
   * thread has died there. What it returns is where the call is stopped again, counted from there.
   * @returns whether it came to that
   */
  stop(stop: Stop, then: () => Stop | undefined, call: () => void): boolean {
    let reached = false;
    this.#then = () => {
      reached = true;
      const next = then();
      if (next) this.#arm(next);
    };
    this.#arm(stop);
    try {
      call();
    } finally {
      this.#arm({ access: 0, write: 0 });
    }
    return reached;
  }

  /** The counters go down, and never come to 0 from there. */
  #arm({ access = 0, write = 0 }: { access?: number; write?: number }): void {
    this.#accesses.value = access;
    this.#writes.value = write;
  }

  /** Makes a call that dies where it is stopped. @returns whether it came to that */
  kill(stop: Stop, call: () => void): boolean {
    try {
      return this.stop(stop, die, call);
    } catch (error) {
      if (error instanceof Killed) return true;
      throw error;
    }
  }
}

export function die(): never {
  throw new Killed();
}
