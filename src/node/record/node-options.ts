// NODE_OPTIONS with one more module to load.

/**
 * NODE_OPTIONS without the option that `requireOption` adds, wherever it is by now: what started this process may have
 * added others. Undefined when nothing else is there.
 */
export function withoutRequire(nodeOptions: string, path: string): string | undefined {
  const option = requireOption(undefined, path);
  const at = nodeOptions.indexOf(option);
  if (at < 0) return nodeOptions;
  const before = nodeOptions.slice(0, at).trimEnd();
  const after = nodeOptions.slice(at + option.length).trimStart();
  return [before, after].filter((part) => part !== "").join(" ") || undefined;
}

/** Adds `--require path` to what NODE_OPTIONS holds; paths may hold spaces and quotes. */
export function requireOption(nodeOptions: string | undefined, path: string): string {
  const quoted = `"${path.replace(/[\\"]/g, "\\$&")}"`;
  return nodeOptions ? `${nodeOptions} --require ${quoted}` : `--require ${quoted}`;
}
