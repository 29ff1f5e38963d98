// What the Node processes of a command tell about their recordings. Only one of them can have the trace.

import type { RecorderMessage, Report } from "../node/record/config.js";

type Finished = Extract<RecorderMessage, { type: "finished" }>;

interface Recording {
  readonly pid: number;
  started: boolean;
  finished: Finished | undefined;
  failure: string | undefined;
}

export class Recordings {
  readonly #byProcess = new Map<number, Recording>();

  take(report: Report): void {
    const { pid, type } = report;
    const recording = this.#byProcess.get(pid) ?? {
      pid,
      started: false,
      finished: undefined,
      failure: undefined,
    };
    this.#byProcess.set(pid, recording);
    if (type === "started") recording.started = true;
    else if (type === "finished") recording.finished = report;
    else if (type === "failed") recording.failure ??= report.message;
  }

  /** The process that is, or was, recorded. */
  get recorded(): Recording | undefined {
    return this.#all().find(({ started }) => started);
  }

  /** Why the recording failed, or why none began. What other processes failed at does not count then. */
  get failure(): string | undefined {
    const { recorded } = this;
    return recorded ? recorded.failure : this.#all().find(({ failure }) => failure)?.failure;
  }

  /** There was one more process than could be recorded. */
  get furtherProcesses(): boolean {
    return this.recorded !== undefined && this.#byProcess.size > 1;
  }

  #all(): Recording[] {
    return [...this.#byProcess.values()];
  }
}
