// Options of xentrace that say where and when it traces, as far as they make sense for a program
// (tools/xentrace/xentrace.c).

import { type Command, InvalidArgumentError } from "commander";
import { CPUS_MAX } from "../../assembly/public/layout.js";

/** Adds them to `tbuf record`. */
export function addXentraceOptions(command: Command): Command {
  return command
    .option(
      "-c, --cpu-mask <cpus>",
      "record only these threads, by their CPU: a list (1-3,5, 3-, -3), a mask of CPUs 0 to 31 (0x6), or all; 0 is " +
        "the recorder, 1 the main thread",
      parseCpus,
    )
    .option(
      "-r, --reserve-disk-space <mb>",
      "stop recording before less than this many megabytes are free on the disk; not with -M",
      parseMegabytes,
    )
    .option("-D, --discard-buffers", "for xentrace's sake: buffers are new here, and always empty")
    .option("-x, --dont-disable-tracing", "not possible: the buffers end with the program")
    .option("-X, --start-disabled", "not possible: nobody else could start the trace");
}

/** What makes no sense here, and why. */
export function refusedOption(options: {
  readonly dontDisableTracing?: boolean;
  readonly startDisabled?: boolean;
}): string | undefined {
  if (options.dontDisableTracing) {
    return "-x, --dont-disable-tracing: not possible, as the buffers are the program's and end with it";
  }
  if (options.startDisabled) {
    return (
      "-X, --start-disabled: not possible, as nobody else could start the trace; record() of tbuf/node begins when " +
      "the program says so"
    );
  }
  return undefined;
}

/** CPUs by their numbers; undefined: all. Unlike xentrace's, a range that ends in 0 is no open one. */
export function parseCpus(text: string): readonly number[] | undefined {
  if (text === "all") return undefined;
  const cpus = /^0x[0-9a-f]{1,8}$/i.test(text) ? maskCpus(Number(text)) : listCpus(text);
  if (cpus.length === 0) throw new InvalidArgumentError("It must name at least one CPU.");
  return cpus;
}

function maskCpus(mask: number): number[] {
  return Array.from({ length: 32 }, (_, cpu) => cpu).filter((cpu) => (mask >>> cpu) & 1);
}

function listCpus(text: string): number[] {
  const cpus = new Set<number>();
  for (const part of text.split(",")) {
    const [, from = "", dash = "", to = ""] = /^(\d*)(-?)(\d*)$/.exec(part) ?? [];
    const first = from === "" ? 0 : Number(from);
    const last = dash === "" ? first : to === "" ? CPUS_MAX - 1 : Number(to);
    if (from + to === "" || first > last || last >= CPUS_MAX) {
      throw new InvalidArgumentError(
        `It must be all, a mask such as 0x6, or a list such as 1-3,5 of numbers up to ${CPUS_MAX - 1}.`,
      );
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus];
}

function parseMegabytes(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 0.");
  return Number(text);
}
