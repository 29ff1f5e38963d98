// Who the threads of a recording are, kept by dom0: a thread says so once, when it joins. The record of that is gone
// from a buffer that is overwritten, and from a trace whose oldest parts are removed, so it is put before what is kept.
// A small trace of its own catches it: nothing has to be searched for in the records of all other events.

import {
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
} from "../../assembly/public/layout.js";
import { lowTimeAt, timeFrom } from "../clock/record-time.js";
import type { RecordedPacket } from "../ctf/index.js";
import { type Sizer, sizerOf } from "../event/payload.js";
import type { Dom0, Packet, Trace } from "../host/index.js";

const TRACE_NAME = "tbuf.threads";
const FACILITY = "core";
const EVENT = "domain_info";
/** Some hundred names a CPU between two looks; a look is due whenever a thread joins. */
const SUBBUF_BYTES = 4096;
const SUBBUF_COUNT = 2;
/** Most threads that are remembered of one CPU. */
const REMEMBERED_MAX = 64;

interface Introduction {
  /** Nanoseconds since boot. */
  readonly time: bigint;
  /** The record as it was written. */
  readonly bytes: Uint8Array;
}

export class ThreadNames {
  readonly #dom0: Dom0;
  readonly #trace: Trace;
  readonly #byCpu = new Map<number, Introduction[]>();
  #sizer: Sizer | undefined;

  /** Starts to listen: before the threads join. Throws TraceError as `createTrace`. */
  constructor(dom0: Dom0) {
    this.#dom0 = dom0;
    this.#trace = dom0.createTrace(TRACE_NAME, {
      subbufBytes: SUBBUF_BYTES,
      subbufCount: SUBBUF_COUNT,
      events: `${FACILITY}:${EVENT}`,
    });
    this.#trace.start();
  }

  /** Takes in what threads have said since the last look. To be called when one has joined. Throws TraceError. */
  read(): void {
    if (this.#trace.destroyed) return;
    this.#trace.drain((packet) => this.#take(packet));
  }

  /**
   * A packet that says who records on the CPU at a time; undefined: nothing is known of that.
   * @param time nanoseconds since boot: of the first record that follows. The packet's own record gets it
   * @param discarded what the packet tells of losses
   */
  introduce(cpu: number, time: bigint, discarded: number): RecordedPacket | undefined {
    const before = this.#byCpu.get(cpu)?.filter((introduction) => introduction.time < time);
    const last = before?.at(-1);
    if (!last) return undefined;
    const bytes = last.bytes.slice();
    const view = new DataView(bytes.buffer);
    const event = BigInt(view.getUint32(0, true) & RECORD_EVENT_MASK);
    view.setBigUint64(0, BigInt.asUintN(64, (time << BigInt(RECORD_EVENT_BITS)) | event), true);
    return { cpu, begin: time, end: time, records: 1, discarded, bytes };
  }

  /** Listens no more. May be called twice. */
  close(): void {
    if (!this.#trace.destroyed) this.#trace.destroy();
  }

  #take({ cpu, begin, bytes }: Packet): void {
    this.#sizer ??= this.#findSizer();
    const sizer = this.#sizer;
    const known = this.#byCpu.get(cpu) ?? [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let time = begin;
    for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length; ) {
      const size = sizer?.(view, at + RECORD_HEADER_BYTES, bytes.length) ?? -1;
      const until = at + RECORD_HEADER_BYTES + size;
      if (size < 0) return;
      time = timeFrom(lowTimeAt(view, at), time);
      known.push({ time, bytes: bytes.slice(at, until) });
      at = until;
    }
    this.#byCpu.set(cpu, known.slice(-REMEMBERED_MAX));
  }

  /** What tells the size of the event's payloads. */
  #findSizer(): Sizer | undefined {
    const found = this.#dom0.facilities().find(({ definition }) => definition.name === FACILITY);
    const event = found?.definition.events.find(({ name }) => name === EVENT);
    return event && sizerOf(event);
  }
}
