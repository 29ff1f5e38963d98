// Text that comes in pieces, as lines.

/**
 * What takes the pieces and calls `take` for each line, without its end. What follows the last line end is kept for the
 * next piece, and never handed on: a sender that died in the middle of a line has not said anything. (`node:readline`
 * would hand it on.)
 */
export function lineSplitter(take: (line: string) => void): (piece: string) => void {
  let rest = "";
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  };
}
