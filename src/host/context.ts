// What the parts of one dom0 share: all that a trace, or a loop over its packets, needs of it.

import { answerTime } from "../clock/calibrate.js";
import type { Claim } from "./claim.js";
import { EventChannels, type EvtchnOptions } from "./evtchn.js";
import { FacilityTable } from "./facility-table.js";
import { ForeignMapping } from "./foreign-map.js";
import { OpenTraces } from "./open-traces.js";
import { Privcmd } from "./privcmd.js";
import { Settling } from "./settling.js";

export class Dom0Context {
  readonly claim: Claim;
  readonly privcmd: Privcmd;
  readonly facilities: FacilityTable;
  readonly traces: OpenTraces;
  readonly settling: Settling;
  readonly #stopAnswering: () => void;
  #channels: EventChannels;

  constructor(claim: Claim) {
    this.claim = claim;
    this.traces = new OpenTraces(claim.views);
    this.privcmd = new Privcmd(claim, (name) => this.traces.end(name));
    // Reading descriptions maps and unmaps frames all the time: that is no event of the program's.
    const quietMap = (mfn: number, count: number) => new ForeignMapping(claim, mfn, count, false);
    this.facilities = new FacilityTable(claim.views, quietMap);
    this.settling = new Settling(claim);
    this.#channels = new EventChannels(claim);
    this.#stopAnswering = answerTime(claim.views, claim.thread.origin);
  }

  get channels(): EventChannels {
    return this.#channels;
  }

  /** See `Dom0.configureEvents`. */
  configureEvents(options: EvtchnOptions): void {
    this.#channels.close();
    this.#channels = new EventChannels(this.claim, options);
  }

  /** See `Dom0.mapForeignRange`. */
  map(mfn: number, count: number): ForeignMapping {
    this.claim.checkOpen("mapForeignRange");
    return new ForeignMapping(this.claim, mfn, count);
  }

  /** See `Dom0.close`. */
  close(): void {
    if (this.claim.closed) return;
    this.claim.close();
    this.traces.close();
    this.#stopAnswering();
    this.#channels.close();
    this.claim.resign();
  }
}
