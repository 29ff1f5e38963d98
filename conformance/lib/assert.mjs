// What checks assert with: plain functions that throw, the same in every runtime.

/** Throws an Error that says what does not hold. */
export function ok(holds, what) {
  if (!holds) throw new Error(what);
}

/** Deeply equal: numbers as Object.is has them (so -0 is not 0), typed arrays by type and value. */
export function equal(actual, expected, what = "value") {
  const where = difference(actual, expected, what);
  if (where !== undefined) throw new Error(where);
}

/** `low` <= `actual` <= `high`; numbers or bigints. */
export function between(actual, low, high, what = "value") {
  ok(actual >= low && actual <= high, `${what}: ${actual} is not from ${low} to ${high}`);
}

/** `act` throws a TraceError with that code, or an error of that name; `words` are in its message. */
export function throws(code, act, words = "") {
  let error;
  try {
    act();
  } catch (thrown) {
    error = thrown;
  }
  checkError(code, error, words);
}

/** As `throws`, for what a promise is rejected with. */
export async function rejects(code, promise, words = "") {
  checkError(code, await promise.then(() => undefined).catch((error) => error), words);
}

function checkError(code, error, words) {
  if (error === undefined) throw new Error(`nothing was thrown, ${code} expected`);
  const found = error.name === "TraceError" ? error.code : error.name;
  ok(found === code, `${found} was thrown, ${code} expected: ${error.message}`);
  ok(error.message.includes(words), `the message lacks ${show(words)}: ${error.message}`);
}

function difference(actual, expected, path) {
  if (Object.is(actual, expected)) return undefined;
  const unlike = () => `${path}: ${show(actual)}, not ${show(expected)}`;
  if (typeof actual !== "object" || typeof expected !== "object") return unlike();
  if (actual === null || expected === null) return unlike();
  if (Object.prototype.toString.call(actual) !== Object.prototype.toString.call(expected)) {
    return unlike();
  }
  const [keys, wanted] = [Object.keys(actual), Object.keys(expected)];
  if (keys.length !== wanted.length) {
    return `${path}: ${keys.length} members (${show(actual)}), not ${wanted.length} (${show(expected)})`;
  }
  for (const key of wanted) {
    if (!Object.hasOwn(actual, key)) return `${path}.${key}: is missing`;
    const where = difference(actual[key], expected[key], `${path}.${key}`);
    if (where !== undefined) return where;
  }
  return undefined;
}

export function show(value) {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : typeof value === "object" && value !== null
        ? JSON.stringify(value, (_key, each) => (typeof each === "bigint" ? `${each}n` : each))
        : typeof value === "bigint"
          ? `${value}n`
          : Object.is(value, -0)
            ? "-0"
            : String(value);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
