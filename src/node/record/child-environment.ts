// What brings the preload and its configuration into a process, and how the process gets its own environment back.

import { CONFIG_VARIABLE, type RecordConfig } from "./config.js";
import { requireOption, withoutRequire } from "./node-options.js";

/** What `RecordConfig` has beyond what is the same in all processes. */
type OfProcess = "fd" | "nodeOptions" | "parent";

/** The two variables, for a process whose NODE_OPTIONS would be `nodeOptions`. */
export function recordVariables(
  config: Omit<RecordConfig, OfProcess>,
  preload: string,
  nodeOptions: string | undefined,
  { fd, parent }: Pick<RecordConfig, "fd" | "parent">,
): { readonly [name: string]: string } {
  const own: RecordConfig = { ...config, fd, parent, nodeOptions: nodeOptions ?? null };
  return {
    NODE_OPTIONS: requireOption(nodeOptions, preload),
    [CONFIG_VARIABLE]: JSON.stringify(own),
  };
}

/** Takes what is for this process out of the environment. */
export function takeConfig(preload: string): RecordConfig | undefined {
  const json = process.env[CONFIG_VARIABLE];
  if (json === undefined) return undefined;
  const config = JSON.parse(json) as RecordConfig;
  delete process.env[CONFIG_VARIABLE];
  const { NODE_OPTIONS: options = "" } = process.env;
  // Exactly as it was; or what a shell between has made of it, but for the preload.
  const before =
    options === requireOption(config.nodeOptions ?? undefined, preload)
      ? config.nodeOptions
      : withoutRequire(options, preload);
  if (before === null || before === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = before;
  return config;
}
