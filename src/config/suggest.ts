/**
 * "Did you mean": the nearest of the words that would have been right.
 */
import { distance } from 'fastest-levenshtein'

/** Edits that still look like a slip, as a share of the word's length. Ours: finds "adress", not nonsense. */
const MAX_DISTANCE_SHARE = 0.4

/** The nearest candidate, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length * MAX_DISTANCE_SHARE)) + 1
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < bestDistance) {
      best = candidate
      bestDistance = edits
    }
  }
  return best
}

/** The end of a sentence about an unknown word: a near one, or all that there are. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates)
  if (near !== undefined) return `did you mean "${near}"`
  return candidates.length === 0 ? 'there is none' : `there is ${candidates.join(', ')}`
}
