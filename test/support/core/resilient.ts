/**
 * An upstream over endpoints that follow scripts, on the manual clock: what all tests of the attempts share.
 */
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { CanarySettings } from '../../../src/core/resilience/canary.ts'
import { ResilientUpstream } from '../../../src/core/resilience/resilient-upstream.ts'
import type { UpstreamStateSettings } from '../../../src/core/resilience/upstream-state.ts'
import type { Answer, Question } from '../../../src/core/upstream.ts'
import { ManualClock, settle } from '../clock/manual-clock.ts'
import { type Script, ScriptedEndpoint, timedOut } from './scripted-endpoint.ts'
import { eventsInto, upstreamState } from './upstream-state.ts'

export interface SetUp {
  readonly settings?: Partial<UpstreamStateSettings>
  readonly sideEffects?: boolean
  readonly canary?: CanarySettings
}

/** An upstream over endpoints that follow scripts, in order of preference. */
export function setUp(scripts: ((key: string, count: number) => Script)[], options: SetUp = {}) {
  const clock = new ManualClock()
  const events: string[] = []
  const canaryFailures: (string | undefined)[] = []
  const endpoints = scripts.map((script, index) => new ScriptedEndpoint(`${index}`, clock, script))
  const state = upstreamState(clock, endpoints, { settings: options.settings, observer: eventsInto(events) })
  const defects: unknown[] = []
  const upstream = new ResilientUpstream({
    table: 'aliases',
    state,
    endpoints,
    sideEffects: options.sideEffects ?? false,
    canary: options.canary,
    observer: {
      ...silentObserver.table('aliases'),
      canaryChanged: (_upstream, endpoint, state, failure) => {
        events.push(`canary ${endpoint} ${state === 'up' ? 'up' : 'down'}`)
        canaryFailures.push(failure)
      },
    },
    onDefect: (error) => defects.push(error),
  })
  const question = (key = 'k', more: Partial<Question> = {}): Question => ({
    table: 'aliases',
    key,
    deadlineMs: clock.monotonicMs() + 5000,
    hasWaiters: true,
    onAbandoned: () => {},
    ...more,
  })
  const ask = async (key?: string, more?: Partial<Question>): Promise<Answer> => {
    const answer = Promise.resolve(upstream.ask(question(key, more)))
    let settled = false
    void answer.finally(() => {
      settled = true
    })
    await settle()
    for (let ms = 0; !settled && ms < 6000; ms += 50) await clock.advanceAsync(50)
    return answer
  }
  return { clock, state, upstream, endpoints, events, canaryFailures, defects, question, ask }
}

/** The same reply to every request. */
export const at = (script: Script['reply'], afterMs?: number) => (): Script => ({ reply: script, afterMs })
/** Never replies. */
export const silent = at(timedOut(), Number.POSITIVE_INFINITY)
/** How many requests each endpoint had. */
export const sentTo = (endpoints: readonly ScriptedEndpoint[]) => endpoints.map(({ sent }) => sent.length)
/** Kind and cause of an answer. */
export const kindOf = ({ result }: Answer) =>
  result.kind === 'temporary' || result.kind === 'permanent' ? `${result.kind} ${result.cause}` : result.kind
