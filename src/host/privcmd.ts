// The only caller of dom0's hypercalls. Fills the hypercall page in, calls, reads results back, and
// records the control operations that change something as dom0op events.

import {
  HYPERCALL_AT,
  MODE_DISCARD,
  MODE_OVERWRITE,
  TRACE_BYTES,
  TRACE_CPU_SET_AT,
  TRACE_CPU_SET_BYTES,
  TRACE_EVENT_SET_AT,
  TRACE_EVENT_SET_BYTES,
  TRACE_MODE_AT,
  TRACE_NAME_AT,
  TRACE_NAME_BYTES_AT,
  TRACE_NAME_MAX,
  TRACE_PATTERN_AT,
  TRACE_PATTERN_BYTES_AT,
  TRACE_PATTERN_MAX,
  TRACE_STATE_AT,
  TRACE_SUBBUF_BYTES_AT,
  TRACE_SUBBUF_COUNT_AT,
} from "../../assembly/public/layout.js";
import * as ops from "../../assembly/public/ops.js";
import { hypercallError, type TraceError } from "../errors.js";
import { countFrames } from "../memory/frame-table.js";
import type { MemoryViews } from "../memory/views.js";
import { dom0opEvents } from "../tracepoint/builtin.js";
import type { Hypercalls } from "./hypercalls.js";

export type TraceMode = "discard" | "overwrite";

/** Arguments of create, as the hypervisor takes them. */
export interface CreateArguments {
  readonly name: string;
  /** Bytes of a sub-buffer and their number in one CPU's buffer: both powers of two. */
  readonly subbufBytes: number;
  readonly subbufCount: number;
  readonly mode: TraceMode;
  /** A bit a CPU, 32 bytes; a bit an event, 512 bytes. */
  readonly cpuSet: Uint8Array;
  readonly eventSet: Uint8Array;
  /** Selection that facilities which come later look at; empty: none. */
  readonly pattern: string;
}

/** get_info of a trace: sizes in bytes. */
export interface TraceControlInfo {
  readonly mfn: number;
  readonly state: number;
  readonly mode: TraceMode;
  readonly subbufBytes: number;
  readonly subbufCount: number;
  /** How many traces of this hypervisor are active. */
  readonly activeTraces: number;
}

/**
 * get_info of one CPU's buffer: positions in bytes since the trace's start, counts of records. All are
 * exact up to 2^53; a buffer whose positions are beyond that (9 PB) is not read any more.
 */
export interface CpuInfo {
  readonly cpu: number;
  /** Frame numbers of the buffer's control block and of its data. */
  readonly ringMfn: number;
  readonly dataMfn: number;
  readonly offset: number;
  readonly consumed: number;
  /** Published so far, read by dom0 so far, and what is lost, by cause. */
  readonly records: number;
  readonly taken: number;
  readonly discardedFull: number;
  readonly discardedBig: number;
  readonly overwritten: number;
}

/** More than any limit, for a number that is none of 32 bits. */
const NO_U32 = 0xffffffff;
const IMAGE = HYPERCALL_AT + ops.TBC_TRACE_AT;
const encoder = new TextEncoder();

export class Privcmd {
  readonly #core: Hypercalls;
  readonly #views: MemoryViews;
  readonly #mayRecord: () => boolean;
  readonly #destroyed: (name: string) => void;
  /** The name that was asked for last, and its UTF-8: most calls are for one trace, again and again. */
  #named: string | undefined;
  #name = new Uint8Array(0);

  /**
   * @param mayRecord true while this thread's tracepoints write to this very hypervisor
   * @param destroyed is told the name of each trace that was destroyed
   */
  constructor(
    core: Hypercalls,
    views: MemoryViews,
    mayRecord: () => boolean,
    destroyed: (name: string) => void,
  ) {
    this.#core = core;
    this.#views = views;
    this.#mayRecord = mayRecord;
    this.#destroyed = destroyed;
  }

