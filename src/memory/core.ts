// The Wasm module: its exports as TypeScript sees them, and how it is instantiated. Compiled once a
// process, at first use, synchronously: it has less than 10240 bytes.

import { coreBytes } from "./core-bytes.js";
import type { OwnBytes } from "./own-bytes.js";
import { type WasmMemory, type WasmModule, wasm } from "./wasm.js";

/** Exports of the hypervisor. Documented where they are written, in assembly/. */
export interface CoreExports {
  boot(frames: number, cpus: number): number;
  claimDom0(tid: number): number;
  isDom0(): number;
  resignDom0(): void;
  tb_control(op: number): number;
  join(tid: number, parent: number, clock: number): number;
  leave(): void;
  quiesce(): void;
  scratchAt(): number;
  reap(tid: number): number;
  startedBy(tid: number, parent: number): number;
  bind(virq: number): number;
  unbind(virq: number): number;
  mask(port: number, masked: boolean): number;
  take(): number;
  facility(nameBytes: number, bytes: number, events: number): number;
  reason(): number;
  fence(): void;
  map(mfn: number, count: number): number;
  unmap(mfn: number): number;
  settle(): number;
  enableEvent(trace: number, event: number): void;
  record(event: number, now: number, bytes: number, count: number): void;
  record0(event: number, now: number): void;
  record1(event: number, now: number, a: number): void;
  record2(event: number, now: number, a: number, b: number): void;
  record3(event: number, now: number, a: number, b: number, c: number): void;
  record4(event: number, now: number, a: number, b: number, c: number, d: number): void;
  record5(event: number, now: number, a: number, b: number, c: number, d: number, e: number): void;
  record6(
    event: number,
    now: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void;
  record7(
    event: number,
    now: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void;
}

const compiled = new Map<boolean, WasmModule>();

/**
 * The compiled core; shareable between threads by postMessage.
 * @param shared false: for memory that is not shared, in a page that may not share any
 */
export function coreModule(shared = true): WasmModule {
  const known = compiled.get(shared);
  if (known) return known;
  const bytes = coreBytes();
  const module = new wasm.Module(shared ? bytes : unshared(bytes));
  compiled.set(shared, module);
  return module;
}

/** The end of the import "env" "memory": its kind, and its limits' flags: 1 has a maximum, 2 shared. */
const IMPORT = [..."\u0006memory"].map((c) => c.charCodeAt(0)).concat(2);
const SHARED = 3;
const NOT_SHARED = 1;

/**
 * The same module for a memory that is not shared: one bit of the type of its import. Its atomic
 * instructions are valid there too.
 */
function unshared(bytes: OwnBytes): OwnBytes {
  const at = bytes.findIndex((_, i) => IMPORT.every((byte, j) => bytes[i + j] === byte));
  const flags = at + IMPORT.length;
  if (at < 0 || bytes[flags] !== SHARED) throw new Error("core.wasm: no import of shared memory");
  bytes[flags] = NOT_SHARED;
  return bytes;
}

/** An instance over a hypervisor's memory. One thread, one instance: its globals are the thread's. */
export function instantiate(module: WasmModule, memory: WasmMemory): CoreExports {
  const instance = new wasm.Instance(module, { env: { memory } });
  return instance.exports as CoreExports;
}
