/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * The mean of the middle half of the values. As robust as the median, and finer where a clock has
 * coarse steps: in a page all durations are multiples of 5 us.
 */
export function middleMean(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const cut = sorted.length >> 2;
  const middle = sorted.slice(cut, sorted.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

export function spreadOf(numbers) {
  return { min: Math.min(...numbers), max: Math.max(...numbers) };
}
