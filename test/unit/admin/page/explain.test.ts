import { describe, expect, test } from 'vitest'
import { resultState, resultWord, stepText } from '../../../../src/admin/page/explain.ts'
import { type Purge, purgeOf, purgeQuestion } from '../../../../src/admin/page/purge.ts'
import type { ExplainStep } from '../../../../src/core/explain.ts'
import { found, notFound, permanent, temporary } from '../../../../src/core/result.ts'

const at = { key: 'a@b.example', upstream: 'dir' }

describe('a step in words', () => {
  const cases: [step: ExplainStep, expected: string][] = [
    [{ step: 'key', key: 'a@b' }, 'plain Key: Searched as a@b.'],
    [{ step: 'key', key: undefined, why: 'not UTF-8' }, 'plain Key: Such a key cannot exist: not UTF-8.'],
    [
      { step: 'domains', domain: 'b.example', passed: true },
      'plain Domains: b.example is one of the table’s domains.',
    ],
    [
      { step: 'domains', domain: undefined, passed: false },
      'plain Domains: A key without a domain is not one of the table’s domains.',
    ],
    [
      {
        step: 'cache',
        ...at,
        outcome: 'negative_hit',
        ageMs: 1500,
        freshnessLifetimeMs: 10_000,
        result: notFound(),
      },
      'plain Stored answers: dir, a@b.example: negative hit, 1.5 s old, fresh for 10 s; not found',
    ],
    [{ step: 'cache', ...at, outcome: 'miss' }, 'plain Stored answers: dir, a@b.example: miss'],
    [
      { step: 'coalesced', ...at },
      'plain Shared: dir, a@b.example: waited for the request already under way.',
    ],
    [{ step: 'static', ...at, result: found('x') }, 'ok Static entries: dir, a@b.example: found: x'],
    [{ step: 'suppressed', ...at, why: 'no domain' }, 'plain Not asked: dir, a@b.example: no domain.'],
    [
      {
        step: 'request',
        ...at,
        endpoint: '0:h',
        status: 200,
        durationMs: 4,
        result: found('x y'),
        selected: ['x', 'y '],
        traceparent: '00-1-2-01',
        attempt: 'first',
      },
      'ok Request: dir, endpoint 0:h, a@b.example: HTTP 200 after 4 ms; found: x y. Selected x, "y ". traceparent 00-1-2-01.',
    ],
    [
      {
        step: 'request',
        ...at,
        endpoint: '1:h',
        durationMs: 2000,
        result: temporary('timeout', 'slow'),
        selected: [],
        attempt: 'failover',
      },
      'warn Request: dir, endpoint 1:h, failover, a@b.example: no reply after 2 s; try later (timeout): slow.',
    ],
    [
      {
        step: 'request',
        ...at,
        endpoint: '0:h',
        status: 304,
        durationMs: 1,
        result: { kind: 'notmodified' },
        attempt: 'first',
      },
      'ok Request: dir, endpoint 0:h, a@b.example: HTTP 304 after 1 ms; the stored answer is still current.',
    ],
    [
      { step: 'held', ...at, result: temporary('circuit', 'open') },
      'warn Held back: dir, a@b.example, not asked: try later (circuit): open',
    ],
    [{ step: 'stale', ...at, why: 'failed' }, 'warn Older answer: dir, a@b.example: used again: failed.'],
    [
      { step: 'propagated', extension: '+x', before: 'a@b', after: 'a+x@b' },
      'plain Extension: +x put back: a@b became a+x@b',
    ],
    [
      { step: 'answer', source: 'upstream', result: permanent('refused', '403') },
      'bad Answer: From upstream, refused (refused): 403',
    ],
    [{ step: 'new', a: 1 } as unknown as ExplainStep, 'plain Step: {"step":"new","a":1}'],
  ]
  for (const [step, expected] of cases) {
    test(expected, () => {
      const { name, text, state } = stepText(step)
      expect(`${state} ${name}: ${text}`).toBe(expected)
    })
  }

  test('a result kind of a newer gateway shows as it is named', () => {
    expect([resultWord('constructor'), resultState('constructor')]).toEqual(['constructor', 'plain'])
    expect([resultWord('temporary'), resultState('temporary')]).toEqual(['Try later', 'warn'])
  })
})

describe('a purge', () => {
  const kinds: [kind: string, value: string, expected: Purge | undefined][] = [
    ['key', '', undefined],
    ['key', ' a', { kind: 'key', value: ' a' }],
    ['domain', ' @b.example ', { kind: 'domain', value: 'b.example' }],
    ['domain', '@', undefined],
    ['all', 'x', { kind: 'all' }],
  ]
  for (const [kind, value, expected] of kinds) {
    test(`of ${kind} "${value}" means ${JSON.stringify(expected)}`, () =>
      expect(purgeOf(kind, value)).toEqual(expected))
  }

  test('asks with what will be forgotten', () => {
    const table = { name: 't', cache: { foundEntries: 1200, negativeEntries: 3, bytes: 1 } }
    const questions = [
      purgeQuestion(table, { kind: 'all' }),
      purgeQuestion({ name: 't' }, { kind: 'all' }),
      purgeQuestion(table, { kind: 'key', value: 'a b' }),
      purgeQuestion(table, { kind: 'domain', value: 'b.example' }),
    ]
    expect(questions.map(({ question }) => question)).toEqual([
      'Forget every stored answer of table t: 1,200 found and 3 not found.',
      'Forget every stored answer of table t: 0 found and 0 not found.',
      'Forget the stored answer of "a b" in table t.',
      'Forget the stored answer of every key in b.example, in table t.',
    ])
  })
})
