import { describe, expect, test } from 'vitest'
import { settle } from '../../../support/clock/manual-clock.ts'
import { at, kindOf, sentTo, setUp } from '../../../support/core/resilient.ts'
import {
  fails,
  forbids,
  refuses,
  type Script,
  says,
  saysNotFound,
} from '../../../support/core/scripted-endpoint.ts'

const HOUR = 3_600_000

describe('the canary', () => {
  const canary = { key: 'canary', everyMs: 30_000, maxAgeMs: 5000 }
  /** Knows its canary and nothing else. */
  const sane = (key: string): Script => ({ reply: key === 'canary' ? says('here') : saysNotFound() })
  const broken = at(saysNotFound())

  test('a service that answers 404 to everything bounces nobody, from the first request on', async () => {
    const { ask, upstream } = setUp([broken], { canary })
    for (let count = 0; count < 5; count++) expect(kindOf(await ask(`k${count}`))).toBe('temporary canary')
    expect(upstream.canaryStatus()).toStrictEqual([
      { upstream: 'directory', endpoint: '0', state: 'missing' },
    ])
  })

  test('a "not found" is believed after its canary was found, and asked for again after that', async () => {
    const { ask, endpoints } = setUp([sane], { canary })
    const answer = await ask()
    expect([kindOf(answer), answer.storable]).toStrictEqual(['notfound', true])
    expect(endpoints[0]?.sent).toStrictEqual(['k', 'canary', 'k'])
  })

  for (const [ageMs, requests] of [
    [5000, 1],
    [5001, 3],
  ] as const) {
    test(`found ${ageMs} ms ago it costs a "not found" ${requests} requests`, async () => {
      const { ask, endpoints, clock } = setUp([sane], { canary })
      await ask()
      const before = endpoints[0]?.sent.length ?? 0
      clock.advance(ageMs)
      expect(kindOf(await ask())).toBe('notfound')
      expect((endpoints[0]?.sent.length ?? 0) - before).toBe(requests)
    })
  }

  test('of a found key is not asked for', async () => {
    const { ask, endpoints } = setUp([at(says('v'))], { canary })
    await ask()
    expect(endpoints[0]?.sent).toStrictEqual(['k'])
  })

  test('with a maxAge of 0 is asked for each "not found"', async () => {
    const { ask, endpoints, clock } = setUp([sane], { canary: { ...canary, maxAgeMs: 0 } })
    expect(kindOf(await ask())).toBe('notfound')
    clock.advance(1)
    expect(kindOf(await ask())).toBe('notfound')
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(2)
  })

  test('found for this very question counts, even where the service is slower than maxAge', async () => {
    const slow = (key: string): Script => ({
      reply: key === 'canary' ? says('here') : saysNotFound(),
      afterMs: 50,
    })
    const { ask, endpoints } = setUp([slow], { canary: { ...canary, maxAgeMs: 10 } })
    expect(kindOf(await ask())).toBe('notfound')
    expect(endpoints[0]?.sent).toStrictEqual(['k', 'canary', 'k'])
  })

  test('is asked once for many lookups at once', async () => {
    const { upstream, question, endpoints, clock } = setUp(
      [(key) => ({ reply: key === 'canary' ? says('here') : saysNotFound(), afterMs: 10 })],
      { canary },
    )
    const answers = Array.from({ length: 20 }, (_, index) => upstream.ask(question(`k${index}`)))
    await clock.advanceAsync(100)
    for (const answer of answers) expect(kindOf(await answer)).toBe('notfound')
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(1)
  })

  test('missing at one endpoint sends the question to another that knows its own', async () => {
    const { ask, endpoints } = setUp([broken, sane], { canary })
    const answer = await ask()
    expect([kindOf(answer), answer.endpoint]).toStrictEqual(['notfound', 1])
    await ask('other')
    expect(endpoints[0]?.sent.includes('other')).toBe(false)
  })

  test('missing at one endpoint and the other out of reach is temporary', async () => {
    const { ask } = setUp([broken, at(refuses())], { canary })
    expect(kindOf(await ask())).toMatch(/^temporary/)
  })

  test('that is refused or fails tells why in words, and one that is missing does not', async () => {
    const forbidden = setUp([at(forbids())], { canary })
    forbidden.upstream.start()
    const silenced = setUp([at(refuses())], { canary })
    silenced.upstream.start()
    const missing = setUp([broken], { canary })
    missing.upstream.start()
    await settle()
    expect([forbidden, silenced, missing].map(({ canaryFailures }) => canaryFailures)).toStrictEqual([
      ['refused: the service answered 403'],
      ['connect: connection refused'],
      [undefined],
    ])
  })

  test('that does not answer makes a "not found" temporary', async () => {
    const { ask, upstream, endpoints } = setUp(
      [(key) => (key === 'canary' ? { reply: fails(500) } : { reply: saysNotFound() })],
      { canary },
    )
    expect(kindOf(await ask())).toBe('temporary canary')
    expect(upstream.canaryStatus()[0]?.state).toBe('unreachable')
    await ask()
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(1)
  })

  test('decides about stored "not found": not before it was found, not while it is missing', async () => {
    const { ask, upstream, endpoints, clock } = setUp([sane], { canary })
    expect(upstream.trustsNegative(0)).toBe(false)
    await ask()
    expect(upstream.trustsNegative(0)).toBe(true)
    for (const endpoint of endpoints) endpoint.script = at(fails(500))
    clock.advance(6000)
    await ask()
    expect(upstream.trustsNegative(0)).toBe(true)
    for (const endpoint of endpoints) endpoint.script = broken
    await ask()
    expect(upstream.trustsNegative(0)).toBe(false)
  })

  test('is asked at once at the start and then regularly, until stopped', async () => {
    const { upstream, endpoints, clock, events } = setUp([sane, sane], { canary })
    upstream.start()
    await settle()
    expect(sentTo(endpoints)).toStrictEqual([1, 1])
    await clock.advanceAsync(29_999)
    expect(sentTo(endpoints)).toStrictEqual([1, 1])
    await clock.advanceAsync(1)
    expect(sentTo(endpoints)).toStrictEqual([2, 2])
    for (const endpoint of endpoints) endpoint.script = broken
    await clock.advanceAsync(30_000)
    expect(events.filter((event) => event.startsWith('canary'))).toStrictEqual([
      'canary 0 up',
      'canary 1 up',
      'canary 0 down',
      'canary 1 down',
    ])
    upstream.stop()
    clock.advance(250)
    expect(clock.timers).toBe(0)
  })

  test('is asked before a lookup with side effects, which is asked only once', async () => {
    const good = setUp([sane], { canary, sideEffects: true })
    expect(kindOf(await good.ask())).toBe('notfound')
    expect(good.endpoints[0]?.sent).toStrictEqual(['canary', 'k'])
    const bad = setUp([broken], { canary, sideEffects: true })
    expect(kindOf(await bad.ask())).toBe('temporary canary')
    expect(bad.endpoints[0]?.sent.filter((key) => key === 'k').length).toBe(1)
  })

  test('ages over a suspend: a wall clock that jumped makes it old', async () => {
    const { ask, clock, endpoints } = setUp([sane], { canary })
    await ask()
    clock.stepWall(HOUR)
    await ask()
    expect(endpoints[0]?.sent.filter((key) => key === 'canary').length).toBe(2)
  })

  test('that throws is a defect, and the "not found" temporary', async () => {
    const { ask, defects } = setUp(
      [
        (key) => {
          if (key === 'canary') throw new Error('bug')
          return { reply: saysNotFound() }
        },
      ],
      { canary },
    )
    expect(kindOf(await ask())).toBe('temporary canary')
    expect(defects.length).toBe(1)
  })

  test('that finds no place teaches nothing', async () => {
    const { upstream, question, clock } = setUp([at(says('v'), 100)], {
      canary,
      settings: { maxConcurrent: 2 },
    })
    const lookup = upstream.ask(question())
    upstream.start()
    await clock.advanceAsync(100)
    await lookup
    upstream.stop()
    expect(upstream.canaryStatus()[0]?.state).toBe('unknown')
  })

  test('without a canary a stored "not found" is believed and there is no state', () => {
    const { upstream } = setUp([sane])
    expect([upstream.trustsNegative(0), upstream.canaryStatus()]).toStrictEqual([true, []])
  })
})
