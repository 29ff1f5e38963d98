// Tracepoints of the lives of Node's threads. Made when this is loaded: a trace that asks for them finds them, also
// before the first source is installed.

import { xenSched } from "../../facilities/index.js";
import { sharedTracepoints } from "../../tracepoint/shared.js";

export const schedEvents = sharedTracepoints(xenSched);
