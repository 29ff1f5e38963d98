// What the specs share: a hypervisor that is booted anew for every test, dom0's side of tb_control,
// and short names for what lies in memory. The invariants that memory shows are checked in audit.ts.

import { boot } from "../assembly/boot";
import { tb_control } from "../assembly/control";
import { cpuAt, join, leave, scratchAt } from "../assembly/cpu";
import { cpuBlock } from "../assembly/cputable";
import { claimDom0, resignDom0 } from "../assembly/dom0";
import { frameEntry } from "../assembly/page";
import {
  CONTROL_AT,
  CPU_DOMAIN_AT,
  CPU_LEAVING,
  CPU_STATE_AT,
  CPU_TID_AT,
  CTL_FIRST_FRAME_AT,
  CTL_FRAMES_AT,
  ENABLED_AT,
  FRAME_BYTES,
  FRAME_OWNER_AT,
  FRAME_SHIFT,
  HYPERCALL_AT,
  RING_CONSUMED_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_BYTES_AT,
  RING_SUBBUF_COUNT_AT,
  RING_SUBBUFS_AT,
  RING_TAKEN_AT,
  RING_TALLY_AT,
  SUBBUF_BEGIN_AT,
  SUBBUF_CONTENT_END_AT,
  SUBBUF_DISCARDED_AT,
  SUBBUF_ENTRY_BYTES,
  SUBBUF_RECORDS_AT,
  SUBBUF_TS_LAST_AT,
  TRACE_CPU_SET_AT,
  TRACE_EVENT_SET_AT,
  TRACE_MODE_AT,
  TRACE_NAME_AT,
  TRACE_NAME_BYTES_AT,
  TRACE_PATTERN_BYTES_AT,
  TRACE_SUBBUF_BYTES_AT,
  TRACE_SUBBUF_COUNT_AT,
} from "../assembly/public/layout";
import {
  NO_CPU,
  OP_CONSUME,
  OP_CREATE,
  OP_GET_INFO,
  OP_START,
  TBC_CONSUMED_AT,
  TBC_CPU_AT,
  TBC_DISCARDED_BIG_AT,
  TBC_DISCARDED_FULL_AT,
  TBC_LIMIT_AT,
  TBC_MFN_AT,
  TBC_OFFSET_AT,
  TBC_OLD_AT,
  TBC_OVERWRITTEN_AT,
  TBC_RECORDS_AT,
  TBC_RING_MFN_AT,
  TBC_RING_RECORDS_AT,
  TBC_TAKEN_AT,
  TBC_TRACE_AT,
  TBC_UNTIL_AT,
} from "../assembly/public/ops";
import { record } from "../assembly/record";
import { openSubbuf } from "../assembly/switch";

/** No test boots more frames than these. */
export const FRAMES_MOST: u32 = 512;
/** Where copies are kept: above every hypervisor, below AssemblyScript's own data. */
const SHADOW: usize = 0x2000000;
/** Image of the trace frame in the hypercall page. */
export const IMAGE: usize = HYPERCALL_AT + TBC_TRACE_AT;

let serial: u32 = 0;

/**
 * A fresh hypervisor; this instance is dom0 (as thread 0) and no CPU. With at most 4 CPUs the first
 * frame that can be allocated is 9, so 119 of 128 frames are free, and 55 of 64.
 */
export function reset(frames: u32 = 128, cpus: u32 = 4): void {
  memory.fill(0, 0, FRAMES_MOST * FRAME_BYTES);
  // The memory is new; what this instance remembers of the old one goes as well.
  leave();
  resignDom0();
  serial = 0;
  assert(boot(frames, cpus) == 0, "boot");
  assert(claimDom0(0) == 0, "claim");
}

// dom0's side -------------------------------------------------------------------------------------

/** Writes a name to the hypercall page. */
export function named(name: string): void {
  const bytes = String.UTF8.byteLength(name);
  store<u32>(IMAGE, bytes, TRACE_NAME_BYTES_AT);
  String.UTF8.encodeUnsafe(changetype<usize>(name), name.length, IMAGE + TRACE_NAME_AT);
}

/** One op of tb_control on the trace `name`. */
export function control(op: u32, name: string): u32 {
  named(name);
  return tb_control(op);
}

/** Writes the image of a trace of every CPU and every event. */
export function image(name: string, bytes: u32, count: u32, mode: u32 = 0): void {
  memory.fill(IMAGE, 0, TRACE_EVENT_SET_AT);
  named(name);
  store<u32>(IMAGE, bytes, TRACE_SUBBUF_BYTES_AT);
  store<u32>(IMAGE, count, TRACE_SUBBUF_COUNT_AT);
  store<u32>(IMAGE, mode, TRACE_MODE_AT);
  store<u32>(IMAGE, 0, TRACE_PATTERN_BYTES_AT);
  memory.fill(IMAGE + TRACE_CPU_SET_AT, 0xff, 32);
  memory.fill(IMAGE + TRACE_EVENT_SET_AT, 0xff, 512);
}

