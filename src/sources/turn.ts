// Which callback a thread runs, as far as sources know it: for those that tell what a callback does.

/** Of this thread. */
export const turn: {
  /** The callback of a timer runs. */
  inTimer: boolean;
} = { inTimer: false };
