/**
 * The integer types that `assembly/public/*.ts` annotates its constants with,
 * so that the very same files compile as AssemblyScript and as TypeScript.
 */
type u32 = number;
type i32 = number;
