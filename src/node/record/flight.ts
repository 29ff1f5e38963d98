// The flight recorder of a recorded program, in dom0's thread: what the buffers hold is written when something triggers
// that, each time into a directory of its own.

import { VIRQ_DOM_EXC } from "../../../assembly/public/ops.js";
import type { RecordedPacket } from "../../ctf/index.js";
import type { Dom0, Trace } from "../../host/index.js";
import { ThreadNames } from "../../recording/thread-names.js";
import { CtfWriter, type CtfWriterOptions } from "../files/ctf-writer.js";
import { TraceParts } from "../files/trace-parts.js";
import {
  FLIGHT_EXIT,
  FLIGHT_PORT,
  FLIGHT_TRIGGERS,
  type FlightConfig,
  type FlightWords,
  TRIGGERS,
} from "./flight-config.js";

export interface FlightOptions {
  readonly dom0: Dom0;
  readonly trace: Trace;
  readonly config: FlightConfig;
  readonly words: FlightWords;
  /** How dumps are written. `dir` is the directory of all dumps. */
  readonly output: CtfWriterOptions;
  /** A dump that fails: recording goes on. */
  readonly failed: (error: unknown) => void;
}

export class Flight {
  readonly #options: FlightOptions;
  readonly #names: ThreadNames;
  readonly #parts: TraceParts;
  readonly #port: number;
  #pauseUntil = 0;
  #passedOver = 0;

  /** Allocates a port for the program's threads, and begins to listen. Throws TraceError. */
  constructor(options: FlightOptions) {
    const { dom0, config, words, output } = options;
    this.#options = options;
    this.#parts = new TraceParts({ dir: output.dir, maxFiles: config.maxFiles });
    this.#names = new ThreadNames(dom0);
    dom0.bindVirq(VIRQ_DOM_EXC, () => this.#names.read());
    this.#port = dom0.allocEvtchn();
    Atomics.store(words, FLIGHT_PORT, this.#port);
    dom0.bindEvtchn(this.#port, () => this.#look());
  }

  /** Dumps that were written. */
  get dumps(): number {
    return this.#parts.count;
  }

  /** Dumps, unless the last dump is too recent. @param triggers what asks for it, for the metadata */
  dump(triggers: readonly string[]): void {
    if (triggers.length === 0) return;
    if (performance.now() < this.#pauseUntil) this.#passedOver++;
    else this.#write(triggers);
  }

  /** The program has ended. An error or an exit code is a trigger even soon after a dump. Closes all. */
  end(): void {
    const code = Atomics.load(this.#options.words, FLIGHT_EXIT);
    const triggers = this.#taken();
    if (code !== 0) triggers.push(`exit code ${code}`);
    if (triggers.length > 0) this.#write(triggers);
    this.#options.dom0.closeEvtchn(this.#port);
    this.#names.close();
  }

  #look(): void {
    this.dump(this.#taken());
  }

  /** The triggers since the last look. */
  #taken(): string[] {
    const bits = Atomics.exchange(this.#options.words, FLIGHT_TRIGGERS, 0);
    return TRIGGERS.filter((_, i) => (bits >> i) & 1);
  }

  #write(triggers: readonly string[]): void {
    const { trace, config, output, failed } = this.#options;
    try {
      this.#names.read();
      const packets = trace.snapshot();
      const dir = this.#parts.next();
      const env = {
        ...output.env,
        trigger: triggers.join(", "),
        dump: this.#parts.count,
        triggers_passed_over: this.#passedOver,
      };
      const writer = new CtfWriter({ ...output, dir, env });
      const introduced = new Set<number>();
      for (const packet of packets) {
        if (!introduced.has(packet.cpu)) this.#introduce(writer, packet);
        introduced.add(packet.cpu);
        writer.write(packet);
      }
      writer.finish();
      this.#passedOver = 0;
    } catch (error) {
      failed(error);
    }
    this.#pauseUntil = performance.now() + config.pauseMs;
  }

  #introduce(writer: CtfWriter, { cpu, begin }: RecordedPacket): void {
    const introduction = this.#names.introduce(cpu, begin, 0);
    if (introduction) writer.write(introduction);
  }
}
