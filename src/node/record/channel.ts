// The recorded program's end of the pipe to `tbuf record`. The program may have given the pipe's number to
// something else, so nothing is written, read or closed before it is known to be the pipe still.

import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { lineSplitter } from "../lines.js";
import type { RecorderMessage, Report } from "./config.js";
import { tellJournal } from "./journal.js";

export class RecordChannel {
  readonly #fd: number;
  readonly #dir: string;
  /** The pipe's identity; undefined when `fd` is no pipe of `tbuf record`. */
  readonly #inode: number | undefined;
  #socket: Socket | undefined;

  /**
   * @param fd the pipe's number, or -1 for none
   * @param dir the recording's directory, whose journal is for those that have no pipe
   */
  constructor(fd: number, dir: string) {
    this.#fd = fd;
    this.#dir = dir;
    this.#inode = inodeOf(fd);
  }

  /** The pipe's number for other threads of the process, or -1. */
  get fd(): number {
    return this.#isThere() ? this.#fd : -1;
  }

  /** Sends one message, at once. False when nobody can hear it. */
  tell(message: RecorderMessage): boolean {
    if (!this.#isThere()) return tellJournal(this.#dir, message);
    const report: Report = { ...message, pid: process.pid };
    try {
      writeSync(this.#fd, `${JSON.stringify(report)}\n`);
      return true;
    } catch {
      // `tbuf record` is gone: the program and its trace go on without it.
      return false;
    }
  }

  /** Calls `take` for each line that `tbuf record` sends. */
  listen(take: (line: string) => void): void {
    if (!this.#isThere()) return;
    const socket = new Socket({ fd: this.#fd, readable: true, writable: false });
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", lineSplitter(take));
    socket.on("error", () => socket.destroy());
  }

  /**
   * Nothing is sent or heard any more, and the recorder's thread can end. If the number is somebody else's by now,
   * the socket must not be closed, as it also is when its thread ends: it keeps the thread alive, though not the
   * process.
   */
  close(): void {
    if (this.#isThere()) this.#socket?.destroy();
  }

  #isThere(): boolean {
    // A socket that was destroyed, as when `tbuf record` has died, has closed the descriptor.
    if (this.#inode === undefined || this.#socket?.destroyed) return false;
    return inodeOf(this.#fd) === this.#inode;
  }
}

/**
 * Identity of the socket with that number; undefined for what is no socket, and for Node's own channel to a
 * parent: `node --watch` starts the program with one in the place of ours.
 */
function inodeOf(fd: number): number | undefined {
  const ipc = process.channel as { readonly fd?: number } | undefined;
  if (fd < 0 || ipc?.fd === fd) return undefined;
  try {
    const stats = fstatSync(fd);
    return stats.isSocket() ? stats.ino : undefined;
  } catch {
    return undefined;
  }
}
