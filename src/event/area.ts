// Where payloads are written.

/** Views that an area keeps: a power of two. */
const KEPT = 64;
const EMPTY = new Uint8Array(0);

/** Memory up to a limit; it may be shared. `bytes` and `view` start at the same address. */
export class Area {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Index in `bytes` at which it ends. */
  readonly limit: number;
  readonly #ats: number[] = new Array(KEPT).fill(-1);
  readonly #rests: Uint8Array[] = new Array(KEPT).fill(EMPTY);
  /** Where the last view began, and that view: an event of one text asks for the same each time. */
  #lastAt = -1;
  #last: Uint8Array = EMPTY;

  constructor(bytes: Uint8Array, view: DataView, limit: number) {
    this.bytes = bytes;
    this.view = view;
    this.limit = limit;
  }

  /**
   * The bytes from `at` up to the limit. A view of shared memory costs as much to make as a text of
   * 60 characters to encode, so some are kept: the texts of one event often begin where they did.
   */
  from(at: number): Uint8Array {
    return this.#lastAt === at ? this.#last : this.#find(at);
  }

  #find(at: number): Uint8Array {
    // By the byte: a text that follows another one begins at any.
    const index = at & (KEPT - 1);
    if (this.#ats[index] !== at) {
      this.#rests[index] = this.bytes.subarray(at, this.limit);
      this.#ats[index] = at;
    }
    this.#lastAt = at;
    this.#last = this.#rests[index] as Uint8Array;
    return this.#last;
  }
}