  /** Each of these returns the seed's 0 for success and 1 for failure; `reason` tells why. */
  create(args: CreateArguments): number {
    if (!this.#setName(args.name)) return this.#refuse(ops.OP_CREATE);
    const { bytes, data } = this.#views;
    // The image still has what the last get_info told, and the trace will be a copy of it.
    bytes.fill(0, IMAGE, IMAGE + TRACE_NAME_BYTES_AT);
    bytes.fill(0, IMAGE + TRACE_NAME_AT + this.#name.length, IMAGE + TRACE_BYTES);
    const pattern = encoder.encode(args.pattern);
    data.setUint32(
      IMAGE + TRACE_MODE_AT,
      args.mode === "overwrite" ? MODE_OVERWRITE : MODE_DISCARD,
      true,
    );
    data.setUint32(IMAGE + TRACE_SUBBUF_BYTES_AT, u32Or(0, args.subbufBytes), true);
    data.setUint32(IMAGE + TRACE_SUBBUF_COUNT_AT, u32Or(0, args.subbufCount), true);
    data.setUint32(IMAGE + TRACE_PATTERN_BYTES_AT, pattern.length, true);
    bytes.set(args.cpuSet.subarray(0, TRACE_CPU_SET_BYTES), IMAGE + TRACE_CPU_SET_AT);
    bytes.set(args.eventSet.subarray(0, TRACE_EVENT_SET_BYTES), IMAGE + TRACE_EVENT_SET_AT);
    bytes.set(pattern.subarray(0, TRACE_PATTERN_MAX), IMAGE + TRACE_PATTERN_AT);
    return this.#recorded(ops.OP_CREATE, args.subbufBytes, args.subbufCount);
  }

  destroy(name: string): number {
    if (!this.#setName(name)) return this.#refuse(ops.OP_DESTROY);
    const failed = this.#recorded(ops.OP_DESTROY);
    if (!failed) this.#destroyed(name);
    return failed;
  }

  start(name: string): number {
    return this.#setName(name) ? this.#recorded(ops.OP_START) : this.#refuse(ops.OP_START);
  }

  stop(name: string): number {
    return this.#setName(name) ? this.#recorded(ops.OP_STOP) : this.#refuse(ops.OP_STOP);
  }

  /**
   * Gives the bytes from `old` to `until` back to the writer (0: to the end of the sub-buffer), in
   * which dom0 has read `records` records. 1 with the reason `pushed`: the writer was faster, and
   * what was read must be thrown away.
   */
  consume(name: string, cpu: number, old: number, until: number, records: number): number {
    if (!this.#setName(name)) return this.#refuse(ops.OP_CONSUME);
    const { data } = this.#views;
    data.setUint32(HYPERCALL_AT + ops.TBC_CPU_AT, u32Or(NO_U32, cpu), true);
    const oldOrNone = Number.isSafeInteger(old) && old >= 0 ? old : -1;
    data.setBigUint64(HYPERCALL_AT + ops.TBC_OLD_AT, BigInt(oldOrNone), true);
    data.setBigUint64(HYPERCALL_AT + ops.TBC_UNTIL_AT, BigInt(until), true);
    data.setUint32(HYPERCALL_AT + ops.TBC_RECORDS_AT, records, true);
    return this.#core.tb_control(ops.OP_CONSUME);
  }

  /** A fresh copy of a trace's control information; a number is the failure. */
  getInfo(name: string): TraceControlInfo | number {
    const failed = this.#info(name, ops.NO_CPU);
    if (failed) return failed;
    const { data } = this.#views;
    return {
      mfn: this.#result(ops.TBC_MFN_AT),
      state: data.getUint32(IMAGE + TRACE_STATE_AT, true),
      mode:
        data.getUint32(IMAGE + TRACE_MODE_AT, true) === MODE_OVERWRITE ? "overwrite" : "discard",
      subbufBytes: data.getUint32(IMAGE + TRACE_SUBBUF_BYTES_AT, true),
      subbufCount: data.getUint32(IMAGE + TRACE_SUBBUF_COUNT_AT, true),
      activeTraces: this.#result(ops.TBC_ACTIVE_AT),
    };
  }

  /** A fresh copy of what a CPU's buffer holds; undefined: it has none; a number is the failure. */
  getCpuInfo(name: string, cpu: number): CpuInfo | undefined | number {
    // That number asks for no CPU, which is another question.
    const failed = this.#info(name, cpu === ops.NO_CPU ? NO_U32 : cpu);
    if (failed) return failed;
    if (this.#result(ops.TBC_RING_MFN_AT) === 0) return undefined;
    return {
      cpu,
      ringMfn: this.#result(ops.TBC_RING_MFN_AT),
      dataMfn: this.#result(ops.TBC_DATA_MFN_AT),
      offset: this.#result64(ops.TBC_OFFSET_AT),
      consumed: this.#result64(ops.TBC_CONSUMED_AT),
      records: this.#result64(ops.TBC_RING_RECORDS_AT),
      taken: this.#result64(ops.TBC_TAKEN_AT),
      discardedFull: this.#result64(ops.TBC_DISCARDED_FULL_AT),
      discardedBig: this.#result64(ops.TBC_DISCARDED_BIG_AT),
      overwritten: this.#result64(ops.TBC_OVERWRITTEN_AT),
    };
  }

  /** Why the last hypercall failed: a REASON_ value. */
  reason(): number {
    return this.#core.reason();
  }

  /** The error of the last hypercall, with the limit that the hypervisor told. */
  error(what: string, details: Readonly<Record<string, unknown>>): TraceError {
    const reason = this.reason();
    return hypercallError(what, reason, {
      ...details,
      ...(WITH_LIMIT.has(reason) && { limit: this.#result(ops.TBC_LIMIT_AT) }),
      ...(reason === ops.REASON_NO_MEMORY && { framesFree: countFrames(this.#views).free }),
    });
  }

  #info(name: string, cpu: number): number {
    if (!this.#setName(name)) return this.#refuse(ops.OP_GET_INFO);
    this.#views.data.setUint32(HYPERCALL_AT + ops.TBC_CPU_AT, u32Or(NO_U32, cpu), true);
    return this.#core.tb_control(ops.OP_GET_INFO);
  }

  #result(at: number): number {
    return this.#views.data.getUint32(HYPERCALL_AT + at, true);
  }

  #result64(at: number): number {
    return Number(this.#views.data.getBigUint64(HYPERCALL_AT + at, true));
  }

  /** False when the name cannot be a trace's, or this thread may not write to the page. */
  #setName(name: string): boolean {
    // dom0 may be filling the page in right now: a thread that is not dom0 leaves it alone.
    if (!this.#core.isDom0()) return false;
    const { bytes, data } = this.#views;
    if (name !== this.#named) {
      this.#named = name;
      this.#name = encoder.encode(name);
    }
    const { length } = this.#name;
    const fits = length > 0 && length <= TRACE_NAME_MAX;
    data.setUint32(IMAGE + TRACE_NAME_BYTES_AT, fits ? length : 0, true);
    if (fits) bytes.set(this.#name, IMAGE + TRACE_NAME_AT);
    return fits;
  }

  /** Lets the hypervisor itself refuse, so that the reason is its own. */
  #refuse(op: number): number {
    return this.#core.tb_control(op);
  }

  #recorded(op: number, a = 0, b = 0): number {
    if (!this.#mayRecord()) return this.#core.tb_control(op);
    dom0opEvents.dom0op_enter_base(op, a, b, 0, 0);
    const result = this.#core.tb_control(op);
    dom0opEvents.dom0op_leave_base(op, result, a, b, 0, 0);
    return result;
  }
}

/** `value`, or `otherwise` where storing it would make another number of it: 64.5, 2^32 + 64. */
function u32Or(otherwise: number, value: number): number {
  return value >>> 0 === value ? value : otherwise;
}

const WITH_LIMIT: ReadonlySet<number> = new Set([
  ops.REASON_NAME_BAD,
  ops.REASON_SUBBUF_BYTES,
  ops.REASON_SUBBUF_COUNT,
  ops.REASON_PATTERN,
  ops.REASON_TRACES_FULL,
  ops.REASON_CPU_UNKNOWN,
]);
