// The numbers of labels: a text is stored once in the memory of the thread's CPU slot, and each record
// that has it holds its number. Who takes over the slot finds the texts of who was there before.

import { LABEL_BYTES_MAX, LABELS_ORDER } from "../../assembly/public/layout.js";
import { type CpuBinding, currentBinding, onBindingChange } from "../cpu/current.js";
import { Area } from "../event/area.js";
import { readText, textEnd, writeTextToWord } from "../event/text.js";
import { countLabelFull, type LabelRun, labelBytes, labelRunAt } from "../memory/label-runs.js";

/** Longest text, in UTF-16 units; of a longer one, the beginning and an ellipsis are recorded. */
export const LABEL_UNITS_MAX = 256;

/** The number of a label whose text found no room. */
const NO_ROOM = 0;
/** Texts that were looked for last: a power of two. */
const LAST = 128;

/** The texts of one CPU. */
class Labels {
  readonly #binding: CpuBinding;
  readonly #numbers = new Map<string, number>();
  readonly #lastTexts: string[] = new Array(LAST).fill("");
  readonly #lastNumbers = new Int32Array(LAST);
  /** Where the next entry goes; undefined before the first one. */
  #rest: LabelRun | undefined;

  constructor(binding: CpuBinding) {
    this.#binding = binding;
  }

  /**
   * The number of a text, as a signed word. Runs no code of the program's. The texts of the last calls are
   * compared before the map is asked, which takes longer than a record; they are found by their length and
   * four of their units, since most texts have their beginning or their end in common with others.
   */
  numberOf(text: string): number {
    const { length } = text;
    if (length === 0) return this.#find(text);
    const first = text.charCodeAt(length >> 3) + 3 * text.charCodeAt(length >> 1);
    const second = 7 * text.charCodeAt((3 * length) >> 2) + 13 * text.charCodeAt(length - 1);
    const index = (first + second + 31 * length) & (LAST - 1);
    if (this.#lastTexts[index] === text) return this.#lastNumbers[index] as number;
    const number = this.#find(text);
    if (number !== NO_ROOM) {
      this.#lastTexts[index] = text;
      this.#lastNumbers[index] = number;
    }
    return number;
  }

  #find(text: string): number {
    const short =
      text.length > LABEL_UNITS_MAX ? `${text.slice(0, LABEL_UNITS_MAX - 1)}\u2026` : text;
    const number = this.#numbers.get(short) ?? this.#add(short);
    if (number === NO_ROOM) countLabelFull(this.#binding.views, this.#binding.cpu);
    return number;
  }

  #add(text: string): number {
    const { views } = this.#binding;
    const { at, end } = this.#catchUp();
    // Perhaps it is one of those that were there.
    const found = this.#numbers.get(text);
    if (found !== undefined) return found;
    const area = new Area(views.bytes, views.data, Math.min(end, at + 4 + LABEL_BYTES_MAX));
    const until = at === 0 ? -1 : writeTextToWord(text, area, at + 4);
    if (until < 0) return NO_ROOM;
    // What a thread that died here has left behind this entry is none.
    if (until < end) views.data.setUint32(until, 0, true);
    // Last: a thread that dies before has left no entry, and a record names this one only afterwards.
    views.data.setUint32(at, until - at - 4, true);
    this.#rest = { at: until, end };
    return this.#note(text, at);
  }

  /**
   * Notes what was added to the slot's run by others: by the threads before this one, and by other copies of
   * this package in this one.
   */
  #catchUp(): LabelRun {
    const { views } = this.#binding;
    const { end, at } = this.#rest ?? this.#open();
    let next = at;
    for (let bytes = labelBytes(views, next, end); bytes > 0; ) {
      const text = next + 4;
      const nul = textEnd(views.data, text, text + bytes);
      if (nul > 0) this.#note(readText(views.data, text, nul - 1 - text), next);
      next = text + bytes;
      bytes = labelBytes(views, next, end);
    }
    this.#rest = { at: next, end };
    return this.#rest;
  }

  /** The slot's run; one of no length where memory is out. */
  #open(): LabelRun {
    const { core, views } = this.#binding;
    let at = 0;
    for (let order = LABELS_ORDER; at === 0 && order >= 0; order--) at = core.cpu_labels(order);
    return labelRunAt(views, at >>> 0) ?? { at: 0, end: 0 };
  }

  #note(text: string, at: number): number {
    const number = (at / 4) | 0;
    this.#numbers.set(text, number);
    return number;
  }
}

/** By binding: what a thread knows of the texts of a CPU, however often it comes back to it. */
const known = new WeakMap<CpuBinding, Labels>();
let labels: Labels | undefined;

function follow(binding: CpuBinding | undefined): void {
  labels = binding && known.get(binding);
  if (!binding || labels) return;
  labels = new Labels(binding);
  known.set(binding, labels);
}

let following = false;

/**
 * The number that stands for a text in records of this thread's CPU, as a signed word; 0 where it has none,
 * or its memory for texts is full.
 */
export function labelNumber(text: string): number {
  if (!following) {
    following = true;
    onBindingChange(follow);
    follow(currentBinding());
  }
  return labels ? labels.numberOf(text) : NO_ROOM;
}
