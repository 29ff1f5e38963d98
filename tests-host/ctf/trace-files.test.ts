// A trace in memory: the same files as on a disk, and nothing of them is the hypervisor's memory.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkMetadata,
  parseUuid,
  TraceFiles,
  type TraceFilesOptions,
} from "../../src/ctf/index.js";
import { facility, field, u32 } from "../../src/index.js";
import { CtfWriter, type CtfWriterOptions } from "../../src/node/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, total } from "../lib/record.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const { tick } = facility("files", { tick: [field("n", u32)] });

/** Two sub-buffers of 64 bytes hold ten ticks; the others are discarded. */
function recorded(ticks: number) {
  const hypervisor = world.boot();
  hypervisor.attach();
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("t", { events: "files", subbufBytes: 64, subbufCount: 2 });
  trace.start();
  for (let i = 0; i < ticks; i++) tick(i);
  return { dom0, trace };
}

/** A file in hexadecimal digits, without the trace's own UUID. */
function unnamed(bytes: Uint8Array, metadata: Uint8Array | undefined): string {
  const text = Buffer.from(metadata ?? []).toString();
  const { uuid } = checkMetadata(text);
  const binary = Buffer.from(parseUuid(uuid)).toString("hex");
  const written = Buffer.from(uuid).toString("hex");
  return Buffer.from(bytes).toString("hex").replaceAll(binary, "").replaceAll(written, "");
}

describe("TraceFiles", () => {
  itWith("babeltrace2")("is a trace that babeltrace2 reads, with what was lost", async () => {
    const { dom0, trace } = recorded(15);
    const out = new TraceFiles({ clock: dom0.clock, channel: "memory" });
    out.describe(dom0.facilities(), dom0.clocks());
    trace.drain((packet) => out.write(packet));
    // Lost after the last packet that holds records: only an empty one can tell.
    for (let i = 0; i < 15; i++) tick(i);
    const [lost] = trace.losses();
    const later = (lost?.discarded ?? 0) - 5;
    expect(later).toBeGreaterThan(0);
    const files = out.finish(trace.losses());
    expect([...files.keys()]).toEqual(["metadata", "memory_0"]);
    const dir = freshDir();
    for (const [name, bytes] of files) writeFileSync(join(dir, name), bytes);
    const read = await babeltrace(dir);
    expect(read.code).toBe(0);
    expect(total(read, "files:tick")).toBe(10);
    const told = [...read.stderr.matchAll(/discarded (\d+) event/g)].map(([, count]) =>
      Number(count),
    );
    expect(told).toEqual([5, later]);
  });

  it("holds what CtfWriter writes, but for the names of the trace and its host", () => {
    const { dom0, trace } = recorded(10);
    const env = { hostname: "h", runtime: "r", runtime_version: "1" };
    const options = { clock: dom0.clock, clocks: dom0.clocks(), env };
    const dir = join(freshDir(), "trace");
    mkdirSync(dir);
    const disk = new CtfWriter({ ...options, dir });
    const memory = new TraceFiles(options);
    for (const out of [disk, memory]) out.describe(dom0.facilities(), dom0.clocks());
    trace.drain((packet) => {
      disk.write(packet);
      memory.write(packet);
    });
    disk.finish([]);
    const files = memory.finish([]);
    expect([...files.keys()].sort()).toEqual(readdirSync(dir).sort());
    for (const [name, bytes] of files) {
      const written = readFileSync(join(dir, name));
      expect(unnamed(bytes, files.get("metadata"))).toBe(
        unnamed(written, readFileSync(join(dir, "metadata"))),
      );
    }
  });

  it("keeps copies: what is recorded afterwards does not change them", () => {
    const { dom0, trace } = recorded(10);
    const out = new TraceFiles({ clock: dom0.clock });
    trace.drain((packet) => out.write(packet));
    for (let turn = 0; turn < 4; turn++) {
      for (let i = 0; i < 10; i++) tick(1000);
      trace.drain(() => {});
    }
    const stream = out.finish([]).get("xen_0") ?? new Uint8Array(0);
    expect(stream.buffer).toBeInstanceOf(ArrayBuffer);
    const ticks = [...new Uint32Array(stream.buffer)].filter((word) => word === 1000);
    expect(ticks).toEqual([]);
  });

  it.each([undefined, null, {}, { wallNs: 1 }])(
    "refuses what is no clock of dom0's: %j",
    (clock) => {
      const options = { clock } as unknown as TraceFilesOptions;
      expect(() => new TraceFiles(options)).toThrow(
        /a writer needs the dom0 whose packets it writes/,
      );
    },
  );
});

it.each([undefined, "", 7])("CtfWriter refuses what names no directory: %j", (dir) => {
  const options = { dir } as unknown as CtfWriterOptions;
  expect(() => new CtfWriter(options)).toThrow(/^CtfWriter: dir must be the name of a directory/);
});
