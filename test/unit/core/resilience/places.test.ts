import { describe, expect, test } from 'vitest'
import type { UpstreamStateSettings } from '../../../../src/core/resilience/upstream-state.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { at, kindOf, sentTo, setUp, silent } from '../../../support/core/resilient.ts'
import { fails, type Script, says } from '../../../support/core/scripted-endpoint.ts'

describe('hedging', () => {
  const hedged = (
    scripts: ((key: string, count: number) => Script)[],
    settings: Partial<UpstreamStateSettings> = {},
  ) => setUp(scripts, { settings: { hedgeAfterMs: 100, ...settings } })

  test('asks another endpoint when the first is slow, takes its answer and aborts the first', async () => {
    const { upstream, question, endpoints, events, clock } = hedged([silent, at(says('v'), 30)])
    const answer = upstream.ask(question())
    await clock.advanceAsync(99)
    expect(sentTo(endpoints)).toStrictEqual([1, 0])
    await clock.advanceAsync(31)
    expect((await answer).endpoint).toBe(1)
    await settle()
    expect(endpoints[0]?.aborted).toBe(1)
    expect(events).toStrictEqual(['hedged', '1 found 30', '0 cancelled 130'])
    clock.advance(250)
    expect(clock.timers).toBe(0)
  })

  test('the first one may still win', async () => {
    const { ask, endpoints, state } = hedged([at(says('v'), 150), silent])
    expect((await ask()).endpoint).toBe(0)
    await settle()
    expect([endpoints[1]?.aborted, state.limiter.inFlight]).toStrictEqual([1, 0])
  })

  test('a hedge that fails leaves the first to answer', async () => {
    const { ask } = hedged([at(says('v'), 500), at(fails(500))])
    expect((await ask()).endpoint).toBe(0)
  })

  test('a fast first answer makes no second request and leaves no timer', async () => {
    const { ask, endpoints, clock } = hedged([at(says('v'), 50), at(says('w'))])
    await ask()
    clock.advance(250)
    expect([sentTo(endpoints), clock.timers]).toStrictEqual([[1, 0], 0])
  })

  test('needs another endpoint, an attempt left, a place that is not the last, and budget', async () => {
    for (const settings of [{ attempts: 1 }, { maxConcurrent: 2 }]) {
      const { ask, endpoints } = hedged([at(says('v'), 500), at(says('w'))], settings)
      await ask()
      expect(sentTo(endpoints)).toStrictEqual([1, 0])
    }
    const alone = hedged([at(says('v'), 500)])
    await alone.ask()
    expect(sentTo(alone.endpoints)).toStrictEqual([1])
    const poor = hedged([at(says('v'), 500), at(says('w'))])
    while (poor.state.budget.take(poor.clock.monotonicMs()));
    await poor.ask()
    expect([sentTo(poor.endpoints), poor.state.limiter.inFlight]).toStrictEqual([[1, 0], 0])
  })
})

