/**
 * One table whose answers are who a token is of: found with a good one, "not found" with a wrong one, else temporary.
 */
import type { Clock } from '../../core/clock.ts'
import { temporaryFor } from '../../core/reason.ts'
import { found, type LookupResult, NOT_FOUND } from '../../core/result.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../core/upstream.ts'
import type { KeySet } from './key-set.ts'
import { JWKS_REASONS } from './reasons.ts'
import type { JwtRules } from './schema.ts'
import { checkToken, type Refusal, refusedUnsigned, type Verdict } from './token-check.ts'

/** What came of tokens. A closed set: it is a metric label. */
export type TokenOutcome = 'good' | 'unknown' | Refusal

interface TokenTableParts {
  /** Name of the upstream. */
  readonly name: string
  readonly rules: JwtRules
  readonly keys: KeySet
  readonly clock: Clock
  readonly onChecked: (outcome: TokenOutcome) => void
}

interface Checked {
  readonly result: LookupResult
  readonly why?: Refusal
}

export class TokenTable implements Upstream {
  readonly name: string
  readonly health = UNWATCHED
  readonly #parts: TokenTableParts

  constructor(parts: TokenTableParts) {
    this.name = parts.name
    this.#parts = parts
  }

  async ask({ attributes, deadlineMs, key, explanation }: Question): Promise<Answer> {
    const { result, why } = await this.#check(attributes?.get('token') ?? '', deadlineMs)
    this.#parts.onChecked(why ?? (result.kind === 'found' ? 'good' : 'unknown'))
    const step = { step: 'upstream', kind: 'jwks', key, upstream: this.name, result } as const
    explanation?.add(why === undefined ? step : { ...step, why })
    return { result, storable: false, source: 'upstream' }
  }

  needsNoRequest(): boolean {
    return false
  }

  trustsNegative(): boolean {
    return true
  }

  async #check(token: string, deadlineMs: number): Promise<Checked> {
    const { rules, keys, clock } = this.#parts
    const askedMs = clock.monotonicMs()
    // A start without tokens does not pay for it.
    const jose = await import('jose')
    const wrong = refusedUnsigned(jose, token, rules, clock.wallMs())
    if (wrong !== undefined) return refused(wrong)
    const kept = await keys.current(deadlineMs)
    if ('failure' in kept) return { result: kept.failure }
    const verdict = await checkToken(jose, token, kept.find, rules, clock.wallMs())
    if (verdict.kind !== 'unknown-key') return this.#checked(verdict)
    const newer = kept.isNewest ? kept : await keys.newer(askedMs, deadlineMs)
    if ('failure' in newer) return { result: newer.failure }
    const second = await checkToken(jose, token, newer.find, rules, clock.wallMs())
    if (second.kind !== 'unknown-key') return this.#checked(second)
    // A set that was fetched just now may be an old one, from a cache between: a key that is not in it says nothing of the token.
    return newer.isNewest && second.why === 'signature'
      ? refused(second.why)
      : { result: temporaryFor(JWKS_REASONS.unknownKey, keys.label) }
  }

  #checked(verdict: Exclude<Verdict, { kind: 'unknown-key' }>): Checked {
    const { rules, keys } = this.#parts
    switch (verdict.kind) {
      case 'good':
        return { result: found(verdict.user) }
      case 'refused':
        return refused(verdict.why)
      case 'unusable':
        return { result: temporaryFor(JWKS_REASONS.unusableKey, verdict.code, keys.label) }
      case 'no-user':
        return { result: temporaryFor(JWKS_REASONS.noUser, rules.user) }
    }
  }
}

function refused(why: Refusal): Checked {
  return { result: NOT_FOUND, why }
}