export function create(name: string, bytes: u32, count: u32, mode: u32 = 0): u32 {
  image(name, bytes, count, mode);
  return tb_control(OP_CREATE);
}

/** Creates and starts a trace. @returns its ring of CPU 0, 0 when there is none */
export function started(name: string, bytes: u32, count: u32, mode: u32 = 0): usize {
  assert(create(name, bytes, count, mode) == 0, "create");
  assert(control(OP_START, name) == 0, "start");
  return ringOf(name, 0);
}

/** get_info of a trace and a CPU: the figures are in the hypercall page then. */
export function info(name: string, cpu: u32 = NO_CPU): u32 {
  store<u32>(HYPERCALL_AT, cpu, TBC_CPU_AT);
  return control(OP_GET_INFO, name);
}

/** Address of a trace's control frame, as get_info tells it. */
export function frameOf(name: string): u32 {
  assert(info(name) == 0, "get_info of " + name);
  return load<u32>(HYPERCALL_AT, TBC_MFN_AT) << FRAME_SHIFT;
}

/** Address of a CPU's ring in a trace, as get_info tells it. */
export function ringOf(name: string, cpu: u32): usize {
  assert(info(name, cpu) == 0, "get_info of " + name);
  return load<u32>(HYPERCALL_AT, TBC_RING_MFN_AT) << FRAME_SHIFT;
}

function figure(name: string, at: u32): string {
  return name + " " + load<u64>(HYPERCALL_AT + at).toString();
}

/** What get_info says of a CPU's positions, "consumed .. offset". */
export function positions(name: string, cpu: u32 = 0): string {
  assert(info(name, cpu) == 0, "get_info of " + name);
  const consumed = load<u64>(HYPERCALL_AT, TBC_CONSUMED_AT);
  return consumed.toString() + " .. " + load<u64>(HYPERCALL_AT, TBC_OFFSET_AT).toString();
}

/** What get_info says of a CPU's records. */
export function counts(name: string, cpu: u32 = 0): string {
  assert(info(name, cpu) == 0, "get_info of " + name);
  const written = figure("written", TBC_RING_RECORDS_AT) + ", " + figure("taken", TBC_TAKEN_AT);
  const full = figure("full", TBC_DISCARDED_FULL_AT) + ", " + figure("big", TBC_DISCARDED_BIG_AT);
  return written + ", " + figure("overwritten", TBC_OVERWRITTEN_AT) + ", " + full;
}

/** consume of a CPU's ring; `until` 0 is the end of the sub-buffer. */
export function consume(name: string, old: u64, until: u64, records: u32, cpu: u32 = 0): u32 {
  store<u32>(HYPERCALL_AT, cpu, TBC_CPU_AT);
  store<u64>(HYPERCALL_AT, old, TBC_OLD_AT);
  store<u64>(HYPERCALL_AT, until, TBC_UNTIL_AT);
  store<u32>(HYPERCALL_AT, records, TBC_RECORDS_AT);
  return control(OP_CONSUME, name);
}

/** What a refused number was measured against. */
export function limit(): u32 {
  return load<u32>(HYPERCALL_AT, TBC_LIMIT_AT);
}

// The CPU's side ----------------------------------------------------------------------------------

/**
 * Records event `words`, which in these tests has that many payload words: so audit.ts can walk a
 * ring. Word i of the n-th record since `reset` is n * 256 + i.
 */
export function emit(words: u32, now: f64 = 0): void {
  emitBatch(words, 1, now);
}

/** As `count` times `emit`, but in one batch. */
export function emitBatch(words: u32, count: u32, now: f64 = 0): void {
  let at = scratchAt();
  for (let each: u32 = 0; each < count; each++) {
    serial++;
    for (let i: u32 = 0; i < words; i++, at += 4) store<u32>(at, serial * 256 + i);
  }
  record(words, now, words * 4, count);
}

/** Records `records` events of 16 bytes: three fill a sub-buffer of 64, the fourth switches. */
export function fill(records: u32): void {
  for (let i: u32 = 0; i < records; i++) emit(2);
}

/** The thread of this instance dies: its CPU stays as it is, without an owner. */
export function die(): void {
  const state = cpuAt + CPU_STATE_AT;
  const was = load<u32>(state);
  // leave() lets go of a slot that somebody else has begun to reap.
  store<u32>(state, CPU_LEAVING);
  leave();
  store<u32>(state, was);
}

/**
 * Joins as thread `tid` and forgets it, as if another thread had: it stays online and answers
 * nothing. @returns its CPU
 */
export function elsewhere(tid: u32): i32 {
  const cpu = join(tid, tid, 0);
  die();
  return cpu;
}

export function cpuWord(cpu: u32, at: u32): u32 {
  return load<u32>(cpuBlock(cpu) + at);
}

/** State, domain and tid + 1 of a CPU. */
export function blockText(cpu: u32): string {
  const state = cpuWord(cpu, CPU_STATE_AT).toString() + " domain ";
  const domain = cpuWord(cpu, CPU_DOMAIN_AT).toString() + " tid ";
  return state + domain + cpuWord(cpu, CPU_TID_AT).toString();
}

