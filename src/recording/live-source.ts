// A trace that is recorded right now, as a source: what its buffers hold by the time it is asked.

import { entriesOf, type PacketTold, type Told } from "../ctf/read/entries.js";
import { compileFacilities, decodeRecords, type EventTable } from "../ctf/read/records.js";
import { hypervisorClock } from "../ctf/write/clock.js";
import type { Dom0, Packet, Trace } from "../host/index.js";
import type { TraceEntry } from "../trace/entry.js";
import type { TraceStream } from "../trace/merge.js";
import type { Environment, TraceSchema } from "../trace/schema.js";
import type { TraceSource } from "../trace/source.js";

/** How to read a live trace. */
export interface LiveSourceOptions {
  /** More about the trace: host, runtime, what the program likes. */
  readonly env?: Environment;
  /** Leave the records in the buffers, and read them again the next time. Default false. */
  readonly snapshot?: boolean;
}

/**
 * A trace of dom0's, while it is recorded or after. Each look at `streams` takes the records that are there by then
 * out of the buffers, as copies, and each stream can be read once; so `pump(source, sink)` moves what there is, and
 * a program that wants all of it appends the merged entries of `streams` to one sink again and again:
 *
 *     sink.begin(source.schema);
 *     setInterval(() => {
 *       for (const entry of mergeStreams(source.streams)) sink.append(entry);
 *     }, 100);
 *
 * Entries come in the order of time within one look. Losses that no record has come after are told once the trace
 * is stopped. `streams` throws TraceError as `trace.drain` and `trace.snapshot` do.
 */
export function liveSource(
  dom0: Dom0,
  trace: Trace,
  { env = {}, snapshot = false }: LiveSourceOptions = {},
): TraceSource {
  const told = new Map<number, Told>();
  const events = new LiveEvents(dom0);
  return {
    get schema(): TraceSchema {
      const cpuClocks = dom0.clocks();
      return {
        environment: env,
        clock: hypervisorClock(dom0.clock, cpuClocks),
        cpuClocks,
        events: Array.from(events.table().values(), ({ eventClass }) => eventClass),
      };
    },
    get streams(): readonly TraceStream[] {
      if (snapshot) told.clear();
      const packets = snapshot ? trace.snapshot() : drained(trace);
      const byCpu = new Map<number, Packet[]>();
      for (const packet of packets) {
        const own = byCpu.get(packet.cpu) ?? [];
        byCpu.set(packet.cpu, own);
        own.push(packet);
      }
      const losses = snapshot || trace.info().active ? [] : trace.losses();
      for (const { cpu } of losses) if (!byCpu.has(cpu)) byCpu.set(cpu, []);
      // After the packets were taken: an event in them is registered by now.
      const table = events.table();
      return Array.from(byCpu, ([cpu, own]): TraceStream => {
        const state = told.get(cpu) ?? { discarded: 0, end: undefined };
        told.set(cpu, state);
        const lost = losses.find((loss) => loss.cpu === cpu)?.discarded ?? 0;
        return { info: { cpu }, entries: () => liveEntries(cpu, own, table, state, lost) };
      });
    },
  };
}

type LivePacket = Packet & PacketTold;

function* liveEntries(
  cpu: number,
  packets: readonly Packet[],
  table: EventTable,
  state: Told,
  lost: number,
): Generator<TraceEntry, void, void> {
  const told = packets.map((packet): LivePacket => ({ ...packet, timestampEnd: packet.end }));
  const records = ({ bytes, begin, end, records: count }: LivePacket) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const times = { timestampBegin: begin, timestampEnd: end };
    return decodeRecords(view, { at: 0, until: bytes.length, records: count, ...times }, table);
  };
  yield* entriesOf({ packets: told, records }, state);
  const more = lost - state.discarded;
  if (more <= 0) return;
  state.discarded = lost;
  yield { kind: "loss", cpu, records: more, timestamp: state.end ?? 0n, since: state.end };
}

/** Copies: a drain's packets are views of memory that is written again. */
function drained(trace: Trace): Packet[] {
  const packets: Packet[] = [];
  trace.drain((packet) => packets.push({ ...packet, bytes: packet.bytes.slice() }), {
    partial: true,
  });
  return packets;
}

/** The classes of the events of a hypervisor. Each facility is compiled once: a class is one object. */
class LiveEvents {
  readonly #dom0: Dom0;
  #table: EventTable = new Map();
  #facilities = 0;

  constructor(dom0: Dom0) {
    this.#dom0 = dom0;
  }

  table(): EventTable {
    const facilities = this.#dom0.facilities();
    if (facilities.length > this.#facilities) {
      const more = compileFacilities(facilities.slice(this.#facilities));
      this.#table = new Map([...this.#table, ...more]);
      this.#facilities = facilities.length;
    }
    return this.#table;
  }
}
