// A trace whose writer was killed within a write: all whole packets are kept, and all readers take it.

import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkMetadata, readFacilities } from "../../src/ctf/index.js";
import { core } from "../../src/facilities/index.js";
import { cutTornTails } from "../../src/node/files/cut-torn.js";
import { CtfWriter, countEvents, readTraceDir } from "../../src/node/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, cli, freshDir, record, run, tbuf } from "../lib/record.js";

const withBabeltrace = itWith("babeltrace2");
const clock = { timeOriginMs: 0, bootMs: 0, wallNs: 0n };

/** A trace of two streams, the first with three packets; returns where its last packet begins. */
function makeTrace(): { dir: string; stream: string; at: number; size: number } {
  const dir = join(freshDir(), "trace");
  const writer = new CtfWriter({ dir, clock });
  const packet = (cpu: number, n: bigint, bytes: number) => ({
    cpu,
    begin: n,
    end: n,
    records: 0,
    discarded: 0,
    bytes: new Uint8Array(bytes),
  });
  for (const [n, bytes] of [0, 0, 40].entries()) writer.write(packet(0, BigInt(n), bytes));
  writer.write(packet(1, 0n, 0));
  writer.finish();
  const stream = join(dir, "xen_0");
  const { length: size } = readFileSync(stream);
  return { dir, stream, at: 2 * 80, size };
}

const packetsOf = (dir: string) =>
  readTraceDir(dir).summary.streams.map(({ name, packets }) => [name, packets]);

describe("a stream cut anywhere in its last packet", () => {
  it("keeps the packets before it, also for a reader", () => {
    const { dir, stream, at, size } = makeTrace();
    const whole = readFileSync(stream);
    for (let left = at + 1; left < size; left++) {
      writeFileSync(stream, whole.subarray(0, left));
      const torn = [{ path: stream, at, bytes: left - at }];
      expect(readTraceDir(dir).torn).toEqual(torn);
      const packets = [
        ["xen_0", 2],
        ["xen_1", 1],
      ];
      expect(packetsOf(dir)).toEqual(packets);
      expect(cutTornTails(dir, "xen")).toEqual(torn);
      expect(readFileSync(stream)).toEqual(whole.subarray(0, at));
      expect(readTraceDir(dir).torn).toEqual([]);
      expect(packetsOf(dir)).toEqual(packets);
      expect(cutTornTails(dir, "xen")).toEqual([]);
    }
  });

  it("is removed when that is its only one", () => {
    for (const left of [1, 19, 79, 80, 100]) {
      const { dir, stream } = makeTrace();
      writeFileSync(stream, readFileSync(stream).subarray(160, 160 + left));
      expect(cutTornTails(dir, "xen")).toEqual([{ path: stream, at: 0, bytes: left }]);
      expect(readdirSync(dir).toSorted()).toEqual(["metadata", "xen_1"]);
    }
  });

  it("is left alone when it does not look like one of this trace", () => {
    const { dir, stream } = makeTrace();
    const foreign: [string, Uint8Array][] = [
      ["xen_0", new Uint8Array([...readFileSync(stream), 1, 2, 3])],
      ["xen_2", new TextEncoder().encode("a note of the program's")],
      ["xen_3", readFileSync(makeTrace().stream).subarray(0, 100)],
      ["notes", readFileSync(stream).subarray(0, 100)],
    ];
    for (const [name, bytes] of foreign) writeFileSync(join(dir, name), bytes);
    expect(cutTornTails(dir, "xen")).toEqual([]);
    for (const [name, bytes] of foreign) {
      expect(new Uint8Array(readFileSync(join(dir, name)))).toEqual(new Uint8Array(bytes));
    }
  });
});

