// Writes a trace in memory, for babeltrace2 to read: metadata as text, streams as Base64.

import { capabilities } from "tbuf";
import { metadataClock, metadataEvents, metadataHeader, parseUuid } from "tbuf/ctf";
import { conf, golden, lists, TYPES, types } from "../facilities.mjs";
import { toBase64 } from "./base64.mjs";
import { Fixture } from "./fixture.mjs";
import { decode, drained, withHeader } from "./records.mjs";

const UUID = "7b0ff0f1-0000-4000-8000-74627566ce57";
const WORKERS = 2;

/** Records every type, and threads where there are any; returns the trace and what it must hold. */
export async function writeTrace(env) {
  const fixture = new Fixture(env);
  try {
    return await record(fixture);
  } finally {
    await fixture.end();
  }
}

async function record(fixture) {
  const { hypervisor, dom0, trace } = fixture.record("golden,types,lists,conf", {
    subbufBytes: 65536,
  });
  for (const [name, { values }] of Object.entries(TYPES)) {
    for (const value of values) types[name](value);
    lists[name]?.(values);
  }
  golden.none();
  conf.text("the main thread", 1);
  if (capabilities.crossThread) {
    for (let i = 0; i < WORKERS; i++) {
      const thread = await fixture.spawn(hypervisor, { calibrate: true });
      await thread.call("record", { thread: i, count: 100 });
      await thread.call("texts", { count: 20 });
    }
  }
  trace.stop();
  await trace.stopped();
  return describe(fixture, dom0, drained(trace));
}

function describe({ env }, dom0, packets) {
  const { wallNs } = dom0.clock;
  const clocks = dom0.clocks();
  const header = metadataHeader({
    uuid: UUID,
    env: { runtime: env.name, runtime_version: env.version },
    clock: {
      description: "nanoseconds since the hypervisor was booted",
      offsetSeconds: Number(wallNs / 1_000_000_000n),
      offsetNanoseconds: Number(wallNs % 1_000_000_000n),
    },
  });
  const events = dom0.facilities().map((each) => metadataEvents(each.firstEvent, each.definition));
  const counts = {};
  for (const { event } of decode(dom0, packets)) counts[event] = (counts[event] ?? 0) + 1;
  return {
    metadata: [header, ...clocks.map(metadataClock), ...events].join(""),
    streams: streamsOf(packets),
    counts,
  };
}

/** Base64 of each CPU's packets. */
function streamsOf(packets) {
  const streams = {};
  const cpus = new Set(packets.map(({ cpu }) => cpu));
  for (const cpu of cpus) {
    const own = packets.filter((packet) => packet.cpu === cpu);
    const uuid = parseUuid(UUID);
    const parts = own.map((packet, sequence) => withHeader(packet, { uuid, sequence }));
    streams[cpu] = toBase64(Uint8Array.from(parts.flatMap((part) => [...part])));
  }
  return streams;
}
