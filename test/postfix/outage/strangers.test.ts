/**
 * Strangers who try to stop other people's mail from outside, with a real smtpd and the usual three tables: sessions full of
 * addresses that the service fails for, that are long, odd or asked in parts; and what became of everybody else's mail.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Behaviour, Cleanup, Reply } from '../../support/http/http-service.ts'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession } from '../../support/postfix/smtp-session.ts'
import { mainCfFor, tablesOfPages } from './page-tables.ts'
import { addresses, count, type OutageSetup, send, startOutage } from './setup.ts'

/** Sessions of strangers at a time; smtpd(8) answers each ever more slowly, the more errors it makes. */
const SESSIONS = 20
/** Recipients that a stranger names in one write. */
const AT_ONCE = 20
/** Length of an attack: `MAPGATE_TEST_SECONDS` makes it longer. */
const ATTACK_MS = Number(process.env.MAPGATE_TEST_SECONDS ?? '2') * 1000

const MAILBOXES = addresses('m', 5)
const ALIASES = addresses('a', 5)
/** Mailboxes that nobody has asked for before: two for each message. */
const NEVER_ASKED = addresses('n', 200)

const ENTRIES = {
  domains: { 'example.com': 'example.com' },
  mailboxes: Object.fromEntries([...MAILBOXES, ...NEVER_ASKED].map((address) => [address, 'box/'])),
  aliases: Object.fromEntries(ALIASES.map((address, at) => [address, MAILBOXES[at] ?? ''])),
}

const wait = { 'retry-after': '300' }

type Answer = Exclude<Behaviour, (...args: never[]) => unknown>

/** Requests of strangers that the service must have seen, for the attack to have been one. */
const ATTACKED = 20

/** What the service answers for an address of a stranger, and what that looks like. */
type Attack = readonly [
  what: string,
  reply: Answer,
  address: (n: number) => string,
  /** The service is not asked: of other people's domains, or no key for a path; or it is silent, so that new addresses may wait. */
  kind: 'plain' | 'filtered' | 'slow',
]

const ATTACKS: readonly Attack[] = [
  ['500', { status: 500 }, (n) => `poison${n}@example.com`, 'plain'],
  ['503 with Retry-After', { status: 503, headers: wait }, (n) => `poison${n}@example.com`, 'plain'],
  ['429 with Retry-After', { status: 429, headers: wait }, (n) => `poison${n}+x@example.com`, 'plain'],
  ['silence', { act: 'silence' }, (n) => `poison${n}@example.com`, 'slow'],
  ['a body that drips', { act: 'drip', everyMs: 100 }, (n) => `poison${n}@example.com`, 'slow'],
  ['a reset', { act: 'reset' }, (n) => `poison${n}@example.com`, 'plain'],
  [
    'an oversize body',
    { act: 'large', bytes: 1_500_000, announced: false },
    (n) => `poison${n}@example.com`,
    'plain',
  ],
  [
    'silence for one address with many extensions',
    { act: 'silence' },
    (n) => `poison+${n}@example.com`,
    'slow',
  ],
  [
    '404 for long and odd addresses',
    { status: 404 },
    (n) => `"poison ${n}%2f../\\\\${'x'.repeat(40)}"@example.com`,
    'filtered',
  ],
  [
    '404 for domains of many labels',
    { status: 404 },
    (n) => `poison@${'a.'.repeat(60)}${n}.example`,
    'filtered',
  ],
]

/** Also counts the requests of strangers. */
async function start(t: Cleanup, poison: Answer): Promise<OutageSetup & { readonly seen: () => number }> {
  const tables = tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')
  const setup = await startOutage(t, {
    tables,
    entries: ENTRIES,
    mainCf: (map) => mainCfFor(tables, map),
  })
  const { service } = setup
  const directory = service.otherwise as (request: { url: string }) => Reply
  let seen = 0
  service.otherwise = (request) => {
    if (!request.url.includes('poison')) return directory(request)
    seen++
    return poison
  }
  return { ...setup, seen: () => seen }
}

/** Names addresses to one session after the other until it is told to stop. */
async function attack(
  t: Cleanup,
  setup: OutageSetup,
  address: (n: number) => string,
  state: { on: boolean; named: number },
) {
  const one = async () => {
    while (state.on) {
      try {
        const session = await openSmtpSession(t, setup.postfix.smtpPort)
        await session.command('MAIL FROM:<stranger@elsewhere.example>')
        while (state.on) {
          const lines = Array.from({ length: AT_ONCE }, () => `RCPT TO:<${address(state.named++)}>`)
          await session.commands(lines)
        }
      } catch {
        // smtpd ended the session: too many errors
      }
    }
  }
  await Promise.all(Array.from({ length: SESSIONS }, one))
}

describe('strangers who name, in twenty sessions, addresses for which the service answers', () => {
  beforeEach((context) => requirePostfix(context))

  test.each<Attack>(ATTACKS)(
    '%s stop nobody else’s mail',
    { timeout: 60_000 + ATTACK_MS },
    async (what, poison, address, kind) => {
      const cleanups: (() => unknown)[] = []
      const t: Cleanup = { onTestFinished: (run) => void cleanups.push(run) }
      try {
        const setup = await start(t, poison)
        const everybody = [...MAILBOXES, ...ALIASES]
        expect(count(await send(t, setup.postfix, everybody, 'before'), 250)).toBe(10)
        setup.clock.jump(100_000) // every "not found" is over, and found answers are refreshed
        const state = { on: true, named: 0 }
        void attack(t, setup, address, state)
        const beganMs = performance.now()
        const figures = { messages: 0, refused: 0, newAccepted: 0, newDeferred: 0, longestMs: 0 }
        while (performance.now() - beganMs < ATTACK_MS) {
          const sentMs = performance.now()
          const at = figures.messages * 2
          const sent = await send(t, setup.postfix, everybody, `during ${figures.messages}`)
          figures.longestMs = Math.max(figures.longestMs, performance.now() - sentMs)
          figures.refused += sent.message?.code === 250 ? 10 - count(sent, 250) : 10
          const fresh = await send(t, setup.postfix, NEVER_ASKED.slice(at, at + 2), `new ${figures.messages}`)
          figures.messages++
          figures.newAccepted += count(fresh, 250)
          figures.newDeferred += count(fresh, 451)
          setup.clock.jump(12_000) // and so it goes on: each message asks the service
          await delay(100)
        }
        state.on = false
        const { messages, refused, newAccepted, newDeferred, longestMs } = figures
        console.log(
          `${what}: ${state.named} addresses named, ${setup.seen()} requests of strangers; ${messages * 10 - refused} of ${messages * 10} recipients accepted, of those never asked for before ${newAccepted} of ${messages * 2}, a message took ${longestMs.toFixed(0)} ms at most`,
        )
        expect(messages).toBeGreaterThan(0)
        expect(state.named).toBeGreaterThanOrEqual(SESSIONS * AT_ONCE)
        if (kind === 'filtered') expect(setup.seen()).toBe(0)
        else expect(setup.seen()).toBeGreaterThanOrEqual(ATTACKED)
        expect(refused).toBe(0)
        // Where the service is silent for strangers, an address that it was never asked for may have to wait, and is not refused.
        expect(newAccepted + (kind === 'slow' ? newDeferred : 0)).toBe(messages * 2)
      } finally {
        for (const run of cleanups.reverse()) await run()
      }
    },
  )
})
