// Traces of any schema, for the tests of sinks: random classes of fields, values of them, and streams.

import fc from "fast-check";
import {
  EMPTY_SCHEMA,
  type EventClass,
  type FieldClass,
  type FieldMember,
  type IntegerClass,
  type LossEntry,
  type RecordEntry,
  type TraceEntry,
  type TraceSource,
} from "../../src/trace/index.js";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 9 }),
  fc.constantFrom("", "a", "é"),
);

const integers: fc.Arbitrary<IntegerClass> = fc
  .record({
    signed: fc.boolean(),
    bits: fc.oneof(fc.constantFrom(8, 16, 32, 64), fc.integer({ min: 1, max: 64 })),
    base: fc.option(fc.constantFrom<(2 | 8 | 10 | 16)[]>(2, 8, 10, 16), { nil: undefined }),
  })
  .map(({ base, ...rest }) => ({ kind: "integer", ...rest, ...(base !== undefined && { base }) }));

function boundsOf({ signed, bits }: IntegerClass): { min: bigint; max: bigint } {
  const size = 1n << BigInt(bits - (signed ? 1 : 0));
  return { min: signed ? -size : 0n, max: size - 1n };
}

/** A whole number as a record has it. */
const inClass = ({ bits }: IntegerClass, value: bigint) => (bits <= 32 ? Number(value) : value);

