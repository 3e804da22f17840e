/**
 * One question of smtpd(8) is one request to the policy service, whatever closes when: the service, its kept connection,
 * the gateway, or the client.
 */
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway/gateway.ts'
import { type Behaviour, type HttpService, startHttpService } from '../support/http/http-service.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession, type SmtpSession } from '../support/postfix/smtp-session.ts'
import { freePort } from '../support/programs/free-port.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'

const cleanup = suiteCleanup()
let service: HttpService
/** Where another request would go: a second endpoint. */
let second: HttpService
let postfix: Postfix
let port = 0
let config = ''

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  service = await startHttpService(cleanup)
  second = await startHttpService(cleanup)
  port = await freePort()
  config = `
listeners: [{ protocol: policy, listen: "inet:127.0.0.1:${port}", table: counter }]
upstreams: { d: { endpoints: ["${service.origin}", "${second.origin}"], timeout: 500ms, attempts: 3, hedgeAfter: 50ms } }
tables: { counter: { upstream: d, request: { method: POST, path: /, json: "{attributes}" }, deadline: 1s } }`
  postfix = await startPostfix(cleanup, {
    mynetworks: '',
    relay_domains: 'ours.example',
    smtpd_recipient_restrictions: `reject_unauth_destination, check_policy_service { inet:127.0.0.1:${port}, timeout=10s }`,
  })
}, 60_000)

beforeEach((context) => {
  requirePostfix(context)
  for (const one of [service, second]) one.requests.length = 0
  behave({ status: 204 })
})

/** Both endpoints do it. */
function behave(behaviour: Behaviour): void {
  for (const one of [service, second]) one.otherwise = behaviour
}

const start = (): Promise<TestGateway> => startGateway({ onTestFinished }, config)
const open = (): Promise<SmtpSession> => openSmtpSession({ onTestFinished }, postfix.smtpPort)

let questions = 0

/** A new question: no two have the same recipient. */
function question(): {
  readonly recipient: string
  ask(session: SmtpSession): Promise<string>
  count(): number
} {
  const recipient = `user${++questions}@ours.example`
  return {
    recipient,
    async ask(session) {
      await session.command('RSET')
      await session.command('MAIL FROM:<a@b.example>')
      return (await session.command(`RCPT TO:<${recipient}>`)).text
    },
    count: () =>
      [service, second]
        .flatMap(({ requests }) => requests)
        .filter(({ body }) => JSON.parse(body).recipient === recipient).length,
  }
}

const GOOD = /^250 2\.1\.5/
const LATER = /^450 4\.3\.0/

describe('one request', () => {
  const closing: [name: string, behaviour: Behaviour, reply: RegExp][] = [
    ['the service closes after each reply', { status: 204, thenClose: true }, GOOD],
    ['the service says that it closes', { status: 204, headers: { connection: 'close' } }, GOOD],
    [
      'the service resets a kept connection',
      { act: 'reset-if-reused', reply: { status: 204 } },
      /^(?:250 2\.1\.5|450 4\.3\.0)/,
    ],
    ['the service resets before its reply', { act: 'reset' }, LATER],
    ['the service resets in its reply', { act: 'reset-in-body' }, LATER],
    ['the service stalls in its reply', { act: 'stall-in-body' }, LATER],
    ['the service is silent', { act: 'silence' }, LATER],
    ['the service answers what is no HTTP', { act: 'raw', bytes: 'nonsense\r\n\r\n' }, LATER],
    ['the service asks for a repeat', { status: 503, headers: { 'retry-after': '0' } }, LATER],
    ['the service is of another mind', { status: 421 }, LATER],
  ]
  test.each(closing)('where %s', async (_name, behaviour, reply) => {
    await start()
    const session = await open()
    expect(await question().ask(session)).toMatch(GOOD)
    behave(behaviour)
    for (let times = 0; times < 3; times++) {
      const { ask, count } = question()
      expect(await ask(session)).toMatch(reply)
      expect(count()).toBe(1)
    }
    behave({ status: 204 })
    await expect.poll(() => question().ask(session), { timeout: 5000 }).toMatch(GOOD)
  })

  test('where the service closes its kept connections between two questions', async () => {
    await start()
    const session = await open()
    for (let times = 0; times < 20; times++) {
      const { ask, count } = question()
      const answer = await ask(session)
      expect(answer).toMatch(/^(?:250 2\.1\.5|450 4\.3\.0)/)
      // What was sent into a connection that had just been closed was read by nobody.
      if (GOOD.test(answer)) expect(count()).toBe(1)
      else expect(count()).toBeLessThanOrEqual(1)
      service.closeIdleConnections()
    }
  })

  test('where the service is restarted between two questions', async () => {
    await start()
    const session = await open()
    for (let times = 0; times < 5; times++) {
      await service.stop()
      await service.start()
      const { ask, count } = question()
      const answer = await ask(session)
      expect(answer).toMatch(/^(?:250 2\.1\.5|450 4\.3\.0)/)
      // What was sent into a connection that had just been closed was read by nobody.
      if (GOOD.test(answer)) expect(count()).toBe(1)
      else expect(count()).toBeLessThanOrEqual(1)
    }
  })

  test('where the configuration is loaded anew while the question is under way', async () => {
    const gateway = await start()
    const session = await open()
    const { ask, count } = question()
    const release = holdReplies()
    const reply = ask(session)
    await service.received(1)
    gateway.write(config.replace('timeout: 500ms', 'timeout: 700ms'))
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
    release()
    expect(await reply).toMatch(GOOD)
    expect(count()).toBe(1)
  })

  test('where the gateway is restarted while the question is under way, and the reply still comes', async () => {
    const gateway = await start()
    const session = await open()
    const { ask, count } = question()
    const release = holdReplies()
    const reply = ask(session)
    await service.received(1)
    const stopped = gateway.gateway.stop()
    release()
    expect(await reply).toMatch(GOOD)
    await stopped
    expect(count()).toBe(1)
    behave({ status: 204 })
    await start()
    const next = question()
    expect(await next.ask(session)).toMatch(GOOD)
    expect(next.count()).toBe(1)
  })

  test('where the SMTP client goes away while the question is under way', async () => {
    await start()
    const { recipient, count } = question()
    const release = holdReplies()
    const { onTestFinished: ended, end } = ending()
    const session = await openSmtpSession({ onTestFinished: ended }, postfix.smtpPort)
    await session.command('MAIL FROM:<a@b.example>')
    session.command(`RCPT TO:<${recipient}>`).catch(() => {}) // nobody hears it
    await service.received(1)
    await end()
    release()
    behave({ status: 204 })
    const next = question()
    expect(await next.ask(await open())).toMatch(GOOD)
    expect([count(), next.count()]).toEqual([1, 1])
  })
})

/** Every reply waits until it is released. */
function holdReplies(): () => void {
  let release = (): void => {}
  const after = new Promise<void>((resolve) => {
    release = resolve
  })
  behave({ status: 204, after })
  return release
}

/** A cleanup that is run by hand. */
function ending() {
  const all: (() => Promise<void> | void)[] = []
  return {
    onTestFinished: (run: () => Promise<void> | void) => void all.push(run),
    end: async () => {
      for (const run of all) await run()
    },
  }
}
