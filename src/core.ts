// The Wasm module: its exports as TypeScript sees them, and how it is instantiated. Compiled once a
// process, at first use, synchronously: it has less than 8192 bytes.

import { coreBytes } from "./core-bytes.js";
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

let compiled: WasmModule | undefined;

/** The compiled core; shareable between threads by postMessage. */
export function coreModule(): WasmModule {
  compiled ??= new wasm.Module(coreBytes());
  return compiled;
}

/** An instance over a hypervisor's memory. One thread, one instance: its globals are the thread's. */
export function instantiate(module: WasmModule, memory: WasmMemory): CoreExports {
  const instance = new wasm.Instance(module, { env: { memory } });
  return instance.exports as CoreExports;
}
