// Which sources a user means, as text: `--sources`.

import { TraceError } from "../../errors.js";
import { type SourceSelection, sources } from "./index.js";

/**
 * Sources by name, separated by commas: `all`, `none`, a name to have it, `-name` to leave it out. Without one to have,
 * those are meant that are on by default. Throws TraceError `bad-option` for a name that no source has.
 */
export function parseSources(text: string): SourceSelection {
  const known = sources.map(({ name }) => name);
  const only: string[] = [];
  const except: string[] = [];
  let isDefault = true;
  for (const part of text.split(",").map((each) => each.trim())) {
    const leaves = part.startsWith("-");
    const name = leaves ? part.slice(1) : part;
    if (!leaves && (name === "all" || name === "none")) {
      only.push(...(name === "all" ? known : []));
    } else if (known.includes(name)) (leaves ? except : only).push(name);
    else {
      throw new TraceError(
        "bad-option",
        `no source is called ${JSON.stringify(name)}; there are ${known.join(", ")}, and all and none`,
      );
    }
    isDefault &&= leaves;
  }
  return { only: isDefault ? undefined : [...new Set(only)], except };
}
