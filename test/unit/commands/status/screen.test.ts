import { describe, expect, test } from 'vitest'
import { lookupCurve, ratesOf, readingAsJson } from '../../../../src/commands/status/reading.ts'
import { screenLines } from '../../../../src/commands/status/screen.ts'
import type { GatewayStatus } from '../../../../src/core/status.ts'
import { duration, percent, rate } from '../../../../src/presentation/format.ts'
import { cacheShares, perSecond, recent, totals } from '../../../../src/presentation/rates.ts'
import { NOW_MS, POINTS, PROBLEMS, point, STATUS } from './fixture.ts'

const READING = { status: STATUS, points: POINTS, problems: PROBLEMS }
const WHERE = { where: 'http://127.0.0.1:8466', width: 79, nowMs: NOW_MS }

describe('ratesOf', () => {
  test('counts the last 30 seconds only', () => {
    // Two points of two seconds with 200 lookups each; the one 33 s older is left out.
    expect(ratesOf(POINTS)).toEqual({
      lookupsPerSecond: 100,
      foundPerSecond: 80,
      notFoundPerSecond: 15,
      temporaryPerSecond: 4,
      permanentPerSecond: 1,
      hitRatio: 0.75,
      staleRatio: 0.05,
      p50Ms: 0.1,
      p95Ms: 4,
      p99Ms: 20,
    })
  })

  test('has no ratio and no latency where nothing was asked', () => {
    expect(ratesOf(POINTS, 'counters')).toEqual({
      lookupsPerSecond: 0,
      foundPerSecond: 0,
      notFoundPerSecond: 0,
      temporaryPerSecond: 0,
      permanentPerSecond: 0,
    })
    expect(ratesOf([]).lookupsPerSecond).toBe(0)
  })

  const edges: [ageMs: number, rate: number][] = [
    [29_999, 50],
    [30_000, 0],
  ]
  for (const [ageMs, rate] of edges) {
    test(`a point ${ageMs} ms older than the newest makes ${rate} lookups a second`, () => {
      expect(ratesOf([point(NOW_MS - ageMs, true), point(NOW_MS, false)]).lookupsPerSecond).toBe(rate)
    })
  }
})

test('the curve is lookups per second of each point', () => {
  expect(lookupCurve([...POINTS, { ...point(NOW_MS, true), stepMs: 0 }])).toEqual([100, 100, 100, 0])
})

test('the JSON has each table with its rates', () => {
  expect(readingAsJson(READING)).toMatchObject({
    state: 'ready',
    rates: { lookupsPerSecond: 100 },
    tables: [
      { name: 'aliases', rates: { lookupsPerSecond: 100 } },
      { name: 'counters', rates: { lookupsPerSecond: 0 } },
    ],
    problems: [{ kind: 'circuit' }, { kind: 'reload' }],
  })
})

test('the terminal and the page show the same rates for the same history', () => {
  const sums = totals(recent(POINTS), { kind: 'table', name: 'aliases' })
  expect(sums.lookups).toBe(400)
  const onPage = [rate(perSecond(sums.lookups, sums)), percent(cacheShares(sums)?.hit), duration(sums.p99Ms)]
  const row = screenLines(READING, WHERE).find((line) => line.startsWith('aliases'))
  const [, perSecondShown, , hits, , , p99, unit] = row?.split(/\s+/) ?? []
  expect([perSecondShown, hits, `${p99} ${unit}`]).toEqual(onPage)
})

