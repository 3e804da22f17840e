/**
 * What a table still answers when its service has just failed: never more than what was known, and only
 * where Postfix can neither bounce mail nor let somebody in by it.
 *
 *   existence         any search key is known to be found, in a table whose values Postfix ignores
 *   combined          the earlier search keys were "not found" and a later one found, and Postfix was told so before
 *   stale-not-found   every search key was "not found" lately, and the proof table knows the key
 *   when-unknown      the operator's word for checks and copies: "not found" rather than no mail, if no search key is known
 *                     to be found, nor by another upstream of the table
 *
 * The last two may be wrong, so none of them is used while the service answers others: what a stranger puts into a key
 * must not stop a check. The first two cannot. The last one lets somebody in where it is wrong, so whether the service answers
 * others is asked more carefully for it, and where nobody can tell, only a failure that says itself that it is everybody's counts. What Postfix does with a wrong "not found" differs by
 * main.cf parameter, so the configuration says which rules a table has (src/config/not-found-verdicts.ts).
 */

import type { OutageRule } from '../observed/outage-rule.ts'
import type { OthersAnswered } from '../resilience/others-answered.ts'
import { NOT_FOUND, type Sourced } from '../result.ts'
import { isOwnKey, type SearchKey } from '../search/search-keys.ts'
import type { LookupContext } from '../source/lookup-context.ts'
import { type KnownAnswer, SILENT, type TableSource } from '../source/table-source.ts'
import { firstFound } from './first-found.ts'
import { firstKnown, isCurrent, type KnownKey, refusalOf } from './known-keys.ts'
import { isOutage, type LookupFailure, whyNoOutage } from './outage-seen.ts'

/** Knows whether a key exists, for a table whose "not found" is only harmless then. */
export interface ProofTable {
  readonly name: string
  /**
   * Returns why the key is not known to be a mailbox, or a domain not ours; undefined where it is. Asks nobody.
   *
   * @param notFoundForMs Age of the "not found" that it is to be a proof for.
   */
  refusal(key: string, asked: string, notFoundForMs: number): string | undefined
  /**
   * Asks the table in the outage, so that {@link refusal} goes by what a service of its own says now.
   *
   * @returns Undefined when nothing has to be waited for; else settles by the deadline, and does not reject.
   */
  ask(key: string, asked: string, deadlineMs: number): Promise<void> | undefined
  /** Looks the key up, so that the answer is known in an outage. `found` is called if the key is found. */
  prove(key: string, asked: string, found: () => void): void
}

/** Which rules a table has. */
export interface OutagePolicy {
  /** True where Postfix ignores the value: found is found, by whatever key. */
  readonly isExistence: boolean
  readonly staleNotFound?: {
    /** Age at which a "not found" counts no more, ms. */
    readonly forMs: number
    /** Undefined: the operator's word that a stale "not found" does no harm. */
    readonly proof?: ProofTable
  }
  readonly whenUnknown?: 'notFound'
  /** Nothing is asked a second time. */
  readonly hasSideEffects?: boolean
  /** Called with the rule of each lookup that was answered by one. */
  readonly onAnswered: (rule: OutageRule) => void
}

/** Failures here, about which the service says nothing. */
const OWN_FAILURES: ReadonlySet<string> = new Set(['stopping', 'defect', 'too-long'])

/** Rules whose "not found" the service might not say. */
const MAY_BE_WRONG: ReadonlySet<OutageRule> = new Set<OutageRule>(['stale-not-found', 'when-unknown'])

export class OutageRules {
  readonly #policy: OutagePolicy
  readonly #sources: readonly TableSource[]

  constructor(policy: OutagePolicy, sources: readonly TableSource[]) {
    this.#policy = policy
    this.#sources = sources
  }

