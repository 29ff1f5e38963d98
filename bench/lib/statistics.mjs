/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export function spreadOf(numbers) {
  return { min: Math.min(...numbers), max: Math.max(...numbers) };
}
