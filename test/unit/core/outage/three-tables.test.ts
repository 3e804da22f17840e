/**
 * The alias and the mailbox table of one service, with their stores, over an outage.
 */
import { describe, expect, test } from 'vitest'
import { CachedUpstream } from '../../../../src/core/cache/cached-upstream.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { TableProof } from '../../../../src/core/outage/table-proof.ts'
import { found, NOT_FOUND, temporary } from '../../../../src/core/result.ts'
import { type SearchKind, searchKeys } from '../../../../src/core/search/search-keys.ts'
import { Table } from '../../../../src/core/table.ts'
import { type Answer, UNWATCHED, type Upstream } from '../../../../src/core/upstream.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'
import { lookupFrom } from '../../../support/core/sources.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const DOWN: Answer = { result: temporary('connect', 'refused'), storable: false, source: 'upstream' }

const POLICY = {
  ttlMs: 60_000,
  negativeTtlMs: 10_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: DAY,
  staleAfterMs: 1000,
  jitter: 0,
  honorCacheControl: false,
  minTtlMs: 0,
  maxTtlMs: HOUR,
  negativeKeptMs: DAY,
}

function setUp(options: { hasCanary?: boolean; maxNegativeEntries?: number } = {}) {
  const clock = new ManualClock()
  const service = {
    isUp: true,
    aliases: new Map([['team@a.example', 'ann@a.example']]),
    mailboxes: new Map([['ann@a.example', 'ann']]),
  }
  const asked: string[] = []
  const build = (name: 'aliases' | 'mailboxes', search: SearchKind, proof?: TableProof) => {
    const store = new MemoryAnswerStore({
      clock,
      maxEntries: 100,
      maxNegativeEntries: options.maxNegativeEntries ?? 100,
      maxBytes: 1e6,
      protectsNegative: proof === undefined ? 'used' : 'chosen',
    })
    const upstream: Upstream = {
      name: 'directory',
      health: UNWATCHED,
      needsNoRequest: () => false,
      trustsNegative: () => true,
      ask: ({ key }) => {
        asked.push(`${name} ${key}`)
        if (!service.isUp) return Promise.resolve(DOWN)
        const value = service[name].get(key)
        const result = value === undefined ? NOT_FOUND : found(value)
        return Promise.resolve({ result, storable: true, source: 'upstream' as const })
      },
    }
    const source = new CachedUpstream({
      table: name,
      upstream,
      clock,
      random: () => 0,
      deadlineMs: 5000,
      sideEffects: false,
      cache: { store, policy: POLICY, hasCanary: options.hasCanary ?? true, upstreamIndex: 0 },
      observer: silentObserver.table(name),
      onDefect: (error) => expect.unreachable(String(error)),
    })
    const keys = {
      recipientDelimiter: '+',
      localDomains: new Set<string>(),
      parentDomainMatchesSubdomains: false,
    }
    const table = new Table({
      name,
      sources: [source],
      search: (key) => searchKeys(search, key, keys),
      foldCase: true,
      deadlineMs: 5000,
      searchParallel: false,
      outage: {
        isExistence: name === 'mailboxes',
        staleNotFound: proof && { forMs: DAY, proof },
        onAnswered: () => {},
      },
    })
    return { store, table }
  }
  const mailboxes = build('mailboxes', 'address')
  const proof = new TableProof(
    'mailboxes',
    () => mailboxes.table,
    clock,
    (error) => expect.unreachable(String(error)),
  )
  const aliases = build('aliases', 'address', proof)
  const ask = async (key: string, table = aliases.table) => {
    const { result } = await table.lookup(key, lookupFrom(clock))
    await settle()
    return result.kind === 'found' ? result.value : result.kind
  }
  return { clock, service, asked, aliases, mailboxes, ask }
}