const enums: fc.Arbitrary<FieldClass> = integers.chain((container) =>
  fc
    .array(fc.record({ label: anyText, first: fc.bigInt(boundsOf(container)), more: fc.nat(3) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((members) => ({
      kind: "enum",
      container,
      members: members.map(({ label, first, more }) => {
        const last = first + BigInt(more);
        const isRange = more > 0 && last <= boundsOf(container).max;
        const range = isRange ? { last: inClass(container, last) } : {};
        return { label, first: inClass(container, first), ...range };
      }),
    })),
);

const leaves: fc.Arbitrary<FieldClass> = fc.oneof(
  integers,
  enums,
  fc.constantFrom<FieldClass[]>(
    { kind: "float", bits: 32 },
    { kind: "float", bits: 64 },
    { kind: "boolean" },
    { kind: "string" },
    { kind: "bytes" },
  ),
);

/** Classes within classes, so many at most. */
export function anyClass(depth = 3): fc.Arbitrary<FieldClass> {
  if (depth === 0) return leaves;
  const inner = anyClass(depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: leaves },
    {
      weight: 1,
      arbitrary: fc
        .record({
          element: inner,
          length: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        })
        .map(({ element, length }): FieldClass => {
          return { kind: "array", element, ...(length !== undefined && { length }) };
        }),
    },
    {
      weight: 1,
      arbitrary: members(inner, 0).map((fields): FieldClass => ({ kind: "struct", fields })),
    },
    {
      weight: 1,
      arbitrary: members(inner, 1).map((options): FieldClass => ({ kind: "variant", options })),
    },
  );
}

function members(fieldClass: fc.Arbitrary<FieldClass>, minLength: number) {
  const member: fc.Arbitrary<FieldMember> = fc.record({
    name: fc.oneof(anyText, fc.constantFrom("__proto__", "length", "_x", "__x", "x", "int")),
    fieldClass,
  });
  return fc.uniqueArray(member, { selector: ({ name }) => name, minLength, maxLength: 4 });
}

/** Values of a class, as records have them. Texts hold what tbuf's strings can. */
export function anyValue(fieldClass: FieldClass): fc.Arbitrary<unknown> {
  switch (fieldClass.kind) {
    case "integer":
      return fc.bigInt(boundsOf(fieldClass)).map((value) => inClass(fieldClass, value));
    case "enum": {
      const { container } = fieldClass;
      return fc.oneof(
        anyValue(container),
        fc.constantFrom(...fieldClass.members.map(({ first }) => first)),
      );
    }
    case "float":
      return fieldClass.bits === 32 ? fc.float() : fc.double();
    case "boolean":
      return fc.boolean();
    case "string":
      return anyText.map((text) => text.replaceAll("\0", "\u2400"));
    case "bytes":
      return fc.uint8Array({ maxLength: 9 });
    case "array": {
      const { length } = fieldClass;
      const size =
        length === undefined ? { maxLength: 3 } : { minLength: length, maxLength: length };
      return fc.array(anyValue(fieldClass.element), size);
    }
    case "struct":
      return valuesOf(fieldClass.fields);
    case "variant":
      return fc.oneof(
        ...fieldClass.options.map((option) =>
          anyValue(option.fieldClass).map((value) => ({ option: option.name, value })),
        ),
      );
  }
}

export function valuesOf(fields: readonly FieldMember[]): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(...fields.map((field) => anyValue(field.fieldClass)))
    .map((values) => Object.fromEntries(fields.map(({ name }, i) => [name, values[i]])));
}

/** Classes of events, those of some groups beside those of none. */
export const eventClasses: fc.Arbitrary<EventClass[]> = fc
  .array(
    fc.record({
      name: anyText,
      group: fc.option(fc.constantFrom("app", "net"), { nil: undefined }),
      fields: members(anyClass(), 0),
      xen: fc.option(fc.integer({ min: 1, max: 0xfffffff }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ name, group, fields, xen }) => ({
      name: group === undefined ? name : `${group}:${name}`,
      ...(group !== undefined && { group }),
      fields,
      ...(xen !== undefined && { attributes: { xen } }),
    })),
  );

interface Step {
  readonly later: bigint;
  readonly record: RecordEntry;
  readonly lost: { readonly records: number; readonly back: bigint | undefined } | undefined;
}

function recordsOf(classes: readonly EventClass[]): fc.Arbitrary<RecordEntry> {
  return fc.oneof(
    ...classes.map((eventClass) =>
      valuesOf(eventClass.fields).map((fields): RecordEntry => {
        return {
          kind: "record",
          cpu: 0,
          event: eventClass.name,
          eventClass,
          timestamp: 0n,
          fields,
        };
      }),
    ),
  );
}

/** One CPU's entries; each loss has happened after the one before it was told. */
function streamOf(cpu: number, steps: readonly Step[]): TraceEntry[] {
  let timestamp = 0n;
  let told: bigint | undefined;
  return steps.map(({ later, record, lost }) => {
    timestamp += later;
    if (!lost) return { ...record, cpu, timestamp };
    const { records, back } = lost;
    const least = told ?? 0n;
    const since = back === undefined ? told : timestamp - back < least ? least : timestamp - back;
    told = timestamp;
    return { kind: "loss", cpu, records, timestamp, since } satisfies LossEntry;
  });
}

/** A trace of several CPUs. */
export const traces: fc.Arbitrary<TraceSource & { readonly all: readonly TraceEntry[][] }> =
  eventClasses.chain((events) => {
    const stepsOf = (later: fc.Arbitrary<bigint>, lost: fc.Arbitrary<Step["lost"]>) =>
      fc.array(fc.array(fc.record({ later, record: recordsOf(events), lost }), { maxLength: 12 }), {
        minLength: 1,
        maxLength: 3,
      });
    const lost = fc.option(
      fc.record({
        records: fc.integer({ min: 1, max: 99 }),
        back: fc.option(fc.bigInt(0n, 20n), { nil: undefined }),
      }),
      { freq: 3, nil: undefined },
    );
    const soon = fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(0n, 2n ** 40n));
    // Apart by more than a record's own time can tell.
    const late = fc.oneof(soon, fc.bigInt(0n, 2n ** 54n));
    const cpus = fc.oneof(stepsOf(soon, lost), stepsOf(late, fc.constant(undefined)));
    return cpus.map((steps) => {
      const all = steps.map((stream, cpu) => streamOf(cpu, stream));
      const streams = all.map((entries, cpu) => ({ info: { cpu }, entries: () => entries }));
      return { schema: { ...EMPTY_SCHEMA, events }, streams, all };
    });
  });
