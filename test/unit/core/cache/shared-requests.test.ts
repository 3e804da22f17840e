import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { temporaryFor } from '../../../../src/core/reason.ts'
import { CORE_REASONS } from '../../../../src/core/reasons.ts'
import { found } from '../../../../src/core/result.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { lookupFrom } from '../../../support/core/sources.ts'
import { down, later, setUp, source, yes } from './cached-upstream-set-up.ts'

describe('coalescing', () => {
  test('1,000 lookups of one key at once make one request', async () => {
    const { service, asked, looked, ask, cached } = setUp()
    const pending = later()
    service.answer = pending.promise
    const answers = Array.from({ length: 1000 }, () => ask())
    expect(cached.pending).toBe(1)
    pending.resolve(yes('v'))
    for (const answer of await Promise.all(answers))
      expect(answer).toStrictEqual({ result: found('v'), source: 'upstream' })
    expect(asked.length).toBe(1)
    expect(looked.filter((outcome) => outcome === 'coalesced').length).toBe(999)
    expect(cached.pending).toBe(0)
  })

  test('one that gives up does not cancel the others, and the answer is stored', async () => {
    const { clock, service, cached, asked } = setUp()
    const pending = later()
    service.answer = pending.promise
    const impatient = cached.ask('k', lookupFrom(clock, { withinMs: 100 }))
    const patient = cached.ask('k', lookupFrom(clock, { withinMs: 3000 }))
    let abandoned = 0
    asked[0]?.onAbandoned(() => abandoned++)
    await clock.advanceAsync(100)
    expect(source(await impatient)).toBe('upstream temporary')
    expect(asked[0]?.hasWaiters).toBe(true)
    pending.resolve(yes('v'))
    expect(source(await patient)).toBe('upstream found')
    expect(abandoned).toBe(0)
    expect(clock.timers).toBe(0)
  })

  test('a request nobody waits for any more becomes a background one and is stored', async () => {
    const { clock, service, cached, asked } = setUp()
    const pending = later()
    service.answer = pending.promise
    const answer = cached.ask('k', lookupFrom(clock, { withinMs: 100 }))
    expect(asked[0]?.hasWaiters).toBe(true)
    let abandoned = 0
    asked[0]?.onAbandoned(() => abandoned++)
    await clock.advanceAsync(100)
    await answer
    expect(asked[0]?.hasWaiters).toBe(false)
    expect(asked[0]?.deadlineMs).toBe(clock.monotonicMs() - 100 + 5000)
    expect(abandoned).toBe(1)
    pending.resolve(yes('v'))
    await settle()
    expect(source(cached.ask('k', lookupFrom(clock)))).toBe('cache found')
  })

  test('stays with the cache off, where nothing is stored', async () => {
    const { service, asked, ask, store, looked } = setUp({ cache: 'off' })
    const pending = later()
    service.answer = pending.promise
    const both = [ask(), ask()]
    pending.resolve(yes('v'))
    await Promise.all(both)
    expect(asked.length).toBe(1)
    service.answer = down
    ask()
    ask()
    expect(asked.length).toBe(3)
    expect(store.size).toBe(0)
    expect(looked).toStrictEqual(['bypass', 'coalesced', 'bypass', 'bypass'])
  })

  test('tells each explanation what came of it', async () => {
    const { service, cached, clock } = setUp()
    const pending = later()
    service.answer = pending.promise
    const first = cached.ask('k', lookupFrom(clock, { withinMs: 5000 }))
    const explanations = [new Explanation(), new Explanation()]
    const [joined, late] = explanations.map((explanation, at) =>
      cached.ask('k', lookupFrom(clock, { withinMs: at === 0 ? 5000 : 10, explanation })),
    )
    await clock.advanceAsync(10)
    pending.resolve(yes('v'))
    await Promise.all([first, joined, late])
    expect(explanations.map(({ steps }) => steps.find(({ step }) => step === 'coalesced'))).toStrictEqual([
      { step: 'coalesced', key: 'k', upstream: 'directory', result: found('v') },
      {
        step: 'coalesced',
        key: 'k',
        upstream: 'directory',
        result: temporaryFor(CORE_REASONS.deadlinePassed),
      },
    ])
  })

  test('does not happen where lookups have side effects, nor is anything stored', async () => {
    const { service, asked, ask, store } = setUp({ sideEffects: true })
    const pending = later()
    service.answer = pending.promise
    const both = [ask(), ask()]
    pending.resolve(yes('v'))
    await Promise.all(both)
    expect(asked.length).toBe(2)
    expect(store.size).toBe(0)
  })
})

describe('a purge', () => {
  for (const scope of [
    { kind: 'all' },
    { kind: 'key', key: 'bob@a.example' },
    { kind: 'domain', domain: 'A.example' },
  ] as const) {
    test(`by ${scope.kind} keeps an answer asked for before it from coming back`, async () => {
      const { service, asked, ask, store } = setUp()
      const before = later()
      service.answer = before.promise
      const first = ask()
      store.purge(scope)
      const after = later()
      service.answer = after.promise
      const second = ask()
      expect(asked.length).toBe(2)
      after.resolve(yes('new'))
      expect((await second).result).toStrictEqual(found('new'))
      before.resolve(yes('old'))
      await first
      expect(ask()).toStrictEqual({ result: found('new'), source: 'cache' })
    })
  }

  test('keeps a stale answer from being served by a lookup that was waiting', async () => {
    for (const purged of ['bob@a.example', 'eve@a.example']) {
      const { clock, service, ask, store } = setUp()
      ask()
      clock.advance(90_000)
      const pending = later()
      service.answer = pending.promise
      const waiting = [ask(), ask()]
      store.purge({ kind: 'key', key: purged })
      pending.resolve(down)
      const expected = purged === 'bob@a.example' ? 'upstream temporary' : 'stale found'
      for (const { result, source } of await Promise.all(waiting))
        expect(`${source} ${result.kind}`).toBe(expected)
    }
  })

  test('leaves the request that followed it shared when the one before it ends', async () => {
    const { service, asked, ask, store } = setUp()
    const before = later()
    service.answer = before.promise
    const first = ask()
    store.purge({ kind: 'all' })
    const after = later()
    service.answer = after.promise
    const second = ask()
    before.resolve(yes('old'))
    await first
    const third = ask()
    after.resolve(yes('new'))
    expect([(await second).result, (await third).result]).toStrictEqual([found('new'), found('new')])
    expect(asked.length).toBe(2)
  })

  test('of another key leaves a request under way shared', async () => {
    const { service, asked, ask, store } = setUp()
    const pending = later()
    service.answer = pending.promise
    const first = ask()
    store.purge({ kind: 'key', key: 'eve@a.example' })
    const second = ask()
    pending.resolve(yes('v'))
    await Promise.all([first, second])
    expect(asked.length).toBe(1)
    expect(store.size).toBe(1)
  })
})
