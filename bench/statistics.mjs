/**
 * Medians and spreads. A ratio is taken within each round, where both sides met the same
 * disturbance, and the median over the rounds is what counts.
 */

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median with the least and the most. */
export function summary(numbers) {
  return {
    median: median(numbers),
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    runs: numbers.length,
  }
}

/** The ratios of two series, round by round. */
export function ratios(numbers, others) {
  return summary(numbers.map((number, round) => number / others[round]))
}
