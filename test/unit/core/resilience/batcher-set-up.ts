/**
 * A batcher over endpoints that follow scripts, on the manual clock.
 */
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import type { CanarySettings } from '../../../../src/core/resilience/canary.ts'
import { ResilientUpstream } from '../../../../src/core/resilience/resilient-upstream.ts'
import type { UpstreamStateSettings } from '../../../../src/core/resilience/upstream-state.ts'
import type { Answer, Question, Reply } from '../../../../src/core/upstream.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { question } from '../../../support/core/question.ts'
import { says, saysNotFound } from '../../../support/core/scripted-endpoint.ts'
import { eventsInto, upstreamState } from '../../../support/core/upstream-state.ts'
import { type BatchScript, ScriptedBatchEndpoint } from './scripted-batch-endpoint.ts'

export interface SetUp {
  readonly settings?: Partial<UpstreamStateSettings>
  readonly maxKeys?: number
  readonly maxWaitMs?: number
  readonly canary?: CanarySettings
}

export type Script = (keys: readonly string[], count: number) => BatchScript

export function setUp(scripts: Script[], { settings, maxKeys = 100, maxWaitMs = 0, canary }: SetUp = {}) {
  const clock = new ManualClock()
  const events: string[] = []
  const endpoints = scripts.map((script, at) => new ScriptedBatchEndpoint(`${at}`, maxKeys, clock, script))
  const state = upstreamState(clock, endpoints, {
    settings,
    observer: {
      ...eventsInto(events),
      requestEnded: (endpoint, outcome) => events.push(`${endpoint} ${outcome}`),
    },
  })
  const defects: unknown[] = []
  const upstream = new ResilientUpstream({
    table: 'aliases',
    state,
    endpoints,
    batch: { endpoints, maxWaitMs },
    sideEffects: false,
    canary,
    observer: silentObserver.table('aliases'),
    onDefect: (error) => defects.push(error),
  })
  const ask = (key: string, more: Partial<Question> = {}): Promise<Answer> =>
    Promise.resolve(upstream.ask(question(key, { deadlineMs: clock.monotonicMs() + 5000, ...more })))
  const sent = () => endpoints.map((endpoint) => endpoint.sent.map((keys) => keys.join(' ')))
  return { clock, state, upstream, endpoints, events, defects, ask, sent }
}

export const each =
  (reply: (key: string) => Reply, afterMs?: number): Script =>
  () => ({ each: reply, afterMs })

export const echo = each((key) => (key.startsWith('absent') ? saysNotFound() : says(`<${key}>`)))

export const shown = (answers: readonly Answer[]) =>
  answers.map(({ result }) => {
    if (result.kind === 'found') return result.value
    return 'cause' in result ? `${result.kind} ${result.cause}` : result.kind
  })
