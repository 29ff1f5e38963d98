// Values that are kept with objects of the program's, where the program sees nothing of them.

/** What is kept with objects, each at most one value of this keeper. */
export interface Keeper<T> {
  get(object: object): T | undefined;
  set(object: object, value: T | undefined): void;
}

/** A class whose constructor returns what it is given: fields of a class that extends it are put on that object. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a private field gets on a foreign object
    return object;
  }
}

/**
 * Makes a keeper. The values are in a private field: no reflection finds it, no inspection prints it, and it is found
 * as quickly as a property, which entries of a WeakMap are not.
 */
export function makeKeeper<T>(): Keeper<T> {
  // A field of this call's class: several keepers may keep something with one object.
  class Kept extends Given {
    #value: T | undefined;

    static get(object: object): T | undefined {
      return #value in object ? object.#value : undefined;
    }

    static set(object: object, value: T | undefined): void {
      const kept: Kept = #value in object ? object : new Kept(object);
      kept.#value = value;
    }
  }
  return Kept;
}
