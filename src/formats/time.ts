// Times as text.

const SECOND = 1_000_000_000n;

/** Seconds with nanoseconds: 1500000000n -> "1.500000000". */
export function seconds(ns: bigint): string {
  const text = ns.toString().padStart(10, "0");
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}

/** Date and time of nanoseconds since the Unix epoch, from 0 to 2^65: 1970-01-01T00:00:00.000000001Z. */
export function utc(ns: bigint): string {
  const date = new Date(Number(ns / SECOND) * 1000).toISOString().slice(0, -5);
  return `${date}.${(ns % SECOND).toString().padStart(9, "0")}Z`;
}
