/**
 * The policy protocol at every stage of a real smtpd(8): what the service is told, what the client sees, what becomes of
 * the message, and that a service that fails lets nobody past a stage and rejects nobody.
 */
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../support/gateway/gateway.ts'
import { type Behaviour, type HttpService, startHttpService } from '../support/http/http-service.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession, type SmtpSession } from '../support/postfix/smtp-session.ts'
import { freePort } from '../support/programs/free-port.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'

const BOB = 'bob@ours.example'
const EVE = 'eve@ours.example'

const cleanup = suiteCleanup()
let service: HttpService
let sink: LmtpSink
let filtered: LmtpSink
let postfix: Postfix
/** Of a server that gives mail to a filter before it is in the queue (`smtpd_proxy_filter`). */
let proxyPort = 0
/** What the service says at a stage; nothing elsewhere. */
let says: Record<string, Behaviour> = {}

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  service = await startHttpService(cleanup)
  service.otherwise = ({ body }) => {
    const behaviour = says[JSON.parse(body).protocol_state] ?? { status: 204 }
    return typeof behaviour === 'function' ? { status: 500 } : behaviour
  }
  sink = await startLmtpSink(cleanup)
  filtered = await startLmtpSink(cleanup)
  const gateway = await startGateway(
    cleanup,
    `
listeners: [{ protocol: policy, listen: "inet:127.0.0.1:0", table: stages }]
upstreams: { d: { endpoints: ["${service.origin}"], timeout: 500ms } }
tables: { stages: { upstream: d, request: { method: POST, path: /, json: "{attributes}" }, deadline: 1s } }`,
  )
  const policy = `check_policy_service { inet:127.0.0.1:${gateway.address('policy').port}, timeout=10s }`
  proxyPort = await freePort()
  const filterPort = await freePort()
  // The filter takes all, and gives it back at once: it is a server of the same Postfix.
  const filter = ['client', 'helo', 'sender', 'recipient', 'data', 'end_of_data']
    .map((stage) => ` -o smtpd_${stage}_restrictions=`)
    .join('')
  const services = [
    `127.0.0.1:${proxyPort} inet n - n - - smtpd -o smtpd_proxy_filter=inet:127.0.0.1:${filterPort}`,
    `127.0.0.1:${filterPort} inet n - n - - smtpd${filter}`,
  ]
  const mainCf = {
    mynetworks: '',
    relay_domains: 'ours.example',
    relay_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
    // Each stage asks when it is reached, and not all of them at RCPT.
    smtpd_delay_reject: 'no',
    smtpd_client_restrictions: policy,
    smtpd_helo_restrictions: policy,
    smtpd_sender_restrictions: policy,
    smtpd_relay_restrictions: 'reject_unauth_destination',
    smtpd_recipient_restrictions: policy,
    smtpd_data_restrictions: policy,
    smtpd_end_of_data_restrictions: policy,
    smtpd_etrn_restrictions: policy,
    fast_flush_domains: 'ours.example',
  }
  postfix = await startPostfix(cleanup, mainCf, { services })
}, 60_000)

beforeEach((context) => {
  requirePostfix(context)
  says = {}
  service.requests.length = 0
})

const open = (): Promise<SmtpSession> => openSmtpSession({ onTestFinished }, postfix.smtpPort)

/** What the service was told at a stage. */
function told(state: string): Record<string, string> | undefined {
  const all = service.requests.map(({ body }) => JSON.parse(body))
  return all.find(({ protocol_state }) => protocol_state === state)
}

