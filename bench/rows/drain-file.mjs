// How fast dom0 gets a full buffer into a file: CtfWriter, as `tbuf record` uses it, against
// writeSync of the same bytes in the same pieces, which is the least that any writer would do.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { facility, field, Hypervisor, u32 } from "tbuf";
import { CtfWriter } from "tbuf/node";
import { median } from "../lib/statistics.mjs";

const SUBBUF_BYTES = 65536;
const SUBBUF_COUNT = 64;
const SAMPLES = 16;
const SAMPLES_QUICK = 4;
const WARM_SAMPLES = 32;
/** The first sample of a round begins in a sub-buffer that is half taken: it has a packet less. */
const AGAIN_SAMPLES = 2;
const NS_PER_MS = 1e6;
const MB = 1e6;

function drainFile() {
  const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });
  const hypervisor = Hypervisor.boot();
  const dom0 = hypervisor.dom0();
  hypervisor.attach();
  const sizes = { subbufBytes: SUBBUF_BYTES, subbufCount: SUBBUF_COUNT };
  const trace = dom0.createTrace("bench", { events: "bench", ...sizes });
  trace.start();
  const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-drain-"));

  // All sub-buffers but the one that the writer is in. A record is 16 bytes, and a sub-buffer's last
  // one never ends at its end.
  const records = (SUBBUF_BYTES / 16 - 1) * (SUBBUF_COUNT - 1);
  let done = 0;
  let written = 0;
  let sample = 0;
  let plain;

  /** Fills the buffer, drains it into a file, and writes as much plainly; by turns in either order. */
  const measure = () => {
    for (let i = 0; i < records; i++) pair(i, i);
    done += records;
    sample++;
    const folder = join(dir, `trace${sample}`);
    const out = new CtfWriter({ dir: folder, clock: dom0.clock });
    out.describe(dom0.facilities());
    let packets = 0;
    const drain = () => {
      const take = (packet) => {
        out.write(packet);
        written += packet.records;
        packets++;
      };
      return timed(() => trace.drain(take, { partial: false }));
    };
    // What this drain will write is not known before it: the other side always writes the bytes of
    // the sample before, which has as many packets of the same length.
    const [ms, plainMs] =
      sample % 2 === 0 ? [drain(), writePlain(plain)] : [writePlain(plain), drain()].reverse();
    out.finish([]);
    const bytes = readFileSync(join(folder, "xen_0"));
    rmSync(folder, { recursive: true });
    plain = { bytes, piece: bytes.length / packets, path: join(dir, "plain") };
    return { bytes: bytes.length, packets, ms, plainMs };
  };

  return {
    close: () => rmSync(dir, { recursive: true, force: true }),
    round({ quick }) {
      for (let i = 0; i < (plain ? AGAIN_SAMPLES : WARM_SAMPLES); i++) measure();
      const samples = Array.from({ length: quick ? SAMPLES_QUICK : SAMPLES }, measure);
      const [{ bytes, packets }] = samples;
      const ms = median(samples.map((each) => each.ms));
      const plainMs = median(samples.map((each) => each.plainMs));
      // What is left in the sub-buffer that is open belongs to the account, not to the figure.
      trace.drain((packet) => {
        written += packet.records;
      });
      const { discardedFull, discardedBig } = trace.info().cpus[0];
      return {
        ns: (ms * NS_PER_MS) / packets,
        ratio: plainMs / ms,
        value: bytes / MB / (ms / 1000),
        done,
        recorded: [written],
        discarded: discardedFull + discardedBig,
        recordsPerOp: 1,
      };
    },
  };
}

function writePlain(plain) {
  if (!plain) return Number.NaN;
  const { bytes, piece, path } = plain;
  let fd;
  const ms = timed(() => {
    // The drain's first packet creates its stream file, too.
    fd = openSync(path, "wx");
    for (let at = 0; at < bytes.length; at += piece) writeSync(fd, bytes, at, piece);
  });
  closeSync(fd);
  rmSync(path);
  return ms;
}

function timed(action) {
  const begin = performance.now();
  action();
  return performance.now() - begin;
}

export const rows = { "drain-file": drainFile };
