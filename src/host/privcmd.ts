// The only caller of dom0's hypercalls. Fills the hypercall page in, calls, reads results back, and
// records the control operations that change something as dom0op events.

import * as ops from "../../assembly/public/ops.js";
import { hypercallError, type TraceError } from "../errors.js";
import { countFrames } from "../memory/frame-table.js";
import {
  type CpuInfo,
  IMAGE_AT,
  readCpuResults,
  readLimit,
  readTraceResults,
  writeConsume,
  writeCpu,
} from "../memory/hypercall-page.js";
import {
  readTrace,
  type TraceFrame,
  type TraceImage,
  writeTrace,
  writeTraceName,
} from "../memory/trace-table.js";
import type { MemoryViews } from "../memory/views.js";
import { dom0opEvents } from "../tracepoint/builtin.js";
import type { Hypercalls } from "./hypercalls.js";

/** Arguments of create, as the hypervisor takes them: sizes are powers of two. */
export interface CreateArguments extends Omit<TraceImage, "pattern"> {
  readonly name: string;
  /** Selection that facilities which come later look at; empty: none. */
  readonly pattern: string;
}

/** get_info of a trace: sizes in bytes. */
export interface TraceControlInfo extends TraceFrame {
  readonly mfn: number;
  /** How many traces of this hypervisor are active. */
  readonly activeTraces: number;
}

/** Who calls: the thread that is dom0. */
export interface Caller {
  readonly core: Hypercalls;
  readonly views: MemoryViews;
  /** True while this thread's tracepoints write to this very hypervisor. */
  mayRecord(): boolean;
}

/** More than any limit, for a number that is none of 32 bits. */
const NO_U32 = 0xffffffff;
const encoder = new TextEncoder();

export class Privcmd {
  readonly #core: Hypercalls;
  readonly #views: MemoryViews;
  readonly #caller: Caller;
  readonly #destroyed: (name: string) => void;
  /** The name that was asked for last, and its UTF-8: most calls are for one trace, again and again. */
  #named: string | undefined;
  #name = new Uint8Array(0);

  /** @param destroyed is told the name of each trace that was destroyed */
  constructor(caller: Caller, destroyed: (name: string) => void) {
    this.#core = caller.core;
    this.#views = caller.views;
    this.#caller = caller;
    this.#destroyed = destroyed;
  }

  /** Each of these returns the seed's 0 for success and 1 for failure; `reason` tells why. */
  create(args: CreateArguments): number {
    if (!this.#setName(args.name)) return this.#refuse(ops.OP_CREATE);
    writeTrace(this.#views, IMAGE_AT, {
      ...args,
      subbufBytes: u32Or(0, args.subbufBytes),
      subbufCount: u32Or(0, args.subbufCount),
      pattern: encoder.encode(args.pattern),
    });
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
    writeCpu(this.#views, u32Or(NO_U32, cpu));
    const known = Number.isSafeInteger(old) && old >= 0;
    writeConsume(this.#views, known ? old : -1, until, records);
    return this.#core.tb_control(ops.OP_CONSUME);
  }

  /** A fresh copy of a trace's control information; a number is the failure. */
  getInfo(name: string): TraceControlInfo | number {
    const failed = this.#info(name, ops.NO_CPU);
    if (failed) return failed;
    return { ...readTrace(this.#views, IMAGE_AT), ...readTraceResults(this.#views) };
  }

  /** A fresh copy of what a CPU's buffer holds; undefined: it has none; a number is the failure. */
  getCpuInfo(name: string, cpu: number): CpuInfo | undefined | number {
    // That number asks for no CPU, which is another question.
    const failed = this.#info(name, cpu === ops.NO_CPU ? NO_U32 : cpu);
    return failed || readCpuResults(this.#views, cpu);
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
      ...(WITH_LIMIT.has(reason) && { limit: readLimit(this.#views) }),
      ...(reason === ops.REASON_NO_MEMORY && { framesFree: countFrames(this.#views).free }),
    });
  }

  #info(name: string, cpu: number): number {
    if (!this.#setName(name)) return this.#refuse(ops.OP_GET_INFO);
    writeCpu(this.#views, u32Or(NO_U32, cpu));
    return this.#core.tb_control(ops.OP_GET_INFO);
  }

  /** False when the name cannot be a trace's, or this thread may not write to the page. */
  #setName(name: string): boolean {
    // dom0 may be filling the page in right now: a thread that is not dom0 leaves it alone.
    if (!this.#core.dom0_held()) return false;
    if (name !== this.#named) {
      this.#named = name;
      this.#name = encoder.encode(name);
    }
    return writeTraceName(this.#views, IMAGE_AT, this.#name);
  }

  /** Lets the hypervisor itself refuse, so that the reason is its own. */
  #refuse(op: number): number {
    return this.#core.tb_control(op);
  }

  #recorded(op: number, a = 0, b = 0): number {
    if (!this.#caller.mayRecord()) return this.#core.tb_control(op);
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