describe('places', () => {
  test('10,000 keys at once: never more than 64 at the service, the rest queued or shed, none late', async () => {
    const { upstream, question, endpoints, clock, state, events } = setUp([at(says('v'), 100)])
    const started = clock.monotonicMs()
    let late = 0
    const answers = Array.from({ length: 10_000 }, async (_, index) => {
      const answer = await upstream.ask(question(`k${index}`))
      if (clock.monotonicMs() - started > 5000) late++
      return kindOf(answer)
    })
    expect([state.status().inFlight, state.status().queued]).toStrictEqual([64, 1000])
    await clock.advanceAsync(6000)
    const kinds = await Promise.all(answers)
    expect(endpoints[0]?.maxInFlight).toBe(64)
    expect(kinds.filter((kind) => kind === 'found').length).toBe(1064)
    expect(kinds.filter((kind) => kind === 'temporary overload').length).toBe(10_000 - 1064)
    expect([late, events.filter((event) => event === 'shed').length]).toStrictEqual([0, 10_000 - 1064])
    expect([state.limiter.inFlight, state.limiter.queued, clock.timers]).toStrictEqual([0, 0, 0])
  })

  test('who waits in the queue until the deadline gets the reason then', async () => {
    const { upstream, question, clock } = setUp([silent], { settings: { maxConcurrent: 1, timeoutMs: 9000 } })
    const blocking = upstream.ask(question('slow', { deadlineMs: clock.monotonicMs() + 9000 }))
    const waiting = upstream.ask(question('k'))
    await clock.advanceAsync(5000)
    expect(kindOf(await waiting)).toBe('temporary overload')
    await clock.advanceAsync(4000)
    await blocking
  })

  test('a request nobody waits for is cancelled for a waiting lookup, and says so', async () => {
    const { upstream, question, endpoints, clock, events } = setUp([at(says('v'), 1000)], {
      settings: { maxConcurrent: 1 },
    })
    const refresh = upstream.ask(question('old', { hasWaiters: false }))
    const lookup = upstream.ask(question('new'))
    expect(kindOf(await refresh)).toBe('temporary overload')
    await clock.advanceAsync(1000)
    expect(kindOf(await lookup)).toBe('found')
    expect(endpoints[0]?.maxInFlight).toBe(1)
    expect(events).toStrictEqual(['0 cancelled 0', '0 found 1000'])
  })

  test('a request is cancelled for a waiting lookup as soon as the last one who waited gave up', async () => {
    const { upstream, question, clock, endpoints } = setUp([at(says('v'), 1000)], {
      settings: { maxConcurrent: 1 },
    })
    let hasWaiters = true
    let abandon: () => void = () => {}
    const left = upstream.ask({
      ...question('left'),
      get hasWaiters() {
        return hasWaiters
      },
      onAbandoned: (listener) => {
        abandon = listener
      },
    })
    const lookup = upstream.ask(question('new'))
    await clock.advanceAsync(10)
    expect(endpoints[0]?.sent).toStrictEqual(['left'])
    hasWaiters = false
    abandon()
    expect(kindOf(await left)).toBe('temporary overload')
    await clock.advanceAsync(1000)
    expect(kindOf(await lookup)).toBe('found')
    expect(endpoints[0]?.sent).toStrictEqual(['left', 'new'])
  })

  test('a request that somebody begins to wait for while it is cancelled is sent again', async () => {
    const { upstream, question, clock, endpoints } = setUp([at(says('v'), 100)], {
      settings: { maxConcurrent: 1 },
    })
    let hasWaiters = false
    const pending = upstream.ask({
      ...question('old'),
      get hasWaiters() {
        return hasWaiters
      },
    })
    const lookup = upstream.ask(question('new'))
    hasWaiters = true
    await clock.advanceAsync(300)
    expect([kindOf(await pending), kindOf(await lookup)]).toStrictEqual(['found', 'found'])
    expect(endpoints[0]?.sent).toStrictEqual(['old', 'new', 'old'])
  })

  test('a background refresh without a place is not asked and not counted as shed', async () => {
    const { upstream, question, events, clock } = setUp([at(says('v'), 100)], {
      settings: { maxConcurrent: 2 },
    })
    const waited = upstream.ask(question())
    const refresh = upstream.ask(question('old', { hasWaiters: false }))
    expect(refresh).toMatchObject({ source: 'shed' })
    await clock.advanceAsync(100)
    await waited
    expect(events).toStrictEqual(['0 found 100'])
  })

  test('abort ends what is under way or waits, and what comes later, as stopping', async () => {
    const { upstream, question, state, clock } = setUp([silent])
    const answers = Array.from({ length: 100 }, () => upstream.ask(question()))
    state.abort()
    for (const answer of answers) expect(kindOf(await answer)).toBe('temporary stopping')
    expect(kindOf(await upstream.ask(question()))).toBe('temporary stopping')
    expect([state.limiter.inFlight, state.limiter.queued, clock.timers]).toStrictEqual([0, 0, 0])
  })
})
