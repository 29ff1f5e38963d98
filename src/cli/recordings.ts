// What the Node processes of a command tell about their recordings.

import type { RecorderMessage, Report, Unrecorded } from "../node/record/config.js";

type Finished = Extract<RecorderMessage, { type: "finished" }>;

/** A process, as far as it has told of itself. */
export interface RecordedProcess {
  readonly pid: number;
  /** Absolute path of its trace, once it is recorded. */
  dir: string | undefined;
  /** Its command line, or its number before it is recorded. */
  name: string;
  finished: Finished | undefined;
  failure: string | undefined;
}

export class Recordings {
  /** In the order in which they were heard of. */
  readonly #processes: RecordedProcess[] = [];
  readonly #byPid = new Map<number, RecordedProcess>();
  readonly #unrecorded = new Map<Unrecorded, string[]>();
  readonly #warnings = new Set<string>();

  take(report: Report): void {
    if (report.type === "unrecorded") {
      const names = this.#unrecorded.get(report.why) ?? [];
      this.#unrecorded.set(report.why, [...names, report.name]);
    } else if (report.type === "warning") this.#warnings.add(report.message);
    else if (report.type !== "signal") this.#takeOf(report);
  }

  /** The process that was the first to be recorded, which signals are told to. */
  get first(): RecordedProcess | undefined {
    return this.#processes.find(({ dir }) => dir !== undefined);
  }

  /** All that have told anything of themselves. */
  get processes(): readonly RecordedProcess[] {
    return this.#processes;
  }

  /** Names of processes that are not recorded, by the reason. */
  get unrecorded(): ReadonlyMap<Unrecorded, readonly string[]> {
    return this.#unrecorded;
  }

  /** What sources cannot do, each once. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  #takeOf(report: Exclude<Report, { type: "unrecorded" | "warning" | "signal" }>): void {
    const process = this.#processOf(report.pid, report.type === "started");
    if (report.type === "started") {
      process.dir = report.dir;
      process.name = report.name;
    } else if (report.type === "finished") process.finished = report;
    else process.failure ??= report.message;
  }

  /** The operating system may give the number of a process that has ended to another. */
  #processOf(pid: number, starts: boolean): RecordedProcess {
    const known = this.#byPid.get(pid);
    if (known && !(starts && known.dir !== undefined)) return known;
    const process: RecordedProcess = {
      pid,
      dir: undefined,
      name: String(pid),
      finished: undefined,
      failure: undefined,
    };
    this.#byPid.set(pid, process);
    this.#processes.push(process);
    return process;
  }
}