/** The commands that lead to a stage; the reply to the last one is its own. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  MAIL: ['MAIL FROM:<a@b.example> SIZE=7'],
  RCPT: ['MAIL FROM:<a@b.example>', `RCPT TO:<${BOB}>`],
  DATA: ['MAIL FROM:<a@b.example>', `RCPT TO:<${BOB}>`, `RCPT TO:<${EVE}>`, 'DATA'],
  'END-OF-MESSAGE': ['MAIL FROM:<a@b.example>', `RCPT TO:<${BOB}>`, 'DATA', 'Subject: end\r\n\r\ntext\r\n.'],
  VRFY: [`VRFY ${BOB}`],
  ETRN: ['ETRN ours.example'],
}

async function go(session: SmtpSession, state: string): Promise<string> {
  let text = ''
  for (const command of WAYS[state] ?? []) text = (await session.command(command)).text
  return text
}

describe('the service is asked, and a rejection is done, at', () => {
  test('CONNECT', async () => {
    says = { CONNECT: { json: 'REJECT 5.7.9 not today' } }
    const session = await open()
    expect(told('CONNECT')).toMatchObject({ client_address: '127.0.0.1', helo_name: '', sender: '' })
    // Postfix answers everything but QUIT so after it (RFC 5321 section 3.1).
    expect(await go(session, 'MAIL')).toBe('503 5.7.0 Error: access denied for unknown[127.0.0.1]')
  })

  test('EHLO', async () => {
    says = { EHLO: { json: 'REJECT 5.7.9 not today' } }
    const session = await open()
    expect(told('EHLO')).toMatchObject({ helo_name: 'client.example', sender: '', recipient: '' })
    expect((await session.command('EHLO again.example')).text).toBe(
      '554 5.7.9 <again.example>: Helo command rejected: not today',
    )
  })

  const stages: [state: string, attributes: Record<string, unknown>, reply: string][] = [
    ['MAIL', { sender: 'a@b.example', recipient: '', size: '7' }, '<a@b.example>: Sender address rejected'],
    [
      'RCPT',
      { sender: 'a@b.example', recipient: BOB, recipient_count: '0' },
      `<${BOB}>: Recipient address rejected`,
    ],
    ['DATA', { recipient: '', recipient_count: '2' }, '<DATA>: Data command rejected'],
    [
      'END-OF-MESSAGE',
      {
        recipient: BOB,
        recipient_count: '1',
        queue_id: expect.stringMatching(/^[0-9A-Za-z]+$/),
        size: expect.stringMatching(/^[1-9]\d*$/),
      },
      '<END-OF-MESSAGE>: End-of-data rejected',
    ],
    ['VRFY', { recipient: BOB, sender: '' }, `<${BOB}>: Recipient address rejected`],
    ['ETRN', { etrn_domain: 'ours.example', recipient: '' }, '<ours.example>: Etrn command rejected'],
  ]
  test.each(stages)('%s', async (state, attributes, reply) => {
    says = { [state]: { json: 'REJECT 5.7.9 not today' } }
    const session = await open()
    expect(await go(session, state)).toBe(`554 5.7.9 ${reply}: not today`)
    expect(told(state)).toMatchObject({
      request: 'smtpd_access_policy',
      protocol_state: state,
      ...attributes,
    })
  })
})

describe('a service that fails defers, and neither permits nor rejects, at', () => {
  const failures: [name: string, behaviour: Behaviour][] = [
    ['500', { status: 500, text: 'OK' }],
    ['404', { status: 404 }],
    ['a page', { headers: { 'content-type': 'text/html' }, text: '<html>OK</html>' }],
    ['an empty 200', { text: '' }],
    ['wrong JSON', { json: { action: 'OK' } }],
    ['a reset', { act: 'reset' }],
  ]

  /** To the recipient at the latest: what is deferred earlier is remembered until then. */
  const until = (state: string): string => (['CONNECT', 'EHLO', 'MAIL'].includes(state) ? 'RCPT' : state)

  test.each(['CONNECT', 'EHLO', ...Object.keys(WAYS)])('%s, and recovers at once', async (state) => {
    for (const [name, behaviour] of failures) {
      says = { [state]: behaviour }
      expect([name, (await go(await open(), until(state))).slice(0, 9)]).toEqual([name, '450 4.3.0'])
      expect(told(state)).toBeDefined()
      says = {}
      expect([name, await go(await open(), until(state))]).toEqual([name, expect.stringMatching(/^[23]5\d/)])
    }
  })
})

