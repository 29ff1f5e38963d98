// 128 MiB: the hypervisor's frames lie in the lower half, and what AssemblyScript's runtime needs
// for the tests themselves (strings, heap) above `memoryBase`, in the upper half.
const wasmPages = 2048;

/** Part of a spec file's name, set by `npm test -- --wasm <name>`. */
const name = process.env.TBUF_SPEC;

export default {
  entries: [name ? `tests-wasm/**/*${name}*.spec.ts` : "tests-wasm/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  // The memory as-pect offers is not shared, and atomics of the hypervisor need one that is. The
  // limits repeat those of as-pect.asconfig.json: a shared memory has to match them.
  async instantiate(_memory, createImports, instantiate, binary) {
    const memory = new WebAssembly.Memory({
      initial: wasmPages,
      maximum: wasmPages,
      shared: true,
    });
    return instantiate(binary, createImports({ env: { memory } }));
  },
  outputBinary: false,
};
