// The Wasm module: its exports as TypeScript sees them, and how it is instantiated. Compiled once a
// process, at first use, synchronously: it has less than 10240 bytes.

import { coreBytes } from "./core-bytes.js";
import type { OwnBytes } from "./own-bytes.js";
import { type WasmMemory, type WasmModule, wasm } from "./wasm.js";

/** The words that each record function takes, besides the event and the time. */
interface Words {
  // One for each number of words: written by scripts/arities.mjs.
  record0: [];
  record1: [a: number];
  record2: [a: number, b: number];
  record3: [a: number, b: number, c: number];
  record4: [a: number, b: number, c: number, d: number];
  record5: [a: number, b: number, c: number, d: number, e: number];
  record6: [a: number, b: number, c: number, d: number, e: number, f: number];
  record7: [a: number, b: number, c: number, d: number, e: number, f: number, g: number];
  // The end of what scripts/arities.mjs writes.
}

/** The exports that write a record of a number of words. */
export type WordRecords = {
  [Name in keyof Words]: (event: number, now: number, ...words: Words[Name]) => void;
};

/**
 * Exports of the hypervisor. Documented where they are written: assembly/index.ts tells which
 * function of which file each one is.
 */
export interface CoreExports extends WordRecords {
  boot(frames: number, cpus: number): number;
  dom0_claim(tid: number): number;
  dom0_held(): number;
  dom0_resign(): void;
  tb_control(op: number): number;
  cpu_join(tid: number, parent: number, clock: number): number;
  cpu_leave(): void;
  cpu_quiesce(): void;
  cpu_scratch_at(): number;
  cpu_labels(order: number): number;
  cpu_reap(tid: number): number;
  thread_started_by(tid: number, parent: number): number;
  evtchn_bind(virq: number): number;
  evtchn_unbind(virq: number): number;
  evtchn_mask(port: number, masked: boolean): number;
  evtchn_take(): number;
  evtchn_alloc(): number;
  evtchn_close(port: number): number;
  evtchn_notify(port: number): number;
  facility_register(nameBytes: number, bytes: number, events: number): number;
  reason(): number;
  fence(): void;
  frame_map(mfn: number, count: number): number;
  frame_unmap(mfn: number): number;
  trace_settle(): number;
  trace_enable_event(trace: number, event: number): void;
  record(event: number, now: number, bytes: number, count: number): void;
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