describe('of the whole message, and what becomes of it:', () => {
  /** Sends to two recipients; the first says what is told. */
  async function send(action: string, subject: string, state = 'RCPT'): Promise<number | undefined> {
    says = { [state]: { json: action } }
    const session = await open()
    return (await session.send('a@b.example', [BOB, EVE], subject)).message?.code
  }

  test('PREPEND puts a header on top', async () => {
    // The sink reads the first one.
    expect(await send('PREPEND Subject: from the policy', 'own')).toBe(250)
    expect(await sink.recipientsOf('from the policy', 2)).toEqual([BOB, EVE])
  })

  test('PREPEND at the end of the message comes too late, and nothing else happens', async () => {
    expect(await send('PREPEND Subject: too late', 'in time', 'END-OF-MESSAGE')).toBe(250)
    expect(await sink.recipientsOf('in time', 2)).toEqual([BOB, EVE])
  })

  test.each(['RCPT', 'DATA', 'END-OF-MESSAGE'])(
    'REDIRECT sends it to somebody else only, at %s',
    async (state) => {
      const subject = `redirected ${state}`
      expect(await send('REDIRECT other@ours.example', subject, state)).toBe(250)
      expect(await sink.recipientsOf(subject, 1)).toEqual(['other@ours.example'])
      await postfix.emptied()
      expect(await sink.recipientsOf(subject, 1)).toEqual(['other@ours.example'])
    },
  )

  test('BCC sends it to somebody besides, once for each time that it is said', async () => {
    expect(await send('BCC archive@ours.example', 'copied at the end', 'END-OF-MESSAGE')).toBe(250)
    expect(await sink.recipientsOf('copied at the end', 3)).toEqual(['archive@ours.example', BOB, EVE])
    expect(await send('BCC archive@ours.example', 'copied for each')).toBe(250)
    const both = ['archive@ours.example', 'archive@ours.example', BOB, EVE]
    expect(await sink.recipientsOf('copied for each', 4)).toEqual(both)
  })

  test.each(['RCPT', 'END-OF-MESSAGE'])('FILTER sends it another way, at %s', async (state) => {
    const subject = `filtered ${state}`
    expect(await send(`FILTER lmtp:inet:127.0.0.1:${filtered.port}`, subject, state)).toBe(250)
    expect(await filtered.recipientsOf(subject, 2)).toEqual([BOB, EVE])
    expect(sink.deliveries.filter((one) => one.subject === subject)).toEqual([])
  })

  test('DISCARD takes it and drops it', async () => {
    for (const state of ['RCPT', 'DATA', 'END-OF-MESSAGE'])
      expect([state, await send('DISCARD unwanted', 'dropped', state)]).toEqual([state, 250])
    await postfix.emptied()
    expect(sink.deliveries.filter(({ subject }) => subject === 'dropped')).toEqual([])
  })

  test('HOLD keeps it in the queue', async () => {
    expect(await send('HOLD look at it', 'held')).toBe(250)
    await postfix.waitForLog(/: hold: RCPT from .*look at it/)
    await postfix.emptied()
    expect(sink.deliveries.filter(({ subject }) => subject === 'held')).toEqual([])
  })

  test('WARN and INFO write a line, and the mail goes on', async () => {
    expect(await send('WARN a word of warning', 'warned')).toBe(250)
    expect(await send('INFO a word besides', 'informed')).toBe(250)
    await postfix.waitForLog(/: warn: RCPT from .*a word of warning/)
    await postfix.waitForLog(/: info: RCPT from .*a word besides/)
    expect(await sink.recipientsOf('informed', 2)).toEqual([BOB, EVE])
  })

  test('restrictions are done, in order', async () => {
    says = { RCPT: { json: 'permit_mynetworks, reject_unlisted_recipient, reject' } }
    expect(await go(await open(), 'RCPT')).toBe(
      `554 5.7.1 <${BOB}>: Recipient address rejected: Access denied`,
    )
    says = { RCPT: { json: 'permit_auth_destination, reject' } }
    expect(await go(await open(), 'RCPT')).toBe('250 2.1.5 Ok')
  })

  test('warn_if_reject logs what the next one would have rejected', async () => {
    says = { RCPT: { json: 'warn_if_reject, reject' } }
    expect(await go(await open(), 'RCPT')).toBe('250 2.1.5 Ok')
    await postfix.waitForLog(/reject_warning: RCPT from .*Access denied/)
  })

  test('sleep makes the client wait so many seconds', async () => {
    says = { RCPT: { json: 'sleep 1, reject' } }
    const session = await open()
    await session.command('MAIL FROM:<a@b.example>')
    const startMs = performance.now()
    const { code } = await session.command(`RCPT TO:<${BOB}>`)
    expect([code, performance.now() - startMs >= 990]).toEqual([554, true])
  })

  test('421 ends the session, HANGUP without a word', async () => {
    says = { RCPT: { json: '421 4.3.2 come back later' } }
    const session = await open()
    expect(await go(session, 'RCPT')).toMatch(/^421 4\.3\.2 .*come back later$/)
    await expect(session.command('NOOP')).rejects.toThrow()
    says = { DATA: { json: 'HANGUP' } }
    await expect(open().then((other) => go(other, 'DATA'))).rejects.toThrow()
  })
})

describe('what smtpd cannot do, and the service says all the same, is ignored with a warning:', () => {
  const actions: [action: string, text: string][] = [
    ['FILTER', 'FILTER lmtp:inet:127.0.0.1:1'],
    ['HOLD', 'HOLD look at it'],
    ['DISCARD', 'DISCARD unwanted'],
    ['REDIRECT', 'REDIRECT other@ours.example'],
    ['BCC', 'BCC archive@ours.example'],
  ]

  test.each(actions)('%s with smtpd_proxy_filter', async (action, text) => {
    const subject = `proxied ${action}`
    says = { RCPT: { json: text } }
    const session = await openSmtpSession({ onTestFinished }, proxyPort)
    expect((await session.send('a@b.example', [BOB, EVE], subject)).message?.code).toBe(250)
    expect(await sink.recipientsOf(subject, 2)).toEqual([BOB, EVE])
    await postfix.waitForLog(
      new RegExp(
        `warning: access table .*: with smtpd_proxy_filter specified, action ${action} is unavailable`,
      ),
    )
  })

  test.each(actions)('%s at ETRN', async (action, text) => {
    says = { ETRN: { json: text } }
    expect(await go(await open(), 'ETRN')).toMatch(/^250 /)
    await postfix.waitForLog(
      new RegExp(`warning: access table .*action ${action} is unavailable in smtpd_etrn`),
    )
  })

  test('a rejection is none of them', async () => {
    says = { RCPT: { json: 'REJECT 5.7.9 not today' } }
    const session = await openSmtpSession({ onTestFinished }, proxyPort)
    expect(await go(session, 'RCPT')).toBe(`554 5.7.9 <${BOB}>: Recipient address rejected: not today`)
  })
})
