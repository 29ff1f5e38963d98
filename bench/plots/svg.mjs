// Draws a Vega-Lite plot without a browser. The same plot gives the same text everywhere: widths of
// letters are estimated, whether or not a canvas is installed.

import { parse, resetSVGDefIds, textMetrics, View } from "vega";
import { compile } from "vega-lite";

textMetrics.canvas(false);

/** The SVG of a Vega-Lite specification. */
export async function svgOf(spec) {
  resetSVGDefIds();
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
