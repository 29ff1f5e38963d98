// Rows of tbuf's own tracepoints. Each runs in a process of its own, with one hypervisor, as
// programs have.

import { facility, field, string, u32 } from "tbuf";
import { batchRow } from "../lib/batch-row.mjs";
import { VALUES_MASK, values } from "../lib/values.mjs";
import { makeWorld } from "../lib/world.mjs";

/** Records a batch; those of the largest records fill 6 of the buffer's 8 sub-buffers. */
const OPS = 8192;
/** A call that records nothing is so short that a batch of it must be longer. */
const DISABLED_OPS = 131072;

const numbers = (count) => Array.from({ length: count }, (_, i) => field(`f${i}`, u32));

function record2Precise(traces = 1) {
  const { pair } = facility("bench", { pair: numbers(2) });
  const { drain, account } = makeWorld("bench", traces);
  const batch = () => {
    for (let i = 0; i < OPS; i++) pair(i, values[i & VALUES_MASK]);
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

/** The export below the tracepoint, with a time that the caller has read once for the batch. */
function record2Caller() {
  facility("bench", { pair: numbers(2) });
  const { cpu, dom0, drain, account } = makeWorld("bench");
  const { core } = cpu.binding;
  const bench = dom0.facilities().find(({ definition }) => definition.name === "bench");
  const event = bench.firstEvent;
  const batch = () => {
    const time = performance.now();
    for (let i = 0; i < OPS; i++) core.record2(event, time, i, values[i & VALUES_MASK]);
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

function record2Named() {
  const { pair } = facility("bench", { pair: { a: u32, b: u32 } });
  const { drain, account } = makeWorld("bench");
  const batch = () => {
    for (let i = 0; i < OPS; i++) pair({ a: i, b: values[i & VALUES_MASK] });
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

function record7Precise() {
  const { seven } = facility("bench", { seven: numbers(7) });
  const { drain, account } = makeWorld("bench");
  const batch = () => {
    for (let i = 0; i < OPS; i++) seven(i, values[i & VALUES_MASK], 3, 4, 5, 6, 7);
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

function stringPrecise(length) {
  const { text } = facility("bench", { text: [field("text", string)] });
  const { drain, account } = makeWorld("bench");
  // Several strings: of a single one, V8 might keep what it has found out about it.
  const texts = Array.from({ length: 16 }, (_, i) =>
    `/items/${values[i].toString(36)}/`.padEnd(length, "abcdefghij"),
  );
  // As many bytes a batch for each length, as they all must find room.
  const ops = (OPS * 32) / length;
  const batch = () => {
    for (let i = 0; i < ops; i++) text(texts[i & 15]);
  };
  return batchRow({ ops, batch, drain, account });
}

/** There is a trace that would want the event, and it is stopped. */
function disabled() {
  const { pair } = facility("bench", { pair: numbers(2) });
  const world = makeWorld("bench", 1, { start: false });
  const batch = () => {
    for (let i = 0; i < DISABLED_OPS; i++) pair(i, values[i & VALUES_MASK]);
  };
  // That the call is one that would record is shown after each round, by starting the trace once.
  let proofs = 0;
  const account = () => {
    const [trace] = world.traces;
    trace.start();
    pair(1, 2);
    trace.stop();
    proofs++;
    const { recorded, discarded } = world.account();
    return { recorded: recorded.map((count) => count - proofs), discarded };
  };
  return batchRow({ ops: DISABLED_OPS, batch, account, recordsPerOp: 0 });
}

/** A trace is recording, and wants another event of the same facility. */
function disabledInTrace() {
  const { pair, wanted } = facility("bench", { pair: numbers(2), wanted: numbers(2) });
  const world = makeWorld("bench:wanted");
  const batch = () => {
    for (let i = 0; i < DISABLED_OPS; i++) pair(i, values[i & VALUES_MASK]);
  };
  let proofs = 0;
  const account = () => {
    wanted(1, 2);
    proofs++;
    const { recorded, discarded } = world.account();
    return { recorded: recorded.map((count) => count - proofs), discarded };
  };
  return batchRow({ ops: DISABLED_OPS, batch, account, recordsPerOp: 0 });
}

export const rows = {
  "record2-precise": () => record2Precise(),
  "record2-caller": record2Caller,
  "record2-named": record2Named,
  "record7-precise": record7Precise,
  "string32-precise": () => stringPrecise(32),
  "string128-precise": () => stringPrecise(128),
  "string1024-precise": () => stringPrecise(1024),
  disabled,
  "disabled-in-trace": disabledInTrace,
  "traces2-record2-precise": () => record2Precise(2),
  "traces3-record2-precise": () => record2Precise(3),
};