describe("metadata cut anywhere", () => {
  it("keeps what is whole, and goes when not even its header is", () => {
    const dir = join(freshDir(), "trace");
    const writer = new CtfWriter({ dir, clock });
    const path = join(dir, "metadata");
    const header = readFileSync(path).length;
    writer.describe(
      [{ firstEvent: 1, definition: core }],
      [{ cpu: 0, clock: "precise", resolutionNs: 1, errorNs: 0 }],
    );
    writer.finish();
    const whole = readFileSync(path, "latin1");
    for (let left = 0; left <= whole.length; left += left < header - 20 ? 17 : 1) {
      writeFileSync(path, whole.slice(0, left));
      const torn = cutTornTails(dir, "xen");
      if (left < header) {
        expect(torn).toEqual([{ path, at: 0, bytes: left }]);
        expect(existsSync(path)).toBe(false);
        continue;
      }
      const text = readFileSync(path, "latin1");
      expect(text.length + (torn[0]?.bytes ?? 0)).toBe(left);
      expect(whole.startsWith(text)).toBe(true);
      expect(() => [checkMetadata(text), readFacilities(text)]).not.toThrow();
      expect(/(?:\};|\*\/)\n$/.test(text)).toBe(true);
    }
  });
});

describe("tbuf record, when the trace did not come to its end", () => {
  const ruin = (dir: string, kind: string, env: Record<string, string> = {}) =>
    record(dir, "record-ruin.mjs", [], { env: { DIR: dir, RUIN: kind, ...env } });

  withBabeltrace(
    "cuts a packet that a kill has torn, says so, and keeps the exit code",
    async () => {
      const dir = join(freshDir(), "trace");
      const { code, stderr } = await ruin(dir, "torn");
      expect(code).toBe(137);
      expect(stderr).toContain("killed by SIGKILL");
      expect(stderr).toMatch(/xen_0: its end was torn by that .*100 bytes, cut back to \d+ bytes/);
      const read = await babeltrace(dir);
      expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
      expect(read.counts.size).toBeGreaterThan(0);
      expect((await tbuf(["info", dir])).code).toBe(0);
    },
  );

  withBabeltrace.each([150, 260, 410])(
    "leaves a trace that all read of a busy program killed after %i ms",
    async (ms) => {
      const dir = join(freshDir(), "trace");
      const { code } = await ruin(dir, "busy", { AFTER_MS: String(ms) });
      expect(code).toBe(137);
      const read = await babeltrace(dir);
      expect({ code: read.code, error: /ERROR/.test(read.stderr) }).toEqual({
        code: 0,
        error: false,
      });
    },
  );

  it("keeps the exit code when the directory was deleted meanwhile", async () => {
    const dir = join(freshDir(), "trace");
    const { code, stderr } = await ruin(dir, "deleted");
    expect(code).toBe(0);
    expect(stderr).toContain(`tbuf: ${join(dir, "metadata")}: no such file or directory`);
  });

  it("leaves nothing when nothing at all could be written", async () => {
    const parent = freshDir();
    const dir = join(parent, "deep", "trace");
    const command = ["record", "-o", dir, "--", process.execPath, "-e", "process.exitCode = 5"];
    const limited = 'ulimit -f 0; exec "$0" "$@"';
    const { code, stderr } = await run("bash", ["-c", limited, process.execPath, cli, ...command]);
    expect(code).toBe(5);
    expect(stderr).toMatch(/tbuf: recording failed: cannot write \d+ bytes to .*metadata/);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe("tbuf info of a torn trace", () => {
  it("tells what is whole, where it is torn, and ends with 1", async () => {
    const { dir, stream, at, size } = makeTrace();
    truncateSync(stream, size - 1);
    const { code, stdout, stderr } = await tbuf(["info", "--events", dir]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/xen_0 +0 +2 /);
    expect(stderr).toContain(
      `${stream}: packet at byte ${at}: truncated: only its first ${size - 1 - at} bytes are there`,
    );
    const json = await tbuf(["info", "--json", dir]);
    expect(JSON.parse(json.stdout).torn).toEqual([{ path: stream, at, bytes: size - 1 - at }]);
    expect(countEvents(dir).size).toBe(0);
  });
});