describe('screenLines', () => {
  test('shows all of it at 80 columns', () => {
    expect(screenLines(READING, WHERE)).toEqual([
      'mapgate at http://127.0.0.1:8466: ready, but something needs attention',
      '! the circuit of directory 1:dir2.example is open',
      '',
      '100 lookups/s, hit ratio 75%, stale 5.0%',
      'found 80/s, not found 15/s, temporary 4.0/s, permanent 1.0/s',
      'latency p50 100 µs, p95 4 ms, p99 20 ms',
      '███  at most 100/s',
      '',
      'TABLE      /s  errors/s  hits     p50    p99  stored     size  canary   ready',
      'aliases   100       5.0   75%  100 µs  20 ms   1,234  1.5 MiB  missing    97%',
      'counters    0         0     –       –      –     off        –  –            –',
      '',
      'UPSTREAM   endpoint        circuit  in flight  queued  note',
      'directory  0:dir1.example  closed           3       7',
      '           1:dir2.example  open !                      paused for 4 s',
      'overrides  (static)        –                –       –',
      '',
      'LISTENER             protocol   connections',
      'inet:127.0.0.1:8464  socketmap           12',
      '',
      'RECENT PROBLEMS',
      '   30 s ago  circuit directory 1:dir2.example: is open (3 times)',
      '   0 ms ago  reload was [2J refused',
    ])
  })

  describe('the head says', () => {
    const [directory, overrides] = STATUS.upstreams
    if (directory === undefined || overrides === undefined)
      throw new TypeError('the fixture has no upstreams')
    const dead = directory.endpoints.map((endpoint) => ({ ...endpoint, circuit: 'open' as const }))
    const half = dead.map((endpoint) => ({ ...endpoint, circuit: 'half-open' as const }))
    const drilled = { ...directory, drillEndsAtMs: NOW_MS + 1000, endpoints: dead }
    const cases: [words: string, status: Partial<typeof STATUS>][] = [
      ['ready', { degraded: [] }],
      ['ready, but something needs attention', {}],
      ['ready, but no endpoint of directory answers', { upstreams: [{ ...directory, endpoints: dead }] }],
      ['ready, but no endpoint of directory answers', { upstreams: [{ ...directory, endpoints: half }] }],
      ['ready, but something needs attention', { upstreams: [overrides] }],
      ['ready, but a drill treats directory as dead', { upstreams: [drilled] }],
      [
        'ready, but no endpoint of other answers, a drill treats directory as dead',
        { upstreams: [drilled, { ...directory, name: 'other', endpoints: dead }] },
      ],
      ['draining', { state: 'draining', upstreams: [{ ...directory, endpoints: dead }] }],
    ]
    for (const [words, changes] of cases)
      test(`${words}: ${JSON.stringify(changes).slice(0, 60)}`, () => {
        const reading = { ...READING, status: { ...STATUS, ...changes } }
        const lines = screenLines(reading, { ...WHERE, width: 200 })
        expect(lines[0]).toBe(`mapgate at http://127.0.0.1:8466: ${words}`)
      })
  })

  test('what is wrong is not cut, since its end says what to do', () => {
    const lost =
      'table mailboxes: the service says "not found" of many keys; restore its data, or mapgate confirm-loss mailboxes'
    const reading = { ...READING, status: { ...READING.status, degraded: [lost] } }
    const lines = screenLines(reading, WHERE)
    expect(lines.slice(1, 3)).toEqual([
      '! table mailboxes: the service says "not found" of many keys; restore its data,',
      '  or mapgate confirm-loss mailboxes',
    ])
  })

  test('no line is longer than the width, however long the names are', () => {
    const long = 'x'.repeat(200)
    const status = {
      ...STATUS,
      degraded: [long],
      tables: STATUS.tables.map((table) => ({ ...table, name: long })),
      upstreams: STATUS.upstreams.map((upstream) => ({ ...upstream, name: long })),
    }
    const lines = screenLines({ ...READING, status }, WHERE)
    expect(Math.max(...lines.map((line) => line.length))).toBe(79)
  })

  test('a quiet gateway without trouble has neither curve nor problems', () => {
    const lines = screenLines(
      { status: { ...STATUS, degraded: [] }, points: [point(NOW_MS, false)], problems: [] },
      WHERE,
    )
    expect(lines.slice(0, 6)).toEqual([
      'mapgate at http://127.0.0.1:8466: ready',
      '',
      '0 lookups/s',
      'found 0/s, not found 0/s, temporary 0/s, permanent 0/s',
      'latency p50 –, p95 –, p99 –',
      '',
    ])
    expect(lines).not.toContain('RECENT PROBLEMS')
  })
})

test('a table with a shadow has a line about it, and one without has none', () => {
  const [aliases, ...others] = STATUS.tables
  if (aliases === undefined) throw new TypeError('the fixture has no table')
  const shadow = { upstream: 'next', share: 0.1, same: 8209, differs: 2, failed: 1, busy: 3 }
  const status = { ...STATUS, tables: [{ ...aliases, shadow }, ...others] }
  const lines = (reading: typeof READING) => screenLines(reading, { ...WHERE, width: 120 })
  expect(lines({ ...READING, status })).toContain(
    'table aliases, shadow next: 8,209 the same, 2 differ !, 1 failed, 3 not asked',
  )
  expect(lines(READING).filter((line) => line.includes('shadow'))).toEqual([])
})

test('a store that is shared with other gateways has a line, with a mark while it is not used', () => {
  const linesOf = (shared: GatewayStatus['shared']) =>
    screenLines({ ...READING, status: { ...STATUS, ...(shared && { shared }) } }, WHERE).filter((line) =>
      line.includes('shared store'),
    )
  expect(linesOf(undefined)).toEqual([])
  const address = 'redis://valkey.example:6379'
  expect(linesOf({ address, state: 'up', queuedWrites: 0 })).toEqual([`shared store ${address}: up`])
  expect(linesOf({ address, state: 'down', queuedWrites: 1 })).toEqual([
    `shared store ${address}: down !, 1 answer to be written`,
  ])
})
