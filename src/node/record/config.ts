// What `tbuf record` tells the preload in the traced process, by an environment variable; and what
// the preload's threads tell each other.

import type { TraceMode } from "../../host/index.js";
import type { Environment } from "../../trace/schema.js";
import type { SourceSelection } from "../sources/index.js";
import type { FlightConfig, FlightWords } from "./flight-config.js";

/** Environment variable that holds a RecordConfig as JSON. */
export const CONFIG_VARIABLE = "TBUF_RECORD";

/** Environment data of Node's threads: the hypervisor's handle. */
export const HANDLE_KEY = "tbuf.handle";

/** Environment data of Node's threads: the RecordConfig of their process. */
export const CONFIG_KEY = "tbuf.config";

/** Environment data of Node's threads: the words that the recorder shares with them. */
export const WORDS_KEY = "tbuf.words";

/** Name of the trace that `tbuf record` makes, and of its channel. */
export const TRACE_NAME = "xen";

export interface RecordConfig {
  /** Absolute path of the recording's directory. */
  readonly dir: string;
  /** Processes that the program starts are recorded too, and each process has a directory of its own in `dir`. */
  readonly children: boolean;
  /** Most processes that are recorded. */
  readonly processes: number;
  /** Number of the recorded process that has started this one; null: the command itself. */
  readonly parent: number | null;
  /** The sources of events that are installed. */
  readonly sources: SourceSelection;
  readonly subbufBytes: number;
  readonly subbufCount: number;
  readonly mode: TraceMode;
  /** As CreateTraceOptions.events. */
  readonly events: string;
  /** The CPUs that are recorded; undefined: all. */
  readonly onlyCpus?: readonly number[] | undefined;
  /** Recording fails before less than this many bytes are free on the disk. */
  readonly reserveBytes: number;
  /** Milliseconds between polls. */
  readonly pollMs: number;
  /** Seconds after which recording ends; 0: when the program ends. */
  readonly seconds: number;
  /** Most threads that are recorded at a time. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** A flight recorder: nothing is written until something triggers a dump. */
  readonly flight?: FlightConfig | undefined;
  /** The trace is written in parts of at most `maxBytes`, of which the newest `maxFiles` are kept. */
  readonly rotation?:
    | { readonly maxBytes: number; readonly maxFiles?: number | undefined }
    | undefined;
  /** Permissions of the trace's files. */
  readonly fileMode: number;
  /** File descriptor of the pipe to `tbuf record`; -1: there is none. */
  readonly fd: number;
  /** NODE_OPTIONS as it was before `tbuf record` added the preload. */
  readonly nodeOptions: string | null;
}

/** Words that the program's threads and the recorder's share (Int32Array). */
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
  readonly flightWords: FlightWords;
  /** What the metadata says of the process. */
  readonly env: Environment;
}

/** Why a process is not recorded: by --no-children, or since there are --processes already. */
export type Unrecorded = "children" | "processes";

/** What a recorded process tells `tbuf record`. */
export type RecorderMessage =
  | { readonly type: "started"; readonly dir: string; readonly name: string }
  | { readonly type: "failed"; readonly message: string }
  /** A Node process that is not recorded, as far as it could be told. */
  | { readonly type: "unrecorded"; readonly name: string; readonly why: Unrecorded }
  | { readonly type: "warning"; readonly message: string }
  | {
      readonly type: "finished";
      /** Dumps of the flight recorder; undefined: there is none. */
      readonly dumps?: number | undefined;
      readonly unanswered: boolean;
      readonly corrupt: number[];
      /** Labels whose text found no room. */
      readonly labelsFull: number;
      readonly unmatched: string[];
    }
  | { readonly type: "signal"; readonly signal: string; readonly by: "program" | "recorder" };

/** A message and who sent it, one JSON object a line: the command may start several Node processes. */
export type Report = RecorderMessage & { readonly pid: number };
