/**
 * A table with rules for outages, and what is known of its keys.
 */
import { Explanation } from '../../../../src/core/observed/explain.ts'
import type { OutageRule } from '../../../../src/core/observed/outage-rule.ts'
import type { OutagePolicy, ProofTable } from '../../../../src/core/outage/outage-rules.ts'
import { found, NOT_FOUND, type permanent, temporary } from '../../../../src/core/result.ts'
import { LookupContext } from '../../../../src/core/source/lookup-context.ts'
import type { KnownAnswer } from '../../../../src/core/source/table-source.ts'
import { Table } from '../../../../src/core/table.ts'
import { ScriptedSource } from '../../../support/core/sources.ts'

export const DAY = 86_400_000
export const DOWN = temporary('connect', 'the service refuses connections')
export const KEYS = ['ann+x@a.example', 'ann@a.example', '@a.example']

export const no = (more: Partial<KnownAnswer> = {}): KnownAnswer => ({
  result: NOT_FOUND,
  ageMs: 1000,
  foundForMs: 1000,
  confirmedByCanary: true,
  ...more,
})
export const yes = (value: string, more: Partial<KnownAnswer> = {}): KnownAnswer => ({
  ...no(more),
  result: found(value),
})

export interface SetUp {
  readonly knows?: Record<string, KnownAnswer>
  readonly policy?: Partial<OutagePolicy>
  readonly proofKnows?: boolean
  readonly failure?: ReturnType<typeof temporary> | ReturnType<typeof permanent>
  readonly propagate?: string
}

/** A table whose service fails for every key, and what is known of it. */
export function setUp({ knows = {}, policy = {}, proofKnows = true, failure = DOWN, propagate }: SetUp = {}) {
  const source = new ScriptedSource(
    'directory',
    Object.fromEntries(KEYS.map((key) => [key, failure])),
    'upstream',
  )
  Object.assign(source.knows, knows)
  const rules: OutageRule[] = []
  const proof: ProofTable = {
    name: 'mailboxes',
    refusal: () => (proofKnows ? undefined : 'mailboxes is not known to have the key'),
    ask: () => undefined,
    prove: () => {},
  }
  const table = new Table({
    name: 'aliases',
    sources: [source],
    search: () => KEYS.map((key, index) => ({ key, withoutExtension: index === 1 })),
    foldCase: true,
    deadlineMs: 5000,
    searchParallel: false,
    propagate,
    outage: {
      isExistence: false,
      staleNotFound: { forMs: DAY, proof },
      onAnswered: (rule) => rules.push(rule),
      ...policy,
    },
  })
  const explanation = new Explanation()
  const lookup = (bypass = false) =>
    table.lookup('ann+x@a.example', new LookupContext('ann+x@a.example', 0, 5000, bypass, explanation))
  return { lookup, rules, explanation, source }
}

export const ALL_NO = Object.fromEntries(KEYS.map((key) => [key, no()]))
