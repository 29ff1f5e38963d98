// NODE_OPTIONS with one more module to load.

/** What `requireOption` was given, from what it returned; undefined when there was nothing. */
export function withoutRequire(nodeOptions: string, path: string): string | undefined {
  const option = requireOption(undefined, path);
  if (!nodeOptions.endsWith(option)) return nodeOptions;
  return nodeOptions.slice(0, -option.length).trimEnd() || undefined;
}

/** Adds `--require path` to what NODE_OPTIONS holds; paths may hold spaces and quotes. */
export function requireOption(nodeOptions: string | undefined, path: string): string {
  const quoted = `"${path.replace(/[\\"]/g, "\\$&")}"`;
  return nodeOptions ? `${nodeOptions} --require ${quoted}` : `--require ${quoted}`;
}