  /**
   * A "not found" came from the service: asks the proof table now, since in an outage it cannot be asked. Postfix
   * asks it only about recipients, and never about the members of a list.
   */
  notFound(keys: readonly SearchKey[], key: string, asked: string): void {
    this.#policy.staleNotFound?.proof?.prove(key, asked, () => {
      for (const searchKey of keys) for (const source of this.#sources) source.protect(searchKey.key)
    })
  }

  /**
   * Answers a lookup whose upstream has just failed. Where the rule could be wrong, it is seen first that the service
   * answers nobody else; and a proof table with a service of its own is asked, since a mailbox that this says is gone
   * is no proof, and Postfix would refuse the mail by it.
   *
   * @returns Undefined when nothing that is known may be said: the failure is the answer. A promise does not reject.
   */
  answer(
    failure: LookupFailure,
    keys: readonly SearchKey[],
    key: string,
    context: LookupContext,
  ): RuleAnswer | undefined | Promise<RuleAnswer | undefined> {
    if (OWN_FAILURES.has(failure.result.cause) || context.bypass) return undefined
    const decision = this.decide(keys, key, context.asked)
    if (decision.answer === undefined || !MAY_BE_WRONG.has(decision.rule)) return this.#use(decision, context)
    // A service with few workers looks silent while they are busy with this very question: its own answer is waited for.
    if (failure.result === SILENT && decision.rule === 'when-unknown') return undefined
    const { sinceMs } = failure
    const { deadlineMs } = context
    const isCareful = decision.rule === 'when-unknown'
    const answers = failure.at?.answersOthers({ sinceMs, deadlineMs, isCareful })
    if (!(answers instanceof Promise)) return this.#ifOutage(decision, answers, failure, keys, key, context)
    return answers.then((later) =>
      this.#ifOutage(this.decide(keys, key, context.asked), later, failure, keys, key, context),
    )
  }

  #ifOutage(
    decision: OutageDecision,
    answersOthers: OthersAnswered,
    failure: LookupFailure,
    keys: readonly SearchKey[],
    key: string,
    context: LookupContext,
  ): RuleAnswer | undefined | Promise<RuleAnswer | undefined> {
    if (!isOutage(answersOthers, failure, decision.rule))
      return this.#refuse(decision, answersOthers, context)
    const asking =
      decision.rule === 'when-unknown'
        ? this.#askOthers(failure, keys, context)
        : this.#askProof(decision, key, context)
    if (asking === undefined) return this.#use(decision, context)
    return asking.then((found) =>
      this.#use(found ? knownAt(found) : this.decide(keys, key, context.asked), context),
    )
  }

  /** Undefined where no other upstream may be asked: what is said besides a key is not asked twice. */
  #askOthers({ at }: LookupFailure, keys: readonly SearchKey[], context: LookupContext) {
    const others = this.#sources.filter((source) => source !== at)
    if (others.length === 0 || context.query !== undefined || this.#policy.hasSideEffects) return undefined
    return firstFound(others, keys, context)
  }

  #askProof({ rule }: OutageDecision, key: string, context: LookupContext): Promise<void> | undefined {
    const proof = rule === 'stale-not-found' ? this.#policy.staleNotFound?.proof : undefined
    return proof?.ask(key, context.asked, context.deadlineMs)
  }

  #use({ rule, at, why, answer, searchKey }: OutageDecision, context: LookupContext): RuleAnswer | undefined {
    const about = at === undefined ? { why } : { key: at, why }
    if (answer !== undefined) {
      this.#policy.onAnswered(rule)
      context.explanation?.add({ step: 'outage', rule, used: true, ...about })
      return { answer, searchKey }
    }
    if (why !== NO_RULE) context.explanation?.add({ step: 'outage', rule, used: false, ...about })
    return undefined
  }

  #refuse({ rule }: OutageDecision, answersOthers: OthersAnswered, context: LookupContext): undefined {
    context.explanation?.add({ step: 'outage', rule, used: false, why: whyNoOutage(answersOthers) })
  }

  /** Which rule answers a lookup in an outage, if one does. Asks nobody, and counts nothing. */
  decide(keys: readonly SearchKey[], key: string, asked: string): OutageDecision {
    // Value ignored: an answer for a later key cannot become "not found" by what an earlier one would say.
    const { isExistence } = this.#policy
    const later = isExistence ? firstKnown(this.#sources, keys) : this.#combined(keys)
    if (later !== undefined) {
      return {
        rule: isExistence ? 'existence' : 'combined',
        at: later.searchKey.key,
        why: 'is known to be found',
        answer: { result: later.known.result, source: 'stale' },
        searchKey: later.searchKey,
      }
    }
    const refusal = this.#staleNotFoundRefusal(keys, key, asked)
    if (refusal === undefined) {
      const { proof } = this.#policy.staleNotFound ?? {}
      const why =
        proof === undefined
          ? 'it was the last answer'
          : `it was the last answer, and ${proof.name} has the key`
      return { rule: 'stale-not-found', why, answer: STALE_NOT_FOUND, searchKey: undefined }
    }
    if (this.#policy.whenUnknown === 'notFound') {
      const known = firstKnown(this.#sources, keys)
      if (known !== undefined) return knownAt(known.searchKey)
      const why = 'nothing is known, and the table has whenUnknown: notFound'
      return { rule: 'when-unknown', why, answer: UNKNOWN_NOT_FOUND, searchKey: undefined }
    }
    return { rule: 'stale-not-found', ...refusal, answer: undefined, searchKey: undefined }
  }

  /**
   * The first key that is known to be found, when all before it are known not to be and were so when it was
   * found already: then Postfix was given this very answer. An older "not found" may have become an alias before
   * the later key was made.
   */
  #combined(keys: readonly SearchKey[]): KnownKey | undefined {
    /** Age of the oldest "not found" of an earlier key. */
    let oldestMs = 0
    for (const searchKey of keys) {
      /** Age of the oldest "not found" of this key. */
      let ownMs = 0
      /** An earlier upstream of a list ends the search when its "not found" is stale. */
      let isStale = false
      for (const source of this.#sources) {
        const known = source.known(searchKey.key)
        if (known === undefined) return undefined
        if (known.result.kind === 'found')
          return !isStale && oldestMs <= known.foundForMs ? { searchKey, known } : undefined
        ownMs = Math.max(ownMs, known.ageMs)
        isStale ||= known.ageMs > 0 && !isCurrent(source, searchKey)
      }
      oldestMs = Math.max(oldestMs, ownMs)
    }
    return undefined
  }

  /** @returns Why the last "not found" may not be used; undefined when it may. */
  #staleNotFoundRefusal(keys: readonly SearchKey[], key: string, asked: string): Refusal | undefined {
    const { staleNotFound } = this.#policy
    if (staleNotFound === undefined) return { why: NO_RULE }
    /** Age of the oldest "not found" of the key, itself or without its extension. */
    let ownMs = 0
    for (const searchKey of keys) {
      for (const source of this.#sources) {
        const known = source.known(searchKey.key)
        const why = isCurrent(source, searchKey) ? undefined : refusalOf(known, staleNotFound.forMs)
        if (why !== undefined) return { at: searchKey.key, why }
        if (known !== undefined && isOwnKey(searchKey, key)) ownMs = Math.max(ownMs, known.ageMs)
      }
    }
    const why = staleNotFound.proof?.refusal(key, asked, ownMs)
    return why === undefined ? undefined : { why }
  }
}

