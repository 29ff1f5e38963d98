// What typed arrays are, by the getters of the language itself: a program can hide these behind
// members of its own, or behind a proxy, which are code that may record, and may not tell the truth.

/** Getters that all classes of typed arrays inherit. */
const { prototype } = Object.getPrototypeOf(Int32Array) as { prototype: object };

function getter<T>(name: PropertyKey): (value: object) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => T;
  return (value) => Reflect.apply(get, value, []);
}

/** The name of a typed array's class. Undefined for any other object, a proxy of one as well. */
const classOf = getter<string | undefined>(Symbol.toStringTag);

export function isUint8Array(value: object): value is Uint8Array {
  return classOf(value) === "Uint8Array";
}

export function isInt32Array(value: object): value is Int32Array {
  return classOf(value) === "Int32Array";
}

/** Elements of a typed array, 0 when its buffer was detached. Throws a TypeError for all else. */
export const lengthOf: (value: object) => number = getter("length");

const bufferOf = getter<ArrayBufferLike>("buffer");
const byteOffsetOf = getter<number>("byteOffset");

/** Some of an Int32Array's elements, in a view of their own. Throws a TypeError for all else. */
export function wordsOf(words: Int32Array, from: number, count: number): Int32Array {
  return new Int32Array(bufferOf(words), byteOffsetOf(words) + from * 4, count);
}
