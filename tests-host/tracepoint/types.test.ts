// The types of tracepoints and of what dom0 gives: checked by the compiler, and run as well.

import { describe, expectTypeOf, it } from "vitest";
import {
  array,
  bool,
  bytes,
  type CreateTraceOptions,
  type Dom0,
  enumOf,
  event,
  f64,
  facility,
  field,
  Hypervisor,
  i64,
  label,
  type Packet,
  string,
  type Trace,
  TraceError,
  type TraceErrorCode,
  u8,
  u32,
} from "../../src/index.js";

const state = enumOf({ idle: 0, busy: 1 });
const app = facility("types", {
  listed: [field("id", u32), field("path", string), field("ok", bool)],
  named: { id: u32, wide: i64, data: bytes },
  states: { state, many: array(state), numbers: array(f64), words: array(string) },
  marked: [field("route", label)],
  noted: event([field("small", u8)], { doc: "A small one." }),
  notedByName: event({ when: f64 }, { xen: 0x28001 }),
  nothing: [],
  empty: {},
});

describe("the arguments of a tracepoint", () => {
  it("are positional for a list of fields", () => {
    expectTypeOf(app.listed).parameters.toEqualTypeOf<[number, string, boolean]>();
    expectTypeOf(app.noted).parameters.toEqualTypeOf<[number]>();
    expectTypeOf(app.marked).parameters.toEqualTypeOf<[string]>();
    expectTypeOf(app.nothing).parameters.toEqualTypeOf<[]>();
    expectTypeOf(app.listed).returns.toEqualTypeOf<void>();
  });

  it("are one object for a table of fields", () => {
    type Named = Readonly<{ id: number; wide: number | bigint; data: Uint8Array }>;
    expectTypeOf(app.named).parameters.toEqualTypeOf<[Named]>();
    expectTypeOf(app.notedByName).parameters.toEqualTypeOf<[{ readonly when: number }]>();
    expectTypeOf(app.empty).parameters.toEqualTypeOf<[]>();
  });

  it("know the members of enums, and lists", () => {
    type State = "idle" | "busy" | number;
    expectTypeOf(app.states).parameter(0).toEqualTypeOf<{
      readonly state: State;
      readonly many: ArrayLike<State>;
      readonly numbers: ArrayLike<number>;
      readonly words: ArrayLike<string>;
    }>();
    expectTypeOf(new Float64Array(2)).toExtend<ArrayLike<number>>();
  });

  it("are checked by the compiler", () => {
    // @ts-expect-error: a string is no id.
    app.listed("1", "/", true);
    // @ts-expect-error: one argument is missing.
    app.listed(1, "/");
    // @ts-expect-error: one argument too many.
    app.nothing(1);
    // @ts-expect-error: a member is missing.
    app.named({ id: 1, wide: 2 });
    // @ts-expect-error: no member of the enum.
    app.states({ state: "gone", many: [], numbers: [], words: [] });
    // @ts-expect-error: no such event.
    app.unknown?.();
  });
});

describe("the types of the API", () => {
  it("are those that the documentation names", () => {
    expectTypeOf(Hypervisor.boot).returns.toEqualTypeOf<Hypervisor>();
    expectTypeOf<Dom0["createTrace"]>().parameters.toEqualTypeOf<
      [string, (CreateTraceOptions | undefined)?]
    >();
    expectTypeOf<Dom0["createTrace"]>().returns.toEqualTypeOf<Trace>();
    expectTypeOf<Trace["snapshot"]>().returns.toEqualTypeOf<Packet[]>();
    expectTypeOf<Trace["packets"]>().returns.toExtend<AsyncIterable<Packet>>();
    expectTypeOf<Packet["begin"]>().toEqualTypeOf<bigint>();
    expectTypeOf<CreateTraceOptions["mode"]>().toEqualTypeOf<"discard" | "overwrite" | undefined>();
    expectTypeOf<TraceError["code"]>().toEqualTypeOf<TraceErrorCode>();
    expectTypeOf<TraceError>().toExtend<Error>();
  });

  it("let a hypervisor stand in a using declaration", () => {
    expectTypeOf<Hypervisor>().toExtend<Disposable>();
  });

  it("take nothing but known options", () => {
    const dom0 = {} as Pick<Dom0, "createTrace">;
    // @ts-expect-error: no such mode.
    (() => dom0.createTrace("a", { mode: "ring" })) satisfies unknown;
    // @ts-expect-error: no such option.
    (() => dom0.createTrace("a", { bytes: 1 })) satisfies unknown;
    // @ts-expect-error: not a code.
    (() => new TraceError("no-such-code", "")) satisfies unknown;
  });
});
