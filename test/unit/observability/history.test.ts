import { describe, expect, test } from 'vitest'
import type { HistoryPoint } from '../../../src/core/observed/history-point.ts'
import { found, temporary } from '../../../src/core/result.ts'
import { Counters } from '../../../src/observability/counters.ts'
import { History } from '../../../src/observability/history.ts'
import { READY } from '../../support/admin/scripted-program.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

function record(status = READY) {
  const clock = new ManualClock(0, 1_000_000)
  const counters = new Counters(['socketmap', 'tcp_table', 'admin'])
  const published: HistoryPoint[] = []
  const history = new History(
    clock,
    counters,
    () => status,
    (point) => published.push(point),
  )
  return { clock, counters, history, published }
}

describe('History', () => {
  test('takes a point per step with what was added since the point before', () => {
    const { clock, counters, history, published } = record()
    history.start()
    counters.table('aliases').answered('socketmap', found('x'), 'cache', 0.02)
    counters.table('aliases').answered('socketmap', temporary('timeout', 'no'), 'upstream', 2000)
    counters.table('relocated').answered('admin', found('x'), 'cache', 0.02)
    counters.upstream('directory').requestEnded('0 dir.example', 'timeout', 2000)
    clock.advance(2000)
    counters.table('aliases').answered('tcp_table', found('x'), 'cache', 0.02)
    clock.advance(2000)
    const [first, second] = history.points()
    expect(first).toMatchObject({
      atMs: 1_002_000,
      stepMs: 2000,
      all: {
        results: { found: 2, notfound: 0, temporary: 1, permanent: 0 },
        sources: { cache: 2, upstream: 1 },
      },
      protocols: { socketmap: { results: { found: 1 } }, admin: { results: { found: 1 } } },
      tables: { aliases: { results: { found: 1, temporary: 1 } }, relocated: { results: { found: 1 } } },
      endpoints: [{ upstream: 'directory', endpoint: '0 dir.example', outcomes: { timeout: 1 } }],
      causes: { timeout: 1 },
      inFlight: 1,
      queued: 2,
      connections: 7,
    })
    expect(first?.all.p50Ms).toBeLessThan(0.025)
    expect(first?.all.p99Ms).toBeGreaterThan(1000)
    expect(second).toMatchObject({ all: { results: { found: 1, temporary: 0 } }, endpoints: [], causes: {} })
    expect(Object.keys(second?.tables ?? {})).toEqual(['aliases'])
    expect(Object.keys(second?.protocols ?? {})).toEqual(['tcp_table'])
    expect(published).toEqual(history.points())
  })

  test('sums what is under way, waits and is connected over all upstreams and listeners', () => {
    const [upstream, listener] = [READY.upstreams[0], READY.listeners[0]]
    if (upstream === undefined || listener === undefined) throw new Error('READY has one of each')
    const { clock, history } = record({
      ...READY,
      upstreams: [
        { ...upstream, inFlight: 1, queued: 2 },
        { ...upstream, inFlight: 30, queued: 40 },
      ],
      listeners: [
        { ...listener, connections: 7 },
        { ...listener, connections: 500 },
      ],
    })
    history.start()
    clock.advance(2000)
    expect(history.points()[0]).toMatchObject({ inFlight: 31, queued: 42, connections: 507 })
  })

  test('a step without lookups has no percentiles', () => {
    const { clock, history } = record()
    history.start()
    clock.advance(2000)
    expect(history.points()[0]?.all).toEqual({
      results: { found: 0, notfound: 0, temporary: 0, permanent: 0 },
      sources: {},
    })
  })

  test('keeps ten minutes and forgets the oldest', () => {
    const { clock, history } = record()
    history.start()
    clock.advance(602_000)
    expect(history.points()).toHaveLength(300)
    expect(history.points()[0]?.atMs).toBe(1_004_000)
  })

  test('names the fifty busiest tables and endpoints of a step', () => {
    const { clock, counters, history } = record()
    history.start()
    for (let n = 0; n < 60; n++) {
      counters.table(`t${n}`).answered('socketmap', found('x'), 'cache', 1)
      counters.upstream('directory').requestEnded(`${n} dir.example`, 'found', 1)
    }
    counters.table('t59').answered('socketmap', found('x'), 'cache', 1)
    clock.advance(2000)
    const tables = Object.keys(history.points()[0]?.tables ?? {})
    expect(tables).toHaveLength(50)
    expect(tables[0]).toBe('t59')
    expect(history.points()[0]?.endpoints).toHaveLength(50)
    expect(history.points()[0]?.all.results.found).toBe(61)
  })

  test('takes no point after it was stopped, and leaves no timer', () => {
    const { clock, history } = record()
    history.start()
    history.stop()
    clock.advance(2000)
    expect(history.points()).toEqual([])
    expect(clock.timers).toBe(0)
  })
})
