/**
 * Every upstream keeps the contract of the port.
 */

import { silentObserver } from '../../../src/core/observed/observer.ts'
import { ResilientUpstream } from '../../../src/core/resilience/resilient-upstream.ts'
import { FunctionUpstream } from '../../../src/upstreams/function/function-upstream.ts'
import { StaticUpstream } from '../../../src/upstreams/static/static-upstream.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { upstreamContract } from '../../support/contracts/upstream.ts'
import { setUp } from '../../support/core/resilient.ts'
import { says, saysNotFound } from '../../support/core/scripted-endpoint.ts'
import { ScriptedBatchEndpoint } from '../core/resilience/scripted-batch-endpoint.ts'

const reply = (key: string) => (key === 'unknown' ? saysNotFound() : says('value'))

upstreamContract('static', () => ({
  upstream: new StaticUpstream({
    name: 'overrides',
    entries: new Map([['known', ['value']]]),
    separator: ', ',
    idn: 'asIs',
    foldCase: true,
  }),
  deadlineMs: 0,
}))

upstreamContract('function', () => {
  const clock = new ManualClock()
  const upstream = new FunctionUpstream({
    name: 'accounts',
    call: async (key) => (key === 'known' ? 'value' : null),
    clock,
    onDefect: (error) => {
      throw error
    },
  })
  return { upstream, deadlineMs: clock.monotonicMs() + 5000 }
})

upstreamContract('resilient', () => {
  const { upstream, clock } = setUp([(key) => ({ reply: reply(key) })])
  return { upstream, deadlineMs: clock.monotonicMs() + 5000 }
})

upstreamContract('resilient, with a canary', () => {
  const canary = { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 }
  const { upstream, clock } = setUp([(key) => ({ reply: reply(key) })], { canary })
  return { upstream, deadlineMs: clock.monotonicMs() + 5000 }
})

upstreamContract('resilient, with batches', () => {
  const { state, clock } = setUp([(key) => ({ reply: reply(key) })])
  const endpoint = new ScriptedBatchEndpoint('0', 10, clock, () => ({ each: reply }))
  const upstream = new ResilientUpstream({
    table: 'aliases',
    state,
    endpoints: [endpoint],
    batch: { endpoints: [endpoint], maxWaitMs: 0 },
    sideEffects: false,
    canary: undefined,
    observer: silentObserver.table('aliases'),
    onDefect: (error) => {
      throw error
    },
  })
  return { upstream, deadlineMs: clock.monotonicMs() + 5000 }
})
