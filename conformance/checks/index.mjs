// All checks, in the order in which they run.

import "./boot.mjs";
import "./ops.mjs";
import "./traces.mjs";
import "./modes.mjs";
import "./fields.mjs";
import "./writers.mjs";
import "./golden.mjs";
import "./formats.mjs";
import "./snapshots.mjs";
import "./virq.mjs";
import "./batches.mjs";
import "./clocks.mjs";
import "./guest.mjs";
import "./unshared.mjs";
import "./threads.mjs";
import "./destroy.mjs";
import "./death.mjs";
import "./loops.mjs";
import "./views.mjs";
