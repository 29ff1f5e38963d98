// Runs in a page: which of the things on it have too little contrast to be seen by everybody.

/** WCAG 2.2: of text (1.4.3), and of graphics, of edges of controls and of the focus' ring (1.4.11). */
export function lowContrast() {
  const TEXT = 4.5;
  const SHAPE = 3;

  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const isOpaque = (color) => (channels(color)[3] ?? 1) === 1;
  function luminance(color) {
    const [r, g, b] = channels(color).map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function ratio(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }
  function behind(element) {
    const { backgroundColor } = getComputedStyle(element);
    return isOpaque(backgroundColor) ? backgroundColor : behind(element.parentElement);
  }

  const complaints = [];
  function check(element, what, color, background, limit) {
    const found = ratio(color, background);
    if (found >= limit) return;
    const { tagName, id, textContent } = element;
    const name = `${tagName.toLowerCase()}${id && `#${id}`}`;
    complaints.push(`${what} of ${name} "${textContent.trim().slice(0, 20)}": ${found.toFixed(2)}`);
  }

  const shown = (selector) =>
    [...document.querySelectorAll(selector)].filter(
      // What cannot be used now may be faint.
      (element) => element.checkVisibility() && !element.matches(":disabled, option"),
    );
  for (const element of shown("body *")) {
    const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!isText && !element.matches("input, select")) continue;
    const { color, fill } = getComputedStyle(element);
    const ink = element.ownerSVGElement ? fill : color;
    check(element, "text", ink, behind(element), TEXT);
  }
  for (const element of shown("select, input[type=number], button, .subbuf, .key")) {
    const { borderTopColor } = getComputedStyle(element);
    check(element, "edge", borderTopColor, behind(element.parentElement), SHAPE);
  }
  for (const element of shown(".subbuf i, .key.unread")) {
    const { backgroundColor } = getComputedStyle(element);
    check(element, "area", backgroundColor, behind(element.parentElement), SHAPE);
  }
  for (const element of shown("[aria-label=bar] rect")) {
    check(element, "bar", getComputedStyle(element).fill, behind(element), SHAPE);
  }
  for (const element of shown("[stroke-dasharray] line")) {
    check(element, "line", getComputedStyle(element).stroke, behind(element), SHAPE);
  }
  for (const element of shown(":focus-visible")) {
    const { outlineColor, outlineStyle, outlineWidth } = getComputedStyle(element);
    check(element, "ring", outlineColor, behind(element.parentElement), SHAPE);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) complaints.push("no ring");
  }
  return complaints;
}
