// A trace of bounded size on disk: it is written in parts, of which the oldest are removed. Each part is a valid trace
// and says who its threads are.

import { type Loss, PACKET_HEADER_BYTES, type RecordedPacket } from "../../ctf/index.js";
import { badOption } from "../../errors.js";
import type { ThreadNames } from "../../recording/thread-names.js";
import { CtfWriter, type CtfWriterOptions } from "./ctf-writer.js";
import { makeEmptyDir } from "./empty-dir.js";
import { checkNewDir } from "./new-trace-dir.js";
import { TraceParts } from "./trace-parts.js";

/** Parts that are kept unless it is said how many. */
export const MAX_FILES = 8;
/** Room for what a part's metadata says of facilities that come while it is written. */
const METADATA_BYTES = 64 * 1024;
/** Milliseconds between two looks at who the threads are. */
const NAMES_MS = 500;
/** Smallest size of a part. */
export const PART_BYTES_MIN = 4 * METADATA_BYTES;

export interface RotatingWriterOptions extends CtfWriterOptions {
  /** Most bytes of a part, 262144 or more; a packet that is larger than that is a part alone. */
  readonly maxBytes: number;
  /** Most parts that are kept, 2 or more: oldest ones are removed. Default 8. */
  readonly maxFiles?: number | undefined;
  /** Who the threads are, so that each part can say it. Closed by `finish`. */
  readonly names?: ThreadNames | undefined;
}

/** Throws TraceError `bad-option` for a size or number of parts that cannot be. */
export function checkRotation(what: string, maxBytes: number, maxFiles: number = MAX_FILES): void {
  if (!(Number.isSafeInteger(maxBytes) && maxBytes >= PART_BYTES_MIN)) {
    throw badOption(what, "maxBytes", `a whole number of bytes from ${PART_BYTES_MIN}`, maxBytes);
  }
  if (!(Number.isSafeInteger(maxFiles) && maxFiles >= 2)) {
    throw badOption(what, "maxFiles", "a whole number from 2", maxFiles);
  }
}

/** Writes parts `dir/1`, `dir/2`, ... as CtfWriter writes one trace. */
export class RotatingWriter {
  readonly #options: RotatingWriterOptions;
  readonly #parts: TraceParts;
  /** What each CPU had lost when the part began: the parts' losses add up to those of the whole. */
  readonly #lostBefore = new Map<number, number>();
  /** What it has lost by now. */
  readonly #lost = new Map<number, number>();
  /** CPUs that the part says the thread of. */
  readonly #introduced = new Set<number>();
  #writer: CtfWriter;
  #bytes = 0;
  #namesAt = 0;

  /** Makes the directory. Throws TraceError `output` and `bad-option`, as CtfWriter. */
  constructor(options: RotatingWriterOptions) {
    checkNewDir("RotatingWriter", options);
    checkRotation("RotatingWriter", options.maxBytes, options.maxFiles);
    const { dir, dirMode = 0o700, maxFiles = MAX_FILES } = options;
    makeEmptyDir(dir, dirMode);
    this.#options = options;
    this.#parts = new TraceParts({ dir, maxFiles });
    this.#writer = this.#begin();
  }

  /** Parts that were written, with those that were removed. */
  get parts(): number {
    return this.#parts.count;
  }

  /** Appends a packet, to a new part where the last one has no room for it. Throws as `CtfWriter.write`. */
  write(packet: RecordedPacket): void {
    const { cpu, begin, discarded, bytes } = packet;
    const size = bytes.length + PACKET_HEADER_BYTES;
    const isFirst = this.#bytes === 0;
    this.#readNames();
    if (!isFirst && this.#bytes + size + METADATA_BYTES > this.#options.maxBytes) this.#rotate();
    this.#lost.set(cpu, discarded);
    const own = discarded - (this.#lostBefore.get(cpu) ?? 0);
    if (!this.#introduced.has(cpu)) {
      this.#introduced.add(cpu);
      const introduction = this.#options.names?.introduce(cpu, begin, 0);
      if (introduction) this.#append(introduction);
    }
    this.#append({ ...packet, discarded: own });
  }

  /** As `CtfWriter.finish`. */
  finish(losses: Iterable<Loss> = []): void {
    this.#options.names?.close();
    this.#writer.finish(
      Array.from(losses, ({ cpu, discarded }) => ({
        cpu,
        discarded: discarded - (this.#lostBefore.get(cpu) ?? 0),
      })),
    );
  }

  /** Not for each packet: only threads that come and go say anything. */
  #readNames(): void {
    const now = performance.now();
    if (now - this.#namesAt < NAMES_MS) return;
    this.#namesAt = now;
    this.#options.names?.read();
  }

  #append(packet: RecordedPacket): void {
    this.#writer.write(packet);
    this.#bytes = this.#writer.bytes;
  }

  #rotate(): void {
    this.#writer.finish();
    for (const [cpu, lost] of this.#lost) this.#lostBefore.set(cpu, lost);
    this.#introduced.clear();
    this.#bytes = 0;
    this.#writer = this.#begin();
  }

  #begin(): CtfWriter {
    const { maxBytes: _, maxFiles: __, names: ___, dir: ____, env, ...rest } = this.#options;
    const dir = this.#parts.next();
    return new CtfWriter({ ...rest, dir, env: { ...env, part: this.#parts.count } });
  }
}
