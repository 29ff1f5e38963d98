// Words that the writer of metadata and its reader have to agree on.

/** First line of the metadata. */
export const CTF_MAGIC_LINE = "/* CTF 1.8 */";

/** `env.tracer_name` of this package's traces. */
export const TRACER_NAME = "tbuf";

/** Begins the comment that holds a facility's definition: then its first event and the JSON. */
export const FACILITY_COMMENT = "tbuf events";

/** What began it when strings were laid out in another way. */
export const OLD_FACILITY_COMMENT = "tbuf facility";

/** Begins the comment that tells of a CPU's clock: then JSON. */
export const CLOCK_COMMENT = "tbuf clock";

/** Begins the comment that holds one event's class, where no facility's definition can: its number and JSON. */
export const CLASS_COMMENT = "tbuf event";
