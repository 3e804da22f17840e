import { describe, expect, test } from 'vitest'
import { explainLines } from '../../../src/commands/query/explain-text.ts'
import type { ExplainStep } from '../../../src/core/observed/explain.ts'
import { found, notFound, permanent, temporary } from '../../../src/core/result.ts'
import { resultState, resultWord, stepText } from '../../../src/presentation/explain.ts'

const at = { key: 'a@x.example', upstream: 'directory' }

const cases: [step: ExplainStep, line: string][] = [
  [{ step: 'key', key: 'a@x.example' }, 'key         searched as a@x.example'],
  [{ step: 'key', key: '' }, 'key         searched as ""'],
  [{ step: 'key', key: undefined, why: 'not UTF-8' }, 'key         such a key cannot exist: not UTF-8'],
  [{ step: 'domains', domain: 'x.example', passed: true }, 'domains     x.example is in the list of domains'],
  [
    { step: 'domains', domain: undefined, passed: false },
    'domains     a key without a domain is not in the list of domains',
  ],
  [{ step: 'cache', ...at, outcome: 'miss' }, 'cache       directory, a@x.example: miss'],
  [
    {
      step: 'cache',
      ...at,
      outcome: 'negative_hit',
      ageMs: 1500,
      freshnessLifetimeMs: 10_000,
      result: notFound(),
    },
    'cache       directory, a@x.example: negative hit, 1.5 s old, fresh for 10 s, not found',
  ],
  [
    { step: 'coalesced', ...at },
    'coalesced   directory, a@x.example: waited for the request that was already under way',
  ],
  [
    { step: 'coalesced', ...at, result: found('b@y.example') },
    'coalesced   directory, a@x.example: waited for the request that was already under way, found: b@y.example',
  ],
  [
    { step: 'replica', ...at, entries: 1, ageMs: 7000, result: found('b') },
    'replica     directory, a@x.example: the copy of 1 entry, 7 s old, found: b',
  ],
  [
    { step: 'replica', ...at, entries: 2, ageMs: 7000, foundSince: true, result: found('b') },
    'replica     directory, a@x.example: the copy of 2 entries, 7 s old, lacks it, but it was found since: found: b',
  ],
  [
    {
      step: 'replica',
      ...at,
      entries: 2,
      ageMs: 7000,
      unused: 'the service answers others, so this is no outage',
      result: temporary('status', 'the service answered 500'),
    },
    'replica     directory, a@x.example: the copy of 2 entries, 7 s old, lacks it, but the service answers others, so this is no outage: temporary (status): the service answered 500',
  ],
  [
    { step: 'upstream', kind: 'function', ...at, result: found('b') },
    'upstream    directory, a@x.example, function: found: b',
  ],
  [
    { step: 'suppressed', ...at, why: 'the key has no domain' },
    'suppressed  directory, a@x.example: not asked: the key has no domain',
  ],
  [
    {
      step: 'request',
      ...at,
      endpoint: '0:dir.example',
      status: 200,
      durationMs: 12.34,
      result: found('b, c'),
      selected: ['b', 'c d'],
      attempt: 'first',
    },
    'request     directory 0:dir.example, a@x.example: HTTP 200 in 12 ms, selected b "c d", found: b, c',
  ],
  [
    {
      step: 'request',
      ...at,
      endpoint: '0:dir.example',
      status: 304,
      durationMs: 1,
      result: { kind: 'notmodified' },
      selected: [],
      traceparent: '00-1-2-01',
      attempt: 'first',
    },
    'request     directory 0:dir.example, a@x.example: HTTP 304 in 1 ms, traceparent 00-1-2-01, the stored answer is still current',
  ],
  [
    {
      step: 'request',
      ...at,
      endpoint: '1:dir.example',
      durationMs: 2000,
      result: temporary('timeout', 'no answer'),
      attempt: 'failover',
    },
    'request     directory 1:dir.example (failover), a@x.example: no HTTP status in 2 s, temporary (timeout): no answer',
  ],
  [
    {
      step: 'request',
      ...at,
      endpoint: '0:dir.example',
      status: 200,
      durationMs: 4,
      result: notFound(),
      batchKeys: 3,
      attempt: 'first',
    },
    'request     directory 0:dir.example (a batch of 3 keys), a@x.example: HTTP 200 in 4 ms, not found',
  ],
  [
    {
      step: 'request',
      ...at,
      endpoint: '0:dir.example',
      status: 200,
      durationMs: 4,
      result: notFound(),
      batchKeys: 1,
      attempt: 'retry',
    },
    'request     directory 0:dir.example (retry) (a batch of 1 key), a@x.example: HTTP 200 in 4 ms, not found',
  ],
  [
    { step: 'held', ...at, result: temporary('circuit', 'open') },
    'held        directory, a@x.example: not asked, temporary (circuit): open',
  ],
  [
    { step: 'held', ...at, result: temporary('circuit', 'open'), why: '0:h failed last with "HTTP 503"' },
    'held        directory, a@x.example: not asked: 0:h failed last with "HTTP 503", temporary (circuit): open',
  ],
  [
    { step: 'stale', ...at, why: 'the service fails' },
    'stale       directory, a@x.example: a stale answer is used: the service fails',
  ],
  [
    {
      step: 'outage',
      rule: 'stale-not-found',
      used: true,
      why: 'it was the last answer, and mailboxes has the key',
    },
    'outage      stale not found: it was the last answer, and mailboxes has the key',
  ],
  [
    { step: 'outage', rule: 'stale-not-found', used: false, why: 'mailboxes is not known to have the key' },
    'outage      stale not found: not used, mailboxes is not known to have the key',
  ],
  [
    {
      step: 'outage',
      rule: 'stale-not-found',
      used: false,
      key: 'b@x.example',
      why: 'was not asked before, or is forgotten',
    },
    'outage      stale not found: not used, b@x.example was not asked before, or is forgotten',
  ],
  [
    { step: 'propagated', extension: '+news', before: 'b@x.example', after: 'b+news@x.example' },
    'propagated  +news put back: b@x.example became b+news@x.example',
  ],
  [
    { step: 'answer', source: 'refused', result: permanent('no-table', 'no such table') },
    'answer      from refused, permanent (no-table): no such table',
  ],
]

