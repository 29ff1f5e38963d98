// What `tbuf record` tells the preload in the traced process, by an environment variable; and what
// the preload's threads tell each other.

import type { TraceMode } from "../../host/index.js";

/** Environment variable that holds a RecordConfig as JSON. */
export const CONFIG_VARIABLE = "TBUF_RECORD";

/** Environment data of Node's threads: the hypervisor's handle. */
export const HANDLE_KEY = "tbuf.handle";

/** Name of the trace that `tbuf record` makes, and of its channel. */
export const TRACE_NAME = "xen";

export interface RecordConfig {
  /** Absolute path of the trace directory. */
  readonly dir: string;
  readonly subbufBytes: number;
  readonly subbufCount: number;
  readonly mode: TraceMode;
  /** As CreateTraceOptions.events. */
  readonly events: string;
  /** Milliseconds between polls. */
  readonly pollMs: number;
  /** Seconds after which recording ends; 0: when the program ends. */
  readonly seconds: number;
  /** Most threads that are recorded at a time. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Permissions of the trace's files. */
  readonly fileMode: number;
  /** File descriptor of the pipe to `tbuf record`; -1: there is none. */
  readonly fd: number;
  /** NODE_OPTIONS as it was before `tbuf record` added the preload. */
  readonly nodeOptions: string | null;
}

/** Words that the main thread and the recorder's thread share (Int32Array). */
export const WORD_STATE = 0;
export const WORD_STOP = 1;
/** Bits of the signals that the program handles itself: bit n is signal n. */
export const WORD_HANDLED = 2;
export const WORDS = 3;

export const STATE_STARTING = 0;
export const STATE_RECORDING = 1;
export const STATE_FINISHED = 2;

/** What the recorder's thread is started with. */
export interface RecorderData {
  readonly config: RecordConfig;
  readonly handle: unknown;
  readonly words: Int32Array;
}

/** What a recorded process tells `tbuf record`. */
export type RecorderMessage =
  | { readonly type: "started" }
  | { readonly type: "failed"; readonly message: string }
  | {
      readonly type: "finished";
      readonly unanswered: boolean;
      readonly corrupt: number[];
      readonly unmatched: string[];
    }
  | { readonly type: "signal"; readonly signal: string; readonly by: "program" | "recorder" };

/** A message and who sent it, one JSON object a line: the command may start several Node processes. */
export type Report = RecorderMessage & { readonly pid: number };
