// Going on where a part of the memory makes no sense.

import { TraceError } from "../errors.js";

/** What a look gives, or "corrupt" when what it looked at made the hypervisor trap. */
export function tolerant<T>(look: () => T): T | "corrupt" {
  try {
    return look();
  } catch (error) {
    if (error instanceof TraceError && error.code === "corrupt") return "corrupt";
    throw error;
  }
}
