// Source of the events of a thread's end. That it has joined, and who it is, is recorded when it attaches.

import { disposable } from "../../dispose.js";
import { xenSched } from "../../facilities/index.js";
import { onUncaught } from "../hooks/uncaught.js";
import { defineSource } from "./source.js";

/** Why a domain shut down: Xen's SHUTDOWN_poweroff and SHUTDOWN_crash (public/sched.h). */
const POWEROFF = 0;
const CRASH = 3;

export const thread = defineSource({
  name: "thread",
  description: "The end of each thread, and whether an error was the cause.",
  byDefault: true,
  facility: xenSched,
  events: ["sched_shutdown", "sched_dom_rem"],
  install({ events, cpu, onEnd }) {
    let crashed = false;
    const uncaught = onUncaught(() => {
      crashed = true;
    });
    const end = onEnd(() => {
      events.sched_shutdown(cpu.domain, cpu.index, crashed ? CRASH : POWEROFF);
      events.sched_dom_rem(cpu.domain);
    });
    return disposable(() => {
      end.dispose();
      uncaught.dispose();
    });
  },
});
