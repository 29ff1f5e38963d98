export { Area } from "./area.js";
export {
  defineFacility,
  type EventArgs,
  type EventDefinition,
  type EventNotes,
  event,
  type FacilityDefinition,
  type FacilityTable,
  type Field,
  type FieldList,
  type FieldTable,
  field,
  fromJson,
  type TypedField,
  toJson,
} from "./definition.js";
export { type EventEncoder, encoderOf, WORDS_MAX } from "./encode.js";
export {
  type ArgumentOf,
  array,
  bool,
  bytes,
  enumOf,
  type FieldKind,
  type FieldType,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  label,
  type ScalarKind,
  string,
  u8,
  u16,
  u32,
  u64,
} from "./field.js";
export { NAME_BYTES_MAX } from "./names.js";
export { type Sizer, sizerOf } from "./payload.js";
export type { EventSelection } from "./selection.js";
