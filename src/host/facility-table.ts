// The facilities that threads have registered, as dom0 reads them from the hypervisor's frames. A
// description that makes no sense is reported once and passed over; its events are unknown then.

import { EVENTS_MAX, FACILITIES_MAX, OWNER_CPU } from "../../assembly/public/layout.js";
import { type FacilityDefinition, fromJson, withoutLabels } from "../event/definition.js";
import type { Sizer } from "../event/payload.js";
import {
  type DescriptionFrames,
  descriptionAt,
  readDescription,
} from "../memory/facility-descriptions.js";
import { readFrame } from "../memory/frame-table.js";
import type { FrameBytes } from "../memory/ring.js";
import type { MemoryViews } from "../memory/views.js";
import { registeredAt } from "../tracepoint/register.js";
import { LabelTexts, type RecordLayout, recordLayoutOf, withTexts } from "./label-texts.js";

/** A facility and the id of its first event. */
export interface RegisteredFacility {
  readonly firstEvent: number;
  /**
   * As readers of its records have it: with strings in place of labels. With the `doc` of its events only
   * where this thread has registered it too.
   */
  readonly definition: FacilityDefinition;
}

/** Frames that are read, and given back then: a mapping, or part of a copy of the memory. */
export interface MappedFrames extends FrameBytes {
  unmap(): void;
}

/** Throws TraceError where there are no such frames, or they may not be read. */
export type MapFrames = (mfn: number, count: number) => MappedFrames;

const decoder = new TextDecoder("utf-8", { fatal: true });

export class FacilityTable {
  readonly #views: MemoryViews;
  readonly #map: MapFrames;
  readonly #facilities: RegisteredFacility[] = [];
  readonly #layouts = new Map<number, RecordLayout>();
  readonly #texts: LabelTexts;
  #hasLabels = false;
  #next = 0;
  /** Where the events of the next description begin, or cannot begin before. */
  #end = 0;
  /** False after a description that could not be read: it had some events, and nobody knows how many. */
  #endKnown = true;
  #refused = false;

  constructor(views: MemoryViews, map: MapFrames) {
    this.#views = views;
    this.#texts = new LabelTexts(views);
    this.#map = map;
  }

  /** True once a description was not believed: records of its events may come all the same. */
  get hasUnknownEvents(): boolean {
    this.all();
    return this.#refused;
  }

  /** All facilities registered so far, in the order of their event ids. */
  all(): readonly RegisteredFacility[] {
    while (this.#next < FACILITIES_MAX) {
      const at = descriptionAt(this.#views, this.#next);
      if (!at) break;
      // A thread that registers right now has published it a moment before it can be mapped.
      if (readFrame(this.#views, at.mfn).owner >= OWNER_CPU) break;
      this.#next++;
      this.#add(at);
    }
    return this.#facilities;
  }

  /**
   * Takes the next description in. The hypervisor gives each facility the events behind those of the
   * one before: a description that says otherwise is not believed, or two would claim one event.
   */
  #add(at: DescriptionFrames): void {
    // Private to this thread: what shared memory says of it does not matter.
    const own = this.#endKnown ? registeredAt(this.#views, this.#end) : undefined;
    const read = own ? { firstEvent: this.#end, definition: own } : this.#read(at);
    if (!read) {
      this.#refused = true;
      this.#endKnown = false;
      return;
    }
    const { firstEvent, definition } = read;
    const events = definition.events.length;
    const follows = this.#endKnown ? firstEvent === this.#end : firstEvent >= this.#end;
    if (follows) {
      const plain = withoutLabels(definition);
      this.#hasLabels ||= plain !== definition;
      this.#facilities.push({ firstEvent, definition: plain });
      definition.events.forEach((event, i) => {
        this.#layouts.set(firstEvent + i, recordLayoutOf(event));
      });
      this.#end = firstEvent + events;
      this.#endKnown = true;
    } else {
      this.#refused = true;
      if (this.#endKnown) this.#end += events;
    }
  }

  /** What tells the sizes of an event's payloads; looks for new facilities when the id is not known. */
  sizer(event: number): Sizer | undefined {
    return this.#layout(event)?.size;
  }

  /**
   * Records with texts in place of the numbers of labels; `bytes` itself where they have none. undefined
   * where they are no records of known events. What follows a record of an event whose description was not believed
   * stays as it is.
   */
  withTexts(bytes: Uint8Array): Uint8Array | undefined {
    // A thread may have registered the first ones since.
    this.all();
    if (!this.#hasLabels) return bytes;
    return withTexts(bytes, (event) => this.#layout(event), this.#texts, this.#refused);
  }

  #layout(event: number): RecordLayout | undefined {
    if (!this.#layouts.has(event)) this.all();
    return this.#layouts.get(event);
  }

  /** What a description says of itself; undefined: nothing that makes sense. */
  #read({ mfn, count }: DescriptionFrames): RegisteredFacility | undefined {
    if (count === 0) return undefined;
    let mapping: MappedFrames | undefined;
    try {
      mapping = this.#map(mfn, count);
      const { firstEvent, events, json } = readDescription(mapping.bytes);
      const definition = fromJson(decoder.decode(json));
      const fits = firstEvent + events <= EVENTS_MAX && definition.events.length === events;
      return fits ? { firstEvent, definition } : undefined;
    } catch {
      // Not a description: shared memory was overwritten. Its records cannot be told apart, and the
      // ring readers mark what holds them as corrupt.
      return undefined;
    } finally {
      mapping?.unmap();
    }
  }
}
