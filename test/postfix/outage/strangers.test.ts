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

const ENTRIES = {
  domains: { 'example.com': 'example.com' },
  mailboxes: Object.fromEntries(MAILBOXES.map((address) => [address, 'box/'])),
  aliases: Object.fromEntries(ALIASES.map((address, at) => [address, MAILBOXES[at] ?? ''])),
}

const wait = { 'retry-after': '300' }

/** What the service answers for an address of a stranger, and what that looks like. */
const ATTACKS: readonly (readonly [
  what: string,
  reply: Exclude<Behaviour, (...args: never[]) => unknown>,
  address: (n: number) => string,
])[] = [
  ['500', { status: 500 }, (n) => `poison${n}@example.com`],
  ['503 with Retry-After', { status: 503, headers: wait }, (n) => `poison${n}@example.com`],
  ['429 with Retry-After', { status: 429, headers: wait }, (n) => `poison${n}+x@example.com`],
  ['silence', { act: 'silence' }, (n) => `poison${n}@example.com`],
  ['a body that drips', { act: 'drip', everyMs: 100 }, (n) => `poison${n}@example.com`],
  ['a reset', { act: 'reset' }, (n) => `poison${n}@example.com`],
  ['an oversize body', { act: 'large', bytes: 1_500_000, announced: false }, (n) => `poison${n}@example.com`],
  ['silence for one address with many extensions', { act: 'silence' }, (n) => `poison+${n}@example.com`],
  [
    '404 for long and odd addresses',
    { status: 404 },
    (n) => `"poison ${n}%2f../\\\\${'x'.repeat(40)}"@example.com`,
  ],
  ['404 for domains of many labels', { status: 404 }, (n) => `poison@${'a.'.repeat(60)}${n}.example`],
]

async function start(
  t: Cleanup,
  poison: Exclude<Behaviour, (...args: never[]) => unknown>,
): Promise<OutageSetup> {
  const tables = tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')
  const setup = await startOutage(t, {
    tables,
    entries: ENTRIES,
    mainCf: (map) => mainCfFor(tables, map),
  })
  const { service } = setup
  const directory = service.otherwise as (request: { url: string }) => Reply
  service.otherwise = (request) => (request.url.includes('poison') ? poison : directory(request))
  return setup
}

/** Names addresses to one session after the other until it is told to stop. */
async function attack(
  t: Cleanup,
  setup: OutageSetup,
  address: (n: number) => string,
  state: { on: boolean },
) {
  let named = 0
  const one = async () => {
    while (state.on) {
      try {
        const session = await openSmtpSession(t, setup.postfix.smtpPort)
        await session.command('MAIL FROM:<stranger@elsewhere.example>')
        while (state.on) {
          const lines = Array.from({ length: AT_ONCE }, () => `RCPT TO:<${address(named++)}>`)
          await session.commands(lines)
        }
      } catch {
        // smtpd ended the session: too many errors
      }
    }
  }
  await Promise.all(Array.from({ length: SESSIONS }, one))
  return named
}

describe('strangers who name, in twenty sessions, addresses for which the service answers', () => {
  beforeEach((context) => requirePostfix(context))

  test.each(ATTACKS)(
    '%s stop nobody else’s mail',
    { timeout: 60_000 + ATTACK_MS },
    async (what, poison, address) => {
      const cleanups: (() => unknown)[] = []
      const t: Cleanup = { onTestFinished: (run) => void cleanups.push(run) }
      try {
        const setup = await start(t, poison)
        const everybody = [...MAILBOXES, ...ALIASES]
        expect(count(await send(t, setup.postfix, everybody, 'before'), 250)).toBe(10)
        setup.clock.jump(100_000) // every "not found" is over, and found answers are refreshed
        const state = { on: true }
        const attacking = attack(t, setup, address, state)
        const beganMs = performance.now()
        let messages = 0
        let refused = 0
        let longestMs = 0
        while (performance.now() - beganMs < ATTACK_MS) {
          const sentMs = performance.now()
          const sent = await send(t, setup.postfix, everybody, `during ${messages}`)
          longestMs = Math.max(longestMs, performance.now() - sentMs)
          messages++
          refused += sent.message?.code === 250 ? 10 - count(sent, 250) : 10
          setup.clock.jump(12_000) // and so it goes on: each message asks the service
          await delay(100)
        }
        state.on = false
        console.log(
          `${what}: ${messages * 10 - refused} of ${messages * 10} recipients accepted, a message took ${longestMs.toFixed(0)} ms at most`,
        )
        expect(refused).toBe(0)
        void attacking
      } finally {
        for (const run of cleanups.reverse()) await run()
      }
    },
  )
})
