// The public constants alone, as a module of their own: each becomes an immutable global of
// build/abi.wasm, and tests-host/guards/abi.test.ts compares every one with what TypeScript reads
// from the same file. The hypervisor's own module carries none of them: there they are literals.

export * from "./public/layout";
export * from "./public/ops";
