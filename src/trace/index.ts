// What a trace is, whoever wrote it: for those who write a source or a sink of their own.

export type { LossEntry, RecordEntry, TraceEntry } from "./entry.js";
export type {
  ArrayClass,
  BooleanClass,
  BytesClass,
  EnumClass,
  EnumMember,
  FieldClass,
  FieldMember,
  FloatClass,
  IntegerClass,
  StringClass,
  StructClass,
  VariantClass,
  VariantValue,
} from "./field.js";
export { mergeStreams, type StreamInfo, type TraceStream } from "./merge.js";
export {
  CLOCK_OFFSET_MAX,
  EMPTY_SCHEMA,
  type Environment,
  type EventClass,
  type TraceClock,
  type TraceSchema,
} from "./schema.js";
export { type Output, piecesOf, type TraceSink } from "./sink.js";
export { pump, type TraceSource } from "./source.js";
export { type Took, takesTime, tookOf } from "./took.js";
