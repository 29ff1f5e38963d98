// Numbers that cross into the hypervisor, which sees 32 bits of each: 2^32 + 5 would act as 5 there,
// and -1 as what marks a free place.

import { badOption } from "../errors.js";

/**
 * Throws TraceError `bad-option`, which names the value and the limit, unless `value` is an integer
 * from 0 to `most`.
 * @param what the operation and `name` its option, as the message has them
 */
export function checkWhole(what: string, name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  throw badOption(what, name, `an integer from 0 to ${most}`, value);
}
