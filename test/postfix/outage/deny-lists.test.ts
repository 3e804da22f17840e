/**
 * Strangers who try to get past a deny list, with a real smtpd: by bytes in a sender or HELO that no table holds, where the
 * domain is in the list all the same, as Postfix finds it in its own tables; and by a flood of senders that make the service fail.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import {
  type Behaviour,
  type Cleanup,
  type Reply,
  startHttpService,
} from '../../support/http/http-service.ts'
import { requirePostfix, startPostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession } from '../../support/postfix/smtp-session.ts'

beforeEach((context) => requirePostfix(context))

/** Without those that smtpd refuses by itself: domains with such bytes. */
const SENDERS = [
  'x@bad.example',
  '"a\x07b"@bad.example',
  'a\x01@bad.example',
  '"a\tb"@bad.example',
  '"a\x7fb"@bad.example',
  'a\xffb@bad.example',
  '"\xe9"@sub.bad.example',
]

const HELOS = [
  'evil.example',
  'x\x07.evil.example',
  '\x01.evil.example',
  '\x7f.evil.example',
  'x\xff.evil.example',
  `${'x'.repeat(64)}.evil.example`,
  `${'x.'.repeat(130)}evil.example`,
]

test('no byte in a sender or HELO passes a deny list', async (t) => {
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { lists: { entries: { bad.example: REJECT listed, evil.example: REJECT listed } } }
tables:
  senders: { usedBy: check_sender_access, upstream: lists }
  helos: { usedBy: check_helo_access, upstream: lists }
`,
  )
  const map = `socketmap:inet:127.0.0.1:${gateway.address('socketmap').port}`
  const { smtpPort } = await startPostfix(t, {
    mynetworks: '',
    relay_domains: 'ours.example',
    smtpd_delay_reject: 'no',
    smtputf8_enable: 'no',
    smtpd_hard_error_limit: '100',
    smtpd_error_sleep_time: '0',
    smtpd_helo_restrictions: `check_helo_access ${map}:helos`,
    smtpd_sender_restrictions: `check_sender_access ${map}:senders`,
    smtpd_recipient_restrictions: 'reject_unauth_destination',
  })
  const session = await openSmtpSession(t, smtpPort)
  const told = async (line: string) => {
    const { text } = await session.command(line, 'latin1')
    return [line, /^554 .*: (Sender address|Helo command) rejected: listed$/.test(text) ? 'listed' : text]
  }
  for (const sender of SENDERS) {
    const line = `MAIL FROM:<${sender}>`
    expect(await told(line)).toEqual([line, 'listed'])
  }
  expect(await session.command('MAIL FROM:<"a\x07"@good.example>')).toMatchObject({ code: 250 })
  for (const helo of HELOS) {
    const line = `HELO ${helo}`
    expect(await told(line)).toEqual([line, 'listed'])
  }
  expect(await session.command('HELO x\x07.good.example')).toMatchObject({ code: 250 })
})

/** Length of each flood: `MAPGATE_TEST_SECONDS` makes it longer. */
const FLOOD_MS = Number(process.env.MAPGATE_TEST_SECONDS ?? '2') * 1000

/** Workers of the service: what they are busy with keeps all others waiting. */
const WORKERS = 3

/** What the senders of the flood get, and how long a worker takes for it. */
const FLOODS: readonly (readonly [
  what: string,
  behaviour: Exclude<Behaviour, (...args: never[]) => unknown>,
  busyMs: number,
])[] = [
  ['500', { status: 500 }, 5],
  ['silence', { act: 'silence' }, 5],
  ['a refusal after 1.9 s, which keeps every worker busy', { json: 'REJECT listed' }, 1900],
]

/** A service whose workers take one request after the other. */
async function startWorkers(t: Cleanup) {
  const service = await startHttpService(t)
  const flood = { seen: 0, behaviour: FLOODS[0]?.[1] ?? {}, busyMs: 5 }
  const busy: Promise<unknown>[] = Array.from({ length: WORKERS }, () => Promise.resolve())
  let next = 0
  service.otherwise = ({ url }) => {
    const isFlood = url.includes('poison')
    if (isFlood) flood.seen++
    const worker = next++ % WORKERS
    const after = busy[worker]?.then(() => delay(isFlood ? flood.busyMs : 5))
    busy[worker] = Promise.resolve(after)
    if (isFlood) return 'act' in flood.behaviour ? flood.behaviour : { ...flood.behaviour, after }
    const reply: Reply = /\/(?:canary|bad\d+)\.example$/.test(url)
      ? { json: 'REJECT listed' }
      : { status: 404 }
    return { ...reply, after }
  }
  return { service, flood }
}

test('a flood of senders for which the service fails lets no listed sender in', {
  timeout: 60_000 + 3 * FLOOD_MS,
}, async (t) => {
  const { service, flood } = await startWorkers(t)
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables:
  senders:
    usedBy: check_sender_access
    upstream: directory
    request: { path: "/senders/{key}" }
    canary: { key: canary.example }
    whenUnknown: notFound
`,
  )
  const { smtpPort } = await startPostfix(t, {
    mynetworks: '',
    relay_domains: 'ours.example',
    smtpd_delay_reject: 'no',
    smtpd_error_sleep_time: '0',
    smtpd_hard_error_limit: '100000',
    smtpd_sender_restrictions: `check_sender_access socketmap:inet:127.0.0.1:${gateway.address('socketmap').port}:senders`,
    smtpd_recipient_restrictions: 'reject_unauth_destination',
  })
  let named = 0
  let listed = 0
  const session = await openSmtpSession(t, smtpPort)
  const floods = await Promise.all(Array.from({ length: WORKERS }, () => openSmtpSession(t, smtpPort)))
  for (const [what, behaviour, busyMs] of FLOODS) {
    Object.assign(flood, { seen: 0, behaviour, busyMs })
    const endMs = performance.now() + FLOOD_MS
    const flooding = floods.map(async (one) => {
      while (performance.now() < endMs) {
        await one.command(`MAIL FROM:<x@poison${named++}.example>`)
        await one.command('RSET')
      }
    })
    const codes: number[] = []
    while (performance.now() < endMs) {
      codes.push((await session.command(`MAIL FROM:<x@bad${listed++}.example>`)).code)
      await session.command('RSET')
      await delay(20)
    }
    await Promise.all(flooding)
    const refused = codes.filter((code) => code === 554).length
    console.log(
      `${what}: ${flood.seen} requests of the flood; of ${codes.length} listed senders ${refused} were refused, the others were told to try again`,
    )
    expect([what, codes.filter((code) => code !== 554 && code !== 451)]).toEqual([what, []])
    expect(flood.seen, what).toBeGreaterThanOrEqual(WORKERS)
    // What is left of it is over before the next one.
    await expect
      .poll(
        async () => {
          await session.command('RSET')
          return (await session.command(`MAIL FROM:<x@bad${listed++}.example>`)).code
        },
        { timeout: 20_000 },
      )
      .toBe(554)
  }
})