const states: [step: ExplainStep, shown: string][] = [
  [{ step: 'key', key: 'a' }, 'plain Key'],
  [{ step: 'domains', domain: 'x.example', passed: true }, 'plain Domains'],
  [{ step: 'cache', ...at, outcome: 'hit', result: found('b') }, 'plain Stored answers'],
  [{ step: 'coalesced', ...at }, 'plain Shared request'],
  [{ step: 'upstream', kind: 'static', ...at, result: found('b') }, 'ok Upstream'],
  [{ step: 'upstream', kind: 'static', ...at, result: notFound() }, 'plain Upstream'],
  [{ step: 'suppressed', ...at, why: 'no domain' }, 'plain Not asked'],
  [{ step: 'held', ...at, result: temporary('circuit', 'open') }, 'warn Held back'],
  [{ step: 'stale', ...at, why: 'failed' }, 'warn Stale answer'],
  [{ step: 'outage', rule: 'existence', used: true, key: '@b', why: 'is known to be found' }, 'warn Outage'],
  [{ step: 'outage', rule: 'stale-not-found', used: false, why: 'a was not asked before' }, 'plain Outage'],
  [{ step: 'propagated', extension: '+x', before: 'a@b', after: 'a+x@b' }, 'plain Extension'],
  [{ step: 'answer', source: 'upstream', result: permanent('refused', '403') }, 'bad Answer'],
]

describe('stepText', () => {
  for (const [step, shown] of states) {
    test(`the page marks ${step.step} as ${shown}`, () => {
      const { title, state } = stepText(step) ?? {}
      expect(`${state} ${title}`).toBe(shown)
    })
  }

  test('a request that found that nothing has changed is fine', () => {
    expect(
      stepText({
        step: 'request',
        ...at,
        endpoint: '0:h',
        durationMs: 1,
        result: { kind: 'notmodified' },
        attempt: 'first',
      })?.state,
    ).toBe('ok')
  })

  test('a result kind of a newer gateway shows as it is named', () => {
    expect([resultWord('constructor'), resultState('constructor')]).toEqual(['constructor', 'plain'])
    expect([resultWord('temporary'), resultState('temporary')]).toEqual(['Try later', 'warn'])
  })
})

describe('explainLines', () => {
  for (const [step, line] of cases) {
    test(`prints: ${line}`, () => {
      expect(explainLines([step])).toEqual([`  1. ${line}`])
    })
  }

  test('numbers the steps', () => {
    expect(explainLines([cases[0]?.[0], cases[1]?.[0]]).map((line) => line.slice(0, 4))).toEqual([
      '  1.',
      '  2.',
    ])
  })

  test('prints a step of a newer gateway as its JSON', () => {
    expect(explainLines([{ step: 'dance', with: 'x' }, 7])).toEqual([
      '  1. dance       {"step":"dance","with":"x"}',
      '  2. ?           7',
    ])
  })

  test('lets no control character of a foreign text reach the terminal', () => {
    expect(explainLines([{ step: 'key', key: 'a', why: 'x\u001b[2Jy\nz' }])).toEqual([
      '  1. key         searched as a: x [2Jy z',
    ])
  })
})
