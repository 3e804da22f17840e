/**
 * "Did you mean": the nearest of the words that would have been right.
 */
import { distance } from 'fastest-levenshtein'

/** Edits that still look like a slip, as a share of the word's length. Ours: finds "adress", not nonsense. */
const MAX_DISTANCE_SHARE = 0.4

/** Most names in one message. Ours: a line that can still be read. */
const MAX_LISTED = 10

/** The nearest candidate, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.ceil(word.length * MAX_DISTANCE_SHARE)) + 1
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
  if (candidates.length === 0) return 'there is none'
  const more = candidates.length > MAX_LISTED ? ', ...' : ''
  return `there is ${candidates.slice(0, MAX_LISTED).join(', ')}${more}`
}

/** Joins words as a person lists them: `a, b or c`. */
export function listOf(words: readonly string[], last = 'or'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}