describe('the alias table in an outage', () => {
  test('says "not found" of a mailbox for a day after its last answer, and knows the mailbox without being asked for it', async () => {
    const { clock, service, asked, ask } = setUp()
    expect(await ask('ann@a.example')).toBe('notfound')
    expect(asked).toEqual(['aliases ann@a.example', 'aliases @a.example', 'mailboxes ann@a.example'])
    service.isUp = false
    clock.advance(75_000)
    expect(await ask('ann@a.example')).toBe('notfound')
    expect(await ask('team@a.example')).toBe('temporary')
    clock.advance(DAY - 75_001)
    expect(await ask('ann@a.example')).toBe('notfound')
    clock.advance(1)
    expect(await ask('ann@a.example')).toBe('temporary')
  })

  test('says nothing of an address without mailbox', async () => {
    const { clock, service, ask } = setUp()
    expect(await ask('nobody@a.example')).toBe('notfound')
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('nobody@a.example')).toBe('temporary')
  })

  test('says "not found" of a mailbox with an extension only when it was asked for that before', async () => {
    const { clock, service, ask } = setUp()
    await ask('ann+news@a.example')
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('ann+news@a.example')).toBe('notfound')
    expect(await ask('ann+other@a.example')).toBe('temporary')
  })

  test('takes no @domain of the mailbox table for a mailbox', async () => {
    const { clock, service, ask } = setUp()
    service.mailboxes = new Map([['@a.example', 'everybody']])
    await ask('ann@a.example')
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('ann@a.example')).toBe('temporary')
  })

  test('says nothing when a service without a canary answered', async () => {
    const { clock, service, ask } = setUp({ hasCanary: false })
    await ask('ann@a.example')
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('ann@a.example')).toBe('temporary')
  })

  test('says nothing when the mailbox is gone by what the service said last', async () => {
    const { clock, service, ask, mailboxes } = setUp()
    await ask('ann@a.example')
    service.mailboxes.clear()
    clock.advance(60_000)
    expect(await ask('ann@a.example', mailboxes.table)).toBe('notfound')
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('ann@a.example')).toBe('temporary')
  })

  test('forgets its "not found" by a purge of either table, and by an alias that was made since', async () => {
    for (const purged of ['aliases', 'mailboxes', 'none'] as const) {
      const made = setUp()
      await made.ask('ann@a.example')
      if (purged !== 'none') made[purged].store.purge({ kind: 'key', key: 'ann@a.example' })
      made.service.isUp = false
      made.clock.advance(10_000)
      expect(await made.ask('ann@a.example')).toBe(purged === 'none' ? 'notfound' : 'temporary')
    }
    const { clock, service, ask } = setUp()
    await ask('ann@a.example')
    service.aliases.set('ann@a.example', 'eve@b.example')
    clock.advance(10_000)
    expect(await ask('ann@a.example')).toBe('eve@b.example')
    service.isUp = false
    clock.advance(120_000)
    expect(await ask('ann@a.example')).toBe('eve@b.example')
  })

  test('keeps the "not found" of a mailbox whatever strangers ask, twice or more', async () => {
    const { clock, service, ask } = setUp({ maxNegativeEntries: 10 })
    await ask('ann@a.example')
    for (let round = 0; round < 2; round++)
      for (let count = 0; count < 50; count++) await ask(`guess${count}@a.example`)
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('ann@a.example')).toBe('notfound')
  })

  test('asks the service again as soon as it answers', async () => {
    const { clock, service, ask } = setUp()
    await ask('ann@a.example')
    service.isUp = false
    clock.advance(10_000)
    await ask('ann@a.example')
    service.isUp = true
    service.aliases.set('ann@a.example', 'eve@b.example')
    clock.advance(1000)
    expect(await ask('ann@a.example')).toBe('eve@b.example')
  })
})

describe('the mailbox table in an outage', () => {
  test('has a mailbox with an extension that was never asked for', async () => {
    const { clock, service, ask, mailboxes } = setUp()
    await ask('ann@a.example', mailboxes.table)
    service.isUp = false
    clock.advance(10_000)
    expect(await ask('ann+new@a.example', mailboxes.table)).toBe('ann')
    expect(await ask('bob@a.example', mailboxes.table)).toBe('temporary')
  })
})
