// Loops with nothing in them but a call that looks at a word of shared memory by a plain load. An
// engine may take such a load out of its loop, and then the loop never learns what other threads
// store. Each ends only when the call throws, so nothing in it says that memory may have changed.

import { conf, golden } from "../facilities.mjs";

const words = Int32Array.of(1, 2, 3);

/** One a hint word and a way to look at it. `guest`: what `guestImports` has given. */
export const LOOPS = {
  "a tracepoint without fields": () => {
    for (;;) conf.none();
  },
  "a tracepoint of one word": () => {
    for (let n = 0; ; n = (n + 1) | 0) conf.tick(n);
  },
  "a tracepoint of a text": () => {
    for (let n = 0; ; n = (n + 1) | 0) conf.text("text", n);
  },
  "a tracepoint by name": () => {
    for (let id = 0; ; id = (id + 1) | 0) golden.named({ id, path: "text" });
  },
  "a batch": () => {
    for (;;) conf.tick.writeMany(words);
  },
  "a guest's question": (guest) => {
    const { enabled, record0, now } = guest;
    const event = guest.event(0, 0);
    for (;;) if (enabled(event) !== 0) record0(event, now());
  },
};