export function setCpuWord(cpu: u32, at: u32, value: u32): void {
  store<u32>(cpuBlock(cpu) + at, value);
}

// Memory ------------------------------------------------------------------------------------------

export function controlWord(at: u32): u32 {
  return load<u32>(CONTROL_AT + at);
}

export function setControlWord(at: u32, value: u32): void {
  store<u32>(CONTROL_AT + at, value);
}

export function framesFree(): u32 {
  let free: u32 = 0;
  for (let mfn = controlWord(CTL_FIRST_FRAME_AT); mfn < controlWord(CTL_FRAMES_AT); mfn++) {
    if (!load<u32>(frameEntry(mfn), FRAME_OWNER_AT)) free++;
  }
  return free;
}

export function enabled(event: u32): u32 {
  return load<u32>(ENABLED_AT + event * 4);
}

/** Bytes in hexadecimal, as they lie in memory. */
export function hex(at: usize, bytes: u32): string {
  let text = "";
  for (let i: u32 = 0; i < bytes; i++) {
    const byte = load<u8>(at + i);
    text += (i ? " " : "") + (byte < 16 ? "0" : "") + byte.toString(16);
  }
  return text;
}

/** Words in decimal, as they lie in memory. */
export function words(at: usize, count: u32): string {
  let text = "";
  for (let i: u32 = 0; i < count; i++) text += (i ? " " : "") + load<u32>(at + i * 4).toString();
  return text;
}

/** Keeps a copy of all tables: the control page, enabled bits, CPUs, frames. */
export function remember(): void {
  const end = controlWord(CTL_FIRST_FRAME_AT) << FRAME_SHIFT;
  memory.copy(SHADOW + CONTROL_AT, CONTROL_AT, end - CONTROL_AT);
}

/** Address of the first word of the tables that differs from the copy, 0 when none does. */
export function changed(): usize {
  const end: usize = controlWord(CTL_FIRST_FRAME_AT) << FRAME_SHIFT;
  for (let at: usize = CONTROL_AT; at < end; at += 4) {
    // The hypercall page holds arguments.
    if (at == HYPERCALL_AT) at += FRAME_BYTES;
    if (load<u32>(at) != load<u32>(SHADOW + at)) return at;
  }
  return 0;
}

/** Keeps a copy of all that belongs to the hypervisor, frame 0 and all frames. */
export function rememberAll(): void {
  memory.copy(SHADOW, 0, controlWord(CTL_FRAMES_AT) << FRAME_SHIFT);
}

/** Addresses of all words that differ from that copy, "" when none does. */
export function changedWords(): string {
  let text = "";
  const end: usize = controlWord(CTL_FRAMES_AT) << FRAME_SHIFT;
  for (let at: usize = 0; at < end; at += 4) {
    if (load<u32>(at) != load<u32>(SHADOW + at)) text += (text.length ? " " : "") + at.toString();
  }
  return text;
}

// A ring's words ----------------------------------------------------------------------------------

export function offset(ring: usize): u64 {
  return load<u64>(ring, RING_OFFSET_AT);
}

export function consumed(ring: usize): u64 {
  return load<u64>(ring, RING_CONSUMED_AT);
}

export function discardedFull(ring: usize): u64 {
  return load<u64>(ring, RING_DISCARDED_FULL_AT);
}

export function discardedBig(ring: usize): u64 {
  return load<u64>(ring, RING_DISCARDED_BIG_AT);
}

/** Address of the entry of sub-buffer `index`. */
export function entry(ring: usize, index: u32): usize {
  return ring + RING_SUBBUFS_AT + index * SUBBUF_ENTRY_BYTES;
}

/** What the entry of sub-buffer `index` says. */
export function entryText(ring: usize, index: u32): string {
  const at = entry(ring, index);
  const begin = "begin " + load<u64>(at, SUBBUF_BEGIN_AT).toString();
  const before = ", before " + load<u64>(at, SUBBUF_RECORDS_AT).toString();
  const last = ", last " + load<u64>(at, SUBBUF_TS_LAST_AT).toString();
  const lost = ", lost " + load<u64>(at, SUBBUF_DISCARDED_AT).toString();
  return begin + before + last + lost + ", ends " + load<u32>(at, SUBBUF_CONTENT_END_AT).toString();
}

/**
 * Makes a fresh ring look as if it had run: `records` records, all taken, and the writer at the
 * start of the sub-buffer at `position`.
 */
export function startAt(ring: usize, position: u64, records: u32): void {
  const bytes = load<u32>(ring, RING_SUBBUF_BYTES_AT);
  const count = load<u32>(ring, RING_SUBBUF_COUNT_AT);
  for (let back = count - 1; back > 0; back--) openSubbuf(ring, position - back * bytes, records);
  openSubbuf(ring, position, records);
  store<u64>(ring, position, RING_OFFSET_AT);
  store<u64>(ring, position, RING_CONSUMED_AT);
  store<u64>(ring, position & 0xffffffff, RING_TALLY_AT);
  store<u64>(ring, records, RING_TAKEN_AT);
}
