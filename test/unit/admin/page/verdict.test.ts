import { describe, expect, test } from 'vitest'
import { type Connection, verdict } from '../../../../src/admin/page/verdict.ts'
import type { HistoryPoint } from '../../../../src/core/observed/history-point.ts'
import type { GatewayStatus } from '../../../../src/core/status.ts'
import { point, slice } from '../../presentation/points.ts'

const LIVE: Connection = { kind: 'live' }

function status(rest: Partial<GatewayStatus> = {}): GatewayStatus {
  return { state: 'ready', degraded: [], tables: [], upstreams: [], listeners: [], protocols: [], ...rest }
}

function traffic(results: Parameters<typeof slice>[0], causes: HistoryPoint['causes'] = {}): HistoryPoint[] {
  return [point(2000, { protocols: { socketmap: slice(results) }, causes })]
}

describe('the verdict', () => {
  const cases: [name: string, connection: Connection, GatewayStatus | undefined, HistoryPoint[], string][] = [
    ['without a word yet', { kind: 'connecting' }, undefined, [], 'unknown: Asking mapgate'],
    ['while it connects again', { kind: 'connecting' }, status(), [], 'ok: Mail flow is healthy'],
    ['without a token', { kind: 'token-needed' }, undefined, [], 'unknown: A token is needed'],
    [
      'without a connection',
      { kind: 'lost', why: 'gone' },
      status(),
      [],
      'unknown: No connection to mapgate',
    ],
    ['with answers only', LIVE, status(), traffic({ found: 1 }), 'ok: Mail flow is healthy'],
    ['without traffic', LIVE, status(), [], 'ok: Mail flow is healthy'],
    ['while starting', LIVE, status({ state: 'starting' }), [], 'warn: mapgate is starting'],
    ['while draining', LIVE, status({ state: 'draining' }), [], 'warn: mapgate is stopping'],
    [
      'degraded, with every lookup answered',
      LIVE,
      status({ degraded: ['x'] }),
      traffic({ found: 1 }),
      'warn: Mail flows, but something needs attention',
    ],
    ['below 5% failed', LIVE, status(), traffic({ found: 96, temporary: 4 }), 'warn: Some mail is delayed'],
    ['at 5% failed', LIVE, status(), traffic({ found: 95, temporary: 5 }), 'bad: Mail is delayed'],
    ['with refusals', LIVE, status(), traffic({ found: 1, permanent: 1 }), 'bad: Mail is delayed'],
  ]
  for (const [name, connection, of, points, expected] of cases) {
    test(`${name} is "${expected}"`, () => {
      const { level, headline } = verdict(connection, of, points)
      expect(`${level}: ${headline}`).toBe(expected)
    })
  }

  test('does not look at lookups of the admin API: a person trying keys delays no mail', () => {
    const points = [point(2000, { protocols: { admin: slice({ temporary: 9 }) } })]
    expect(verdict(LIVE, status(), points)).toEqual({
      level: 'ok',
      headline: 'Mail flow is healthy',
      reasons: ['No mail server asked anything in the last 30 seconds.'],
    })
  })

  test('says why: what is degraded, how many failed, and what most often', () => {
    const points = traffic({ found: 7, temporary: 2, permanent: 1 }, { timeout: 2, 'no-table': 1 })
    expect(verdict(LIVE, status({ degraded: ['upstream d: slow'] }), points).reasons).toEqual([
      'upstream d: slow',
      '2 of 10 lookups (20%) in the last 30 seconds got “try later”: that mail waits, at its sender or in Postfix.',
      '1 of 10 lookups (10%) in the last 30 seconds were refused: something is misconfigured.',
      'Most often: no answer before the deadline.',
    ])
  })

  test('has no number in its headline, which is read aloud', () => {
    const headlines = cases.map(([, connection, of, points]) => verdict(connection, of, points).headline)
    expect(headlines.filter((headline) => /\d/.test(headline))).toEqual([])
  })

  test('names a cause that it does not know', () => {
    const points = traffic({ temporary: 1 }, { constructor: 1 } as HistoryPoint['causes'])
    expect(verdict(LIVE, status(), points).reasons.at(-1)).toBe('Most often: constructor.')
  })
})
