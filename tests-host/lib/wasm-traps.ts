// What a program can see of its Wasm guests, in all the places where a tracer that wraps functions may be caught.

import {
  api,
  assemble,
  CALLER,
  type GuestFunction,
  type Imports,
  link,
  TABLE,
  WRITER,
} from "./guests.js";

const ADDER = assemble(`(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "run") (param i32) (result i32) (call $f (local.get 0))))`);

/** What `call` returns or throws. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const { name, message } = error as Error;
    return { thrown: name, message, type: Object.getPrototypeOf(error).constructor.name };
  }
}

const valid = (): Imports => ({
  env: { f: (x: number) => x + 1, g: (x: number, y: number) => x + y },
});

/** Objects of imports, good and bad, for CALLER. */
const objects: Readonly<Record<string, () => unknown>> = {
  valid,
  none: () => undefined,
  null: () => null,
  number: () => 5,
  "no module": () => ({}),
  "a module that is a number": () => ({ env: 5 }),
  "a module that is a function": () => ({ env: Object.assign(() => {}, valid().env) }),
  "no function": () => ({ env: { f: valid().env?.f } }),
  "an object for a function": () => ({ env: { ...valid().env, g: {} } }),
  "a frozen object": () => Object.freeze({ env: Object.freeze(valid().env) }),
  "a function of another guest with other parameters": () => ({
    env: { ...valid().env, f: link(TABLE).at },
  }),
  "a getter that throws": () => ({
    env: Object.defineProperty({ ...valid().env }, "g", {
      get() {
        throw new RangeError("on purpose");
      },
    }),
  }),
  "a class": () => ({ env: { ...valid().env, f: class {} } }),
  "rest parameters": () => ({
    env: { f: (...args: unknown[]) => args.length, g: (...args: unknown[]) => args.length },
  }),
  "fewer and more parameters": () => ({
    env: {
      f: (_a: unknown, b: unknown) => (b === undefined ? 10 : 20),
      g() {
        // biome-ignore lint/complexity/noArguments: what a function is given
        return arguments.length;
      },
    },
  }),
  this: () => ({
    env: {
      ...valid().env,
      f(this: unknown) {
        return this === undefined ? 1 : 2;
      },
    },
  }),
};

async function linking(): Promise<unknown> {
  const { Module, Instance, instantiate, instantiateStreaming } = api();
  const module = new Module(CALLER);
  const seen: Record<string, unknown> = {};
  const response = () => new Response(CALLER, { headers: { "Content-Type": "application/wasm" } });
  for (const [name, make] of Object.entries(objects)) {
    seen[name] = {
      constructed: await outcome(() => new Instance(module, make()).exports.twice?.(5)),
      ofBytes: await outcome(async () =>
        (await instantiate(CALLER, make())).instance.exports.twice?.(5),
      ),
      ofModule: await outcome(async () => (await instantiate(module, make())).exports.twice?.(5)),
      streamed: await outcome(async () =>
        (await instantiateStreaming(response(), make())).instance.exports.twice?.(5),
      ),
    };
  }
  return {
    seen,
    noModule: await outcome(() => new Instance(5 as never)),
    noBytes: await outcome(() => instantiate(5 as never)),
    badBytes: await outcome(() => instantiate(CALLER.slice(0, 9), {})),
    withoutNew: await outcome(() => (Instance as unknown as GuestFunction)(module)),
    arguments: [Instance.length, Instance.name, instantiate.length, instantiate.name],
  };
}

/** In which order, and how often, the engine reads the imports. */
function readings(): string[] {
  const read: string[] = [];
  const noting = <T extends object>(name: string, object: T): T =>
    new Proxy(object, {
      get(target, key) {
        read.push(`${name}.${String(key)}`);
        return Reflect.get(target, key);
      },
    });
  const { env = {} } = valid();
  link(CALLER, noting("imports", { env: noting("env", env) }) as Imports);
  return read;
}

function classes(): unknown {
  const { Instance, Module, Table, Global } = api();
  const instance = new Instance(new Module(TABLE));
  class Own extends Instance {
    own = 1;
  }
  const own = new Own(new Module(TABLE));
  const { exports } = instance;
  const { table, global } = exports as unknown as Record<"table" | "global", object>;
  return {
    instances: [instance instanceof Instance, instance.constructor === Instance],
    subclass: [own instanceof Own, own instanceof Instance, own.own, own.exports.double?.(4)],
    tables: [
      table instanceof Table,
      table.constructor === Table,
      new Table({ element: "anyfunc", initial: 1 }).length,
    ],
    globals: [global instanceof Global, global.constructor === Global],
    keys: Reflect.ownKeys(instance),
    identities: [instance.exports === exports, instance.exports.double === exports.double],
    frozen: [Object.isFrozen(exports), Object.getPrototypeOf(exports), Object.keys(exports)],
    functions: Object.values(exports).map((value) => [typeof value, value.name, value.length]),
    isConstructor: [Reflect.has(exports.double as object, "prototype")],
    tag: [String(instance), String(table)],
  };
}

async function functions(): Promise<unknown> {
  const { Table, Global } = api();
  const exports = link(TABLE);
  const { double, next, same, at, trap } = exports;
  const { table, global } = exports as unknown as {
    table: InstanceType<typeof Table>;
    global: InstanceType<typeof Global>;
  };
  const own = new Table({ element: "anyfunc", initial: 2 }, next);
  table.set(1, next);
  const grown = await outcome(() => table.grow(1, double));
  global.value = next;
  const imported = link(ADDER, { env: { f: next } });
  return {
    table: [table.get(0) === double, table.get(1) === next, table.get(2) === double, grown],
    own: [own.get(0) === next, own.get(1) === next],
    indirect: [at?.(0, 21), at?.(1, 21), at?.(2, 21)],
    refused: [await outcome(() => table.set(0, () => 1)), await outcome(() => table.get(99))],
    globals: [
      global.value === next,
      global.valueOf() === next,
      new Global({ value: "anyfunc" }, double).value === double,
      await outcome(() => {
        global.value = () => 1;
      }),
    ],
    passed: [same?.(next) === next, same?.(null), await outcome(() => same?.(() => 1))],
    imported: imported.run?.(41),
    trapped: await outcome(() => trap?.()),
    converted: [double?.("4"), double?.(), double?.(1, 2, 3)],
    // Its message has the function's text.
    constructed: (
      (await outcome(() => Reflect.construct(double as GuestFunction, []))) as { type: unknown }
    ).type,
    errors: await outcome(() =>
      link(ADDER, {
        env: {
          f() {
            throw new RangeError("on purpose");
          },
        },
      }).run?.(1),
    ),
    wasi: link(WRITER, { wasi_snapshot_preview1: { fd_write: (fd: number) => fd * 3 } }).run?.(),
  };
}

/** All of it, as plain values. */
export async function observations(): Promise<unknown> {
  return {
    linking: await linking(),
    readings: readings(),
    classes: classes(),
    functions: await functions(),
  };
}