/** What the rules say of one lookup. */
interface OutageDecision {
  readonly rule: OutageRule
  /** The search key that `why` is about, where it is one. Never a part of `why`, which logs show whatever `log.keys` says. */
  readonly at?: string
  /** Why it is used, or why none is. */
  readonly why: string
  /** Undefined: no rule answers. */
  readonly answer: OutageAnswer | undefined
  /** The key that is found, if that is the answer. */
  readonly searchKey: SearchKey | undefined
}

/** What a rule answers, and the key that is found. */
export interface RuleAnswer {
  readonly answer: Sourced
  readonly searchKey: SearchKey | undefined
}

type Refusal = Pick<OutageDecision, 'at' | 'why'>

interface OutageAnswer extends Sourced {
  readonly result: KnownAnswer['result']
}

const STALE_NOT_FOUND: OutageAnswer = { result: NOT_FOUND, source: 'stale' }
const UNKNOWN_NOT_FOUND: OutageAnswer = { result: NOT_FOUND, source: 'unknown' }

/** Not unknown: an exception may be listed for an earlier key, so the value is no answer either. */
function knownAt({ key }: SearchKey): OutageDecision {
  return { rule: 'when-unknown', at: key, why: KNOWN_FOUND, answer: undefined, searchKey: undefined }
}

const KNOWN_FOUND = 'is known to be found, so the answer is not unknown'

const NO_RULE = 'the table has no rule for it'
