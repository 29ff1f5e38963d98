// --names, of all commands that show events.

import { Option } from "commander";

export function namesOption(): Option {
  return new Option("--names", "show events by their names in the trace, not in plain words");
}
