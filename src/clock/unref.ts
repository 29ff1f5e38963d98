// Timers that keep no process alive.

/** What Node, Deno and Bun give timers; in a page a timer is a number, and keeps nothing alive. */
interface Referenced {
  readonly ref?: () => void;
  readonly unref?: () => void;
}

/** The timer, which keeps the process alive no more. */
export function unref<T>(timer: T): T {
  keepAlive(timer, false);
  return timer;
}

/** Whether the timer keeps the process alive from here on; undefined is no timer. */
export function keepAlive(timer: unknown, keeps: boolean): void {
  const referenced = timer as Referenced | undefined;
  if (keeps) referenced?.ref?.();
  else referenced?.unref?.();
}
