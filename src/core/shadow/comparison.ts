/**
 * What two answers for one key are to each other. Pure.
 *
 * | A | B | outcome |
 * | --- | --- | --- |
 * | found | found, the same | same |
 * | not found | not found | same |
 * | found | not found | only in A |
 * | not found | found | only in B |
 * | found | found, another value | different |
 * | temporary or permanent, on either side | | failed: nobody knows |
 */
import { isFailure, type LookupResult } from '../result.ts'

export const OUTCOMES = ['same', 'only in A', 'only in B', 'different', 'failed'] as const

export type Outcome = (typeof OUTCOMES)[number]

/**
 * Judges two answers for one key.
 *
 * @param isExact Values are the same only by the letter; otherwise as lists of addresses, in any order, with or without blanks.
 */
export function outcomeOf(a: LookupResult, b: LookupResult, isExact: boolean): Outcome {
  if (isFailure(a) || isFailure(b)) return 'failed'
  if (a.kind === 'notfound') return b.kind === 'notfound' ? 'same' : 'only in B'
  if (b.kind === 'notfound') return 'only in A'
  return isExact || a.value === b.value
    ? same(a.value === b.value)
    : same(listOf(a.value) === listOf(b.value))
}

function same(isSame: boolean): Outcome {
  return isSame ? 'same' : 'different'
}

/** `a, b` and `b,a` are the same to Postfix wherever a value is a list. */
function listOf(value: string): string {
  const elements = value.split(',').map((element) => element.trim())
  return elements
    .filter((element) => element !== '')
    .sort()
    .join(',')
}
