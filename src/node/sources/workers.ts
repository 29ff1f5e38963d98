// Source of the deaths of workers: a terminated thread cannot say itself that it is gone, nor can those that it had
// started.

import { xenSched } from "../../facilities/index.js";
import { defineSource } from "./source.js";

export const workers = defineSource({
  name: "workers",
  description: "Workers that ended without a word of their own, as when they are terminated.",
  byDefault: true,
  facility: xenSched,
  events: ["sched_dom_rem"],
  install: ({ events, onWorkerGone }) =>
    onWorkerGone((threads) => {
      for (const { domain } of threads) events.sched_dom_rem(domain);
    }),
});
