// Source of the errors that end a thread.

import { core } from "../../facilities/index.js";
import { onUncaught } from "../hooks/uncaught.js";
import { defineSource } from "./source.js";

export const errors = defineSource({
  name: "errors",
  description: "Errors that nobody catches, and that end their thread.",
  byDefault: true,
  facility: core,
  events: ["error"],
  install: ({ events, cpu }) => onUncaught((error) => events.error(cpu.domain, String(error))),
});
