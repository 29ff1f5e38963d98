// What dom0 reads: packets.

/** Records of one CPU, in the order in which they were recorded. Never empty. */
export interface Packet {
  readonly cpu: number;
  /** Nanoseconds since boot: of the first record, and not before the last one. */
  readonly begin: bigint;
  readonly end: bigint;
  /** Number of records. */
  readonly records: number;
  /**
   * Records of this CPU that were lost by the end of this packet, counted from the trace's start:
   * discarded, and in overwrite mode also those that were overwritten before they were read.
   */
  readonly discarded: number;
  /** True when it was cut from a sub-buffer that was still being written. */
  readonly partial: boolean;
  /**
   * The records, from the first one's header on. In discard mode a view of the shared buffer, good
   * until the next packet is asked for: copy what you keep. In overwrite mode and in snapshots a
   * copy.
   */
  readonly bytes: Uint8Array;
}
