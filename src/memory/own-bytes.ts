/**
 * Bytes over memory of their own: `Uint8Array<ArrayBuffer>`. Written so that TypeScript before 5.7,
 * which has no such parameter, takes the declarations too.
 */
export type OwnBytes = ReturnType<Uint8ArrayConstructor["of"]>;
