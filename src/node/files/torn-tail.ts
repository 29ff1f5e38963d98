// A stream file that ends within a packet: what comes before is whole.

import { TornPacketError } from "../../ctf/index.js";

export interface TornTail {
  readonly path: string;
  /** Bytes of the whole packets: where the torn one begins. */
  readonly at: number;
  /** Bytes that are there of the torn packet. */
  readonly bytes: number;
}

/** The packets up to the torn one, of which `onTorn` is told. */
export function* untilTorn<T>(
  packets: Iterable<T>,
  { path, size }: { readonly path: string; readonly size: number },
  onTorn: (torn: TornTail) => void,
): Generator<T, void, void> {
  try {
    yield* packets;
  } catch (error) {
    const at = tornAt(error);
    if (at === undefined) throw error;
    onTorn({ path, at, bytes: size - at });
  }
}

function tornAt(error: unknown): number | undefined {
  if (error instanceof TornPacketError) return error.at;
  return error instanceof Error && error.cause !== undefined ? tornAt(error.cause) : undefined;
}
