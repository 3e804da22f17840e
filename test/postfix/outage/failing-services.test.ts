/**
 * A service that dies, refuses, hangs, resets or answers 502 to everything, and comes back, with a real smtpd and the three
 * usual tables: how soon that is noticed, how long a known recipient waits, and how soon after it is back every lookup is
 * answered. The figures are printed. Bounds here are for a loaded machine; test/integration/resilience/outages.test.ts and
 * the unit tests have the exact ones.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Behaviour, HttpService } from '../../support/http/http-service.ts'
import { postfixMissing, requirePostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession } from '../../support/postfix/smtp-session.ts'
import { until } from '../../support/postfix/until.ts'
import { mainCfFor, tablesOfPages } from './page-tables.ts'
import { addresses, count, type OutageSetup, send, startOutage } from './setup.ts'

const MAILBOXES = addresses('m', 4)
const ALIASES = addresses('a', 2)
const EVERYBODY = [...MAILBOXES, ...ALIASES]

const ENTRIES = {
  domains: { 'example.com': 'example.com' },
  mailboxes: Object.fromEntries(MAILBOXES.map((address) => [address, 'box/'])),
  aliases: Object.fromEntries(ALIASES.map((address, at) => [address, MAILBOXES[at] ?? ''])),
}

/**
 * Longest time for each figure, ms: the order of magnitude. Promised are 2 s until it is noticed, 1 s (`staleAfter`) for a
 * known recipient, 1.5 s until it is back. Without these a known recipient waits for both attempts, 4 s.
 */
const NOTICED_MS = 3_500
const WAITED_MS = 3_500
const BACK_MS = 5_000

const become = (behaviour: Behaviour) => (service: HttpService) => {
  service.otherwise = behaviour
}

const FAILURES: readonly (readonly [what: string, begin: (service: HttpService) => Promise<void> | void])[] =
  [
    ['dies', (service) => service.stop()],
    ['refuses connections', (service) => service.drain()],
    ['hangs', become({ act: 'silence' })],
    ['resets', become({ act: 'reset' })],
    ['answers 502 to everything', become({ status: 502 })],
  ]

const cleanups: (() => unknown)[] = []
const file = { onTestFinished: (run: () => unknown) => void cleanups.push(run) }
let setup: OutageSetup

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  const tables = tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  file.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  setup = await startOutage(file, {
    tables,
    entries: ENTRIES,
    mainCf: (map) => mainCfFor(tables, map),
    folder,
  })
})

afterAll(async () => {
  for (const run of cleanups.reverse()) await run()
})

beforeEach((context) => requirePostfix(context))

/** Names every known recipient once. @returns Who was not accepted, and how long the slowest reply took. */
async function nameEverybody(): Promise<{ readonly refused: readonly string[]; readonly longestMs: number }> {
  const session = await openSmtpSession(file, setup.postfix.smtpPort)
  // The null sender: nobody is asked about it.
  await session.command('MAIL FROM:<>')
  const refused: string[] = []
  let longestMs = 0
  for (const address of EVERYBODY) {
    const askedMs = performance.now()
    const { code, text } = await session.command(`RCPT TO:<${address}>`)
    longestMs = Math.max(longestMs, performance.now() - askedMs)
    if (code !== 250) refused.push(text)
  }
  await session.command('QUIT')
  return { refused, longestMs }
}

let strangers = 0

/** Whether an address that nobody has, and that was never asked, is refused: the service answers. */
async function isAnswered(): Promise<true | undefined> {
  const session = await openSmtpSession(file, setup.postfix.smtpPort)
  const sent = await session.send('', [`u${strangers++}@example.com`], 'unknown')
  // smtpd(8) has so many processes and no more.
  await session.command('QUIT')
  return count(sent, 550) === 1 ? true : undefined
}

test.each(FAILURES)(
  'a service that %s stops nobody’s mail, and is asked again when it is back',
  { timeout: 60_000 },
  async (what, begin) => {
    const { service, clock, postfix, gateway } = setup
    const upstream = () => gateway().gateway.status().upstreams[0]
    const circuit = () => upstream()?.endpoints[0]?.circuit
    const inFlight = () => upstream()?.inFlight
    expect((await nameEverybody()).refused).toEqual([])
    expect(circuit()).toBe('closed')
    // A request under way would seem to have taken 100 s, and slowness to be usual.
    await until('no request', async () => (inFlight() === 0 ? true : undefined))
    clock.jump(100_000) // every "not found" is over, and found answers are refreshed
    const beganMs = performance.now()
    await begin(service)
    let noticedMs = Number.POSITIVE_INFINITY
    const looking = until('the circuit to open', async () => {
      if (circuit() === 'closed') return undefined
      noticedMs = performance.now() - beganMs
      return true
    })
    let longestMs = 0
    let named = 0
    // Twice more when it is known: nobody waits for it then.
    for (let rounds = 0; rounds < 2; ) {
      if (circuit() !== 'closed') rounds++
      const { refused, longestMs: tookMs } = await nameEverybody()
      expect(refused).toEqual([])
      longestMs = Math.max(longestMs, tookMs)
      named += EVERYBODY.length
    }
    await looking
    const sent = await send(file, postfix, EVERYBODY, `while it ${what}`)
    expect([sent.message?.code, count(sent, 250)]).toEqual([250, EVERYBODY.length])
    expect(await isAnswered()).toBeUndefined()

    setup.serve(ENTRIES)
    if (what === 'dies' || what === 'refuses connections') await service.start()
    const backAtMs = performance.now()
    while ((await isAnswered()) === undefined) {
      expect(performance.now() - backAtMs).toBeLessThan(BACK_MS)
      await delay(20)
    }
    const backMs = performance.now() - backAtMs
    console.log(
      `${what}: noticed after ${noticedMs.toFixed(0)} ms, ${named} of ${named} known recipients accepted, the slowest after ${longestMs.toFixed(0)} ms, unknown ones answered ${backMs.toFixed(0)} ms after it was back`,
    )
    expect(noticedMs).toBeLessThan(NOTICED_MS)
    expect(longestMs).toBeLessThan(WAITED_MS)
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  },
)
