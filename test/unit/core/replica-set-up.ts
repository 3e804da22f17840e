/**
 * A table with a copy of one key in front of a service that the test speaks for.
 */
import { Explanation } from '../../../src/core/observed/explain.ts'
import { ReplicaSource } from '../../../src/core/replica/replica-source.ts'
import type { CopyPolicy } from '../../../src/core/replica/table-copy.ts'
import { found, type LookupResult, NOT_FOUND, temporary } from '../../../src/core/result.ts'
import { LookupContext } from '../../../src/core/source/lookup-context.ts'
import type { TableSource } from '../../../src/core/source/table-source.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

const POLICY: CopyPolicy = {
  freshForMs: 10_000,
  notFoundForMs: 60_000,
  staleForMs: 120_000,
  authoritative: false,
}

export const DOWN = temporary('connect', 'the service refuses connections; is it running?')

export class Service implements TableSource {
  readonly name = 'directory'
  /** What its endpoints say of others. */
  others: boolean | undefined | Promise<boolean | undefined>
  /** What it says of single keys, instead of `answer`. */
  readonly keys = new Map<string, LookupResult>()
  readonly asked: string[] = []
  stored: ReturnType<TableSource['askOffline']>
  answer: LookupResult = DOWN
  later = false
  goodAtMs = Number.NEGATIVE_INFINITY

  ask(key: string) {
    this.asked.push(key)
    const answer = { result: this.keys.get(key) ?? this.answer, source: 'upstream' }
    return this.later ? Promise.resolve(answer) : answer
  }
  askOffline() {
    return this.stored
  }
  known() {
    return this.stored && { result: this.stored, ageMs: 1, foundForMs: 1, confirmedByCanary: true }
  }
  answersOthers() {
    return this.others
  }
  protect() {}
}

export function replicated(ageMs: number, policy: Partial<CopyPolicy> = {}) {
  const service = new Service()
  const entries = new Map([['ann@a.example', 'a/ann/']])
  const since = new Map<string, string>()
  const noted: [key: string, result: string | undefined][] = []
  const copy = {
    find: (key: string) => entries.get(key),
    foundSince: (key: string) => since.get(key),
    noteAnswer: (key: string, result: string | undefined) => void noted.push([key, result]),
    generation: 0,
    round: 0,
    neighbours: () => [...entries.keys()].slice(0, 2),
    ageMs: () => ageMs,
    entries: 1,
    listAgeMs: undefined,
  }
  const clock = new ManualClock()
  const startMs = clock.monotonicMs()
  const source = new ReplicaSource(service, copy, { ...POLICY, ...policy }, clock)
  const explanation = new Explanation()
  const ask = (key: string, bypass = false) =>
    source.ask(key, new LookupContext(key, startMs, 5000, bypass, explanation))
  return { service, source, ask, clock, since, noted, entries, explanation }
}

export const COPIED = { result: found('a/ann/'), source: 'replica' }
export const ABSENT = { result: NOT_FOUND, source: 'replica' }
