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
const ATTACK_MS = Number(process.env.MAPGATE_TEST_SECONDS ?? '1.5') * 1000

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
  /** @param n `poisonx17`. */
  address: (n: string) => string,
  /** The service is not asked: of other people's domains, or no key for a path; or it is silent, so that new addresses may wait. */
  kind: 'plain' | 'filtered' | 'slow',
]

const ATTACKS: readonly Attack[] = [
  [
    '404 for long and odd addresses',
    { status: 404 },
    (n) => `"${n} %2f../\\\\${'x'.repeat(40)}"@example.com`,
    'filtered',
  ],
  ['404 for domains of many labels', { status: 404 }, (n) => `${n}@${'a.'.repeat(60)}b.example`, 'filtered'],
  ['500', { status: 500 }, (n) => `${n}@example.com`, 'plain'],
  ['503 with Retry-After', { status: 503, headers: wait }, (n) => `${n}@example.com`, 'plain'],
  ['429 with Retry-After', { status: 429, headers: wait }, (n) => `${n}+x@example.com`, 'plain'],
  ['a reset', { act: 'reset' }, (n) => `${n}@example.com`, 'plain'],
  [
    'an oversize body',
    { act: 'large', bytes: 1_500_000, announced: false },
    (n) => `${n}@example.com`,
    'plain',
  ],
  ['silence', { act: 'silence' }, (n) => `${n}@example.com`, 'slow'],
  [
    'a proper answer after 2.5 s',
    { act: 'slow', afterMs: 2500, reply: { status: 404 } },
    (n) => `${n}@example.com`,
    'slow',
  ],
  ['a body that drips', { act: 'drip', everyMs: 100 }, (n) => `${n}@example.com`, 'slow'],
  [
    'silence for one address with many extensions',
    { act: 'silence' },
    (n) => `${n.replace('x', '+')}@example.com`,
    'slow',
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
function attack({ postfix }: OutageSetup, address: (n: number) => string) {
  const cleanups: (() => unknown)[] = []
  const t: Cleanup = { onTestFinished: (run) => void cleanups.push(run) }
  const state = { on: true, named: 0 }
  const one = async () => {
    while (state.on) {
      try {
        const session = await openSmtpSession(t, postfix.smtpPort)
        await session.command('MAIL FROM:<stranger@elsewhere.example>')
        while (state.on) {
          const lines = Array.from({ length: AT_ONCE }, () => `RCPT TO:<${address(state.named++)}>`)
          await session.commands(lines)
        }
      } catch {
        // smtpd ended the session: too many errors; or it is over
      }
    }
  }
  const attacking = Promise.all(Array.from({ length: SESSIONS }, one))
  const stop = async (): Promise<number> => {
    state.on = false
    for (const run of cleanups) await run()
    await attacking
    return state.named
  }
  return { stop }
}

describe('strangers who name, in twenty sessions, addresses for which the service answers', () => {
  beforeEach((context) => requirePostfix(context))

  test.for(ATTACKS)(
    '%s stop nobody else’s mail',
    { timeout: 60_000 + ATTACK_MS },
    async ([what, poison, address, kind], t) => {
      const setup = await start(t, poison)
      const everybody = [...MAILBOXES, ...ALIASES]
      expect(count(await send(t, setup.postfix, everybody, 'before'), 250)).toBe(10)
      setup.clock.jump(100_000) // every "not found" is over, and found answers are refreshed
      const attacker = attack(setup, (n) => address(`poisonx${n}`))
      const beganMs = performance.now()
      const figures = { messages: 0, refused: 0, newAccepted: 0, newDeferred: 0, longestMs: 0 }
      while (performance.now() - beganMs < ATTACK_MS) {
        const sentMs = performance.now()
        const sent = await send(t, setup.postfix, everybody, `during ${figures.messages}`)
        figures.longestMs = Math.max(figures.longestMs, performance.now() - sentMs)
        figures.refused += sent.message?.code === 250 ? 10 - count(sent, 250) : 10
        const at = figures.messages * 2
        const fresh = await send(t, setup.postfix, NEVER_ASKED.slice(at, at + 2), `new ${figures.messages}`)
        figures.messages++
        figures.newAccepted += count(fresh, 250)
        figures.newDeferred += count(fresh, 451)
        setup.clock.jump(12_000) // and so it goes on: each message asks the service
        await delay(100)
      }
      const addressed = await attacker.stop()
      const { messages, refused, newAccepted, newDeferred, longestMs } = figures
      console.log(
        `${what}: ${addressed} addresses named, ${setup.seen()} requests of strangers; ${messages * 10 - refused} of ${messages * 10} recipients accepted, of those never asked for before ${newAccepted} of ${messages * 2}, a message took ${longestMs.toFixed(0)} ms at most`,
      )
      expect(messages).toBeGreaterThan(0)
      expect(addressed).toBeGreaterThanOrEqual(SESSIONS * AT_ONCE)
      if (kind === 'filtered') expect(setup.seen()).toBe(0)
      else expect(setup.seen()).toBeGreaterThanOrEqual(ATTACKED)
      expect(refused).toBe(0)
      // Where the service is silent for strangers, an address that it was never asked for may have to wait, and is not refused.
      expect(newAccepted + (kind === 'slow' ? newDeferred : 0)).toBe(messages * 2)
    },
  )
})
