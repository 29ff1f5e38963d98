// Tracepoints that nobody wants at the moment.

import { facility, field, u32 } from "tbuf";
import { batchRow } from "../lib/batch-row.mjs";
import { setUp } from "../lib/setup.mjs";
import { VALUES_MASK, values } from "../lib/values.mjs";

/** A call that records nothing is so short that a batch of it must be longer. */
const OPS = 131072;
const pairFields = [field("a", u32), field("b", u32)];

/** There is a trace that would want the event, and it is stopped. */
function disabled() {
  const { pair } = facility("bench", { pair: pairFields });
  const traced = setUp("bench", 1, { start: false });
  const batch = () => {
    for (let i = 0; i < OPS; i++) pair(i, values[i & VALUES_MASK]);
  };
  // That the call is one that would record is shown after each round, by starting the trace once.
  let proofs = 0;
  const account = () => {
    const [trace] = traced.traces;
    trace.start();
    pair(1, 2);
    trace.stop();
    proofs++;
    const { recorded, discarded } = traced.account();
    return { recorded: recorded.map((count) => count - proofs), discarded };
  };
  return batchRow({ ops: OPS, batch, account, recordsPerOp: 0 });
}

/** A trace is recording, and wants another event of the same facility. */
function disabledInTrace() {
  const { pair, wanted } = facility("bench", { pair: pairFields, wanted: pairFields });
  const traced = setUp("bench:wanted");
  const batch = () => {
    for (let i = 0; i < OPS; i++) pair(i, values[i & VALUES_MASK]);
  };
  let proofs = 0;
  const account = () => {
    wanted(1, 2);
    proofs++;
    const { recorded, discarded } = traced.account();
    return { recorded: recorded.map((count) => count - proofs), discarded };
  };
  return batchRow({ ops: OPS, batch, account, recordsPerOp: 0 });
}

export const rows = { disabled, "disabled-in-trace": disabledInTrace };
