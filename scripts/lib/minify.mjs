// What a bundler that minifies makes of a module for a page.

import { build } from "esbuild";

/**
 * @param {import("esbuild").BuildOptions} options what is bundled: an entry point, or `stdin`
 * @returns {Promise<{ text: string, inputs: Record<string, { bytesInOutput: number }> }>}
 *   the script, and the bytes that each source has in it
 */
export async function minify(options) {
  const { outputFiles, metafile } = await build({
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    logLevel: "silent",
    ...options,
    metafile: true,
    write: false,
  });
  return { text: outputFiles[0].text, inputs: Object.values(metafile.outputs)[0].inputs };
}
