/**
 * What a comparison prints: a line for each key that is not the same, and the totals.
 */
import type { LookupResult } from '../../core/result.ts'
import type { Outcome } from '../../core/shadow/comparison.ts'
import { resultText } from '../../presentation/explain.ts'
import { count, counted, quoted } from '../../presentation/format.ts'
import { oneLine, printable, printableJson, printableValue } from '../../presentation/printable.ts'
import type { Totals } from './place.ts'

export interface Difference {
  readonly key: string
  readonly outcome: Outcome
  readonly a: LookupResult
  readonly b: LookupResult
}

/** The names of the two tables, as they were given. */
export interface Names {
  readonly a: string
  readonly b: string
}

const OUTCOME_WIDTH = 'only in A'.length

export function differenceLine({ key, outcome, a, b }: Difference): string {
  const name = `${outcome.padEnd(OUTCOME_WIDTH)}  ${printable(quoted(key))}: `
  if (outcome === 'only in A') return name + text(a)
  if (outcome === 'only in B') return name + text(b)
  return `${name}A has ${text(a)}; B has ${text(b)}`
}

/** @param rest Keys that were not asked, where the list was not finished; undefined where nobody knows how many. */
export function totalsLines({ a, b }: Names, totals: Totals, rest: number | undefined | 'complete'): string {
  const isComplete = rest === 'complete'

  const asked = totals.same + totals['only in A'] + totals['only in B'] + totals.different + totals.failed
  const differences = totals['only in A'] + totals['only in B'] + totals.different
  const lines = [
    `A is ${printable(a)}, B is ${printable(b)}`,
    `${counted(asked, 'key')}${isComplete ? '' : ' so far'}: ${count(totals.same)} the same (${count(totals['found in both'])} found, ${count(totals.same - totals['found in both'])} not found), ${count(totals['only in A'])} only in A, ${count(totals['only in B'])} only in B, ${count(totals.different)} with different values, ${count(totals.failed)} failed`,
  ]
  lines.push(
    differences > 0
      ? `${counted(differences, 'difference')}${isComplete ? '' : `; stopped before the end, ${rest === undefined ? 'the rest' : counted(rest, 'key')} not asked`}`
      : !isComplete
        ? `stopped before the end: no difference so far, and ${rest === undefined ? 'the rest of the keys was' : `${counted(rest, 'key')} ${rest === 1 ? 'was' : 'were'}`} not asked`
        : asked === 0
          ? 'nothing was compared: the list has no keys'
          : totals.failed > 0
            ? `no difference among the keys that were answered; ${counted(totals.failed, 'key')} could not be compared`
            : 'no difference',
  )
  return `${lines.join('\n')}\n`
}

export function jsonDifference({ key, outcome, a, b }: Difference): string {
  return `${printableJson({ key, outcome, a, b })}\n`
}

export function jsonTotals({ a, b }: Names, totals: Totals, complete: boolean): string {
  return `${printableJson({ a, b, complete, totals })}\n`
}

function text(result: LookupResult): string {
  return result.kind === 'found' ? printableValue(result.value) : oneLine(resultText(result))
}
