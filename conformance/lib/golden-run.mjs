// A fixed sequence of events at fixed times, drained into packets: the bytes that every runtime must
// leave alike.

import { formatUuid, metadataEvents, metadataHeader } from "tbuf/ctf";
import { golden } from "../facilities.mjs";
import { drained, withHeader } from "./records.mjs";
import { withWriter } from "./writers.mjs";

const UUID = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

/**
 * Nanoseconds since the round's begin, and an event. Not later than a clock may be ahead of dom0's.
 */
const SEQUENCE = [
  [1_000_000, () => golden.none()],
  [1_000_001, () => golden.pair(1, -1)],
  [1_000_001, () => golden.pair(4294967295, -2147483648)],
  [2_500_000, () => golden.seven(255, 65535, 4294967295, -128, -32768, -2147483648, true)],
  [3_000_000, () => golden.wide(2n ** 64n - 1n, -(2n ** 63n), -0.1, 1.5)],
  [3_000_000, () => golden.wide(7, -7, Number.NEGATIVE_INFINITY, 3.4028234663852886e38)],
  [5_000_000, () => golden.text("gr\u00fc\u00df dich \u{1f600}", 1)],
  // Time that goes back counts as the last one.
  [4_000_000, () => golden.text("", 2)],
  [6_000_000, () => golden.text("a\0b", 3)],
  [7_000_000, () => golden.blob(Uint8Array.of(1, 2, 3, 255, 0))],
  [7_000_000, () => golden.blob(new Uint8Array(0))],
  [8_000_000, () => golden.list([1, 2, 65535], ["x", "", "yz"], "deep sea")],
  [8_000_001, () => golden.list([], [], "RED")],
  [9_000_000, () => golden.named({ id: 9, path: "/items/9" })],
  [9_999_999, () => golden.text("x".repeat(300), 4)],
  [10_000_000, () => golden.pair.writeMany(Int32Array.of(1, 2, 3, 4, 5, 6))],
  [4_294_967_295, () => golden.none()],
  [4_294_967_297, () => golden.pair(52, 53)],
];
const ROUNDS = 2;
const ROUND_NS = 5_000_000_000;

/**
 * The packets of the sequence, each with its header. Small sub-buffers: some records are lost in the
 * first round, and the second is read in parts.
 */
export function goldenBytes(t, { writer = "wasm", mode = "discard", subbufBytes = 256 } = {}) {
  const hypervisor = t.boot();
  const dom0 = hypervisor.dom0();
  const { bootMs } = dom0.clock;
  let ns = 0;
  // Half a nanosecond more: what a double cannot tell must not cost a whole one.
  const clock = { now: () => bootMs + (ns + 0.5) / 1e6 };
  hypervisor.attach(withWriter({ writer, clock }));
  const trace = dom0.createTrace("golden", { events: "golden", mode, subbufBytes });
  trace.start();
  const packets = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [time, act]] of SEQUENCE.entries()) {
      ns = round * ROUND_NS + time;
      act();
      if (round === 1 && i % 5 === 0) packets.push(...drained(trace));
    }
  }
  packets.push(...drained(trace));
  hypervisor.close();
  return packets.map((packet, sequence) => withHeader(packet, { uuid: UUID, sequence }));
}

/** The metadata of the trace that those packets are of. */
export function goldenMetadata(t) {
  const { dom0 } = t.start();
  const known = dom0.facilities().find(({ definition }) => definition.name === "golden");
  const header = metadataHeader({
    uuid: formatUuid(UUID),
    env: { answer: 42, text: 'with "quotes" and \u00fc' },
    clock: { description: "golden", offsetSeconds: 1_700_000_000, offsetNanoseconds: 999_999_999 },
  });
  return header + metadataEvents(known.firstEvent, known.definition);
}
