/**
 * Asks one candidate after the other until one has an answer: the search keys of a lookup, and the
 * upstreams of a table.
 *
 *   found                  the answer
 *   not found              the next candidate; after the last one, the answer
 *   temporary, permanent   the answer, since only that candidate knows what it would have said
 */

import { costlier, type Sourced } from '../result.ts'
import type { LookupContext } from './lookup-context.ts'

/** How to ask one candidate. An object made once, and not two functions, so that a lookup makes no closure. */
export interface CandidateSource<C> {
  ask(candidate: C, key: string, context: LookupContext): Sourced | Promise<Sourced>
  /** Finishes the answer of the candidate that ended the search. */
  chosen(answer: Sourced, candidate: C, context: LookupContext): Sourced
}

/**
 * Returns the first answer that is not "not found": synchronously until the first promise.
 *
 * @param first What the first candidate answered.
 * @param ahead Candidates that are asked ahead of their turn while one is waited for, most.
 */
export function firstAnswer<C>(
  candidates: readonly C[],
  source: CandidateSource<C>,
  key: string,
  context: LookupContext,
  first: Sourced | Promise<Sourced>,
  ahead: number,
): Sourced | Promise<Sourced> {
  if (first instanceof Promise)
    return firstLater(candidates, source, key, context, first, undefined, 0, ahead)
  let answer = first
  for (let at = 0; ; ) {
    const candidate = candidates[at]
    if (candidate === undefined) return answer
    if (answer.result.kind !== 'notfound') return source.chosen(answer, candidate, context)
    const following = candidates[++at]
    if (following === undefined) return answer
    const next = source.ask(following, key, context)
    if (next instanceof Promise) return firstLater(candidates, source, key, context, next, answer, at, ahead)
    answer = withCost(next, answer)
  }
}

/** Goes on from the first candidate whose answer has to be waited for. */
async function firstLater<C>(
  candidates: readonly C[],
  source: CandidateSource<C>,
  key: string,
  context: LookupContext,
  pending: Promise<Sourced>,
  before: Sourced | undefined,
  from: number,
  ahead: number,
): Promise<Sourced> {
  const asked: (Sourced | Promise<Sourced>)[] = []
  let following = from + 1
  let next: Sourced | Promise<Sourced> = pending
  let answer = before
  for (let at = from; ; at++) {
    for (; asked.length < ahead && following < candidates.length; following++)
      asked.push(source.ask(candidates[following] as C, key, context))
    const own = await next
    answer = answer === undefined ? own : withCost(own, answer)
    if (answer.result.kind !== 'notfound') return source.chosen(answer, candidates[at] as C, context)
    if (at + 1 === candidates.length) return answer
    next = asked.shift() ?? source.ask(candidates[following++] as C, key, context)
  }
}

/** The later answer, with the costlier source of both. */
function withCost(answer: Sourced, before: Sourced): Sourced {
  const source = costlier(answer.source, before.source)
  if (source === answer.source) return answer
  const { result, failedAt } = answer
  return failedAt === undefined ? { result, source } : { result, source, failedAt }
}
