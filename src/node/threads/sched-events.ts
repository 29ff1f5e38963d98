// Tracepoints of the lives of Node's threads and their event loops: the sources in this folder.

import { xenSched } from "../../facilities/index.js";
import { tracepointsOf } from "../../tracepoint/facility.js";

export const schedEvents = tracepointsOf(xenSched);
