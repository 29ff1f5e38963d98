// What metadata says about who recorded a trace.

import type { Environment } from "../../trace/schema.js";
import { VERSION } from "../../version.js";
import { TRACER_NAME } from "../names.js";

/** This package, as the tracer. */
export function tracer(): Environment {
  const [major = 0, minor = 0, patch = 0] = VERSION.split(".").map(Number);
  return {
    domain: "js",
    tracer_name: TRACER_NAME,
    tracer_major: major,
    tracer_minor: minor,
    tracer_patchlevel: patch,
  };
}

/**
 * Any environment as one that metadata has words for: names are identifiers, numbers are integers or else text. Of
 * another tracer's trace this package wrote the files, so what that one said of itself is `original_tracer_name`
 * and so on.
 */
export function environmentOf(environment: Environment): Environment {
  const isOwn = environment.tracer_name === TRACER_NAME;
  const result: Record<string, string | number> = isOwn ? {} : { ...tracer() };
  if (!isOwn) delete result.domain;
  for (const [name, value] of Object.entries(environment)) {
    const told = isOwn || !name.startsWith("tracer_") ? name : `original_${name}`;
    let own = told
      .replace(/[^A-Za-z0-9_]/g, "_")
      .replace(/^(?=[0-9]|$)/, "_")
      .slice(0, 50);
    while (own !== name && (Object.hasOwn(environment, own) || Object.hasOwn(result, own)))
      own += "_";
    result[own] = Number.isSafeInteger(value) ? value : String(value);
  }
  return result;
}
