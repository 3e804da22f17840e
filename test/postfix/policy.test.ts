/**
 * The policy protocol with a real smtpd(8): row by row what an answer of the service becomes, that nothing the service
 * does lets anybody in or rejects anybody, and that a question is asked once.
 */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { mainCf } from '../../src/commands/main-cf/lines.ts'
import { query } from '../../src/commands/query/query.ts'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { recordIo } from '../support/gateway/command-io.ts'
import { startGateway } from '../support/gateway/gateway.ts'
import { type Behaviour, startHttpService } from '../support/http/http-service.ts'
import { requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession, type SmtpSession } from '../support/postfix/smtp-session.ts'

const RELAY = 'x@elsewhere.example'
const OURS = 'bob@ours.example'

const TABLE = `
    request: { method: POST, path: /policy, json: "{attributes}" }
    deadline: 1500ms`

async function start(
  table = TABLE,
  restrictions = (policy: string) => `reject_unauth_destination, ${policy}`,
) {
  const service = await startHttpService({ onTestFinished })
  const gateway = await startGateway(
    { onTestFinished },
    `
listeners:
  - { protocol: policy, listen: "inet:127.0.0.1:0", table: greylist }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { d: { endpoints: ["${service.origin}"], timeout: 500ms } }
tables:
  greylist:
    upstream: d${table}`,
  )
  const { port } = gateway.address('policy')
  const postfix = await startPostfix(
    { onTestFinished },
    {
      mynetworks: '',
      relay_domains: 'ours.example',
      smtpd_relay_restrictions: 'permit',
      smtpd_recipient_restrictions: restrictions(
        `check_policy_service { inet:127.0.0.1:${port}, timeout=10s }`,
      ),
    },
  )
  const open = () => openSmtpSession({ onTestFinished }, postfix.smtpPort)
  return { service, gateway, postfix, open, port }
}

/** The reply to one recipient of a new message. */
async function rcpt(session: SmtpSession, to = OURS, from = 'a@b.example'): Promise<string> {
  await session.command('RSET')
  await session.command(`MAIL FROM:<${from}>`)
  return (await session.command(`RCPT TO:<${to}>`)).text
}

beforeEach((context) => requirePostfix(context))

const LATER = '450 4.3.0'
const OK = '250 2.1.5'

test('every action becomes what access(5) says, and what is none never lets anybody in', async () => {
  // Nothing stands before it: a permission would relay to anywhere.
  const { service, open } = await start(TABLE, (policy) => `${policy}, reject`)
  const session = await open()
  const cases: [action: string, reply: string][] = [
    ['DUNNO', '554 5.7.1'],
    ['dunno with a text', '554 5.7.1'],
    ['OK', OK],
    ['RELAY', OK],
    ['PERMIT', OK],
    // A page of another server may begin so.
    ['ok whatever', '554 5.7.1'],
    ['502 Bad Gateway', '554 5.7.1'],
    ['503 Service Temporarily Unavailable', '554 5.7.1'],
    ['503 5.3.0 no', '503 5.3.0'],
    ['Discard this page', '554 5.7.1'],
    ['Hold on, maintenance', '554 5.7.1'],
    ['OK: fine', '554 5.7.1'],
    ['550', '554 5.7.1'],
    ['1', '554 5.7.1'],
    ['12345', '554 5.7.1'],
    ['550 5.1.1 no such user', '550 5.1.1'],
    ['450 4.2.0 busy', '450 4.2.0'],
    ['REJECT', '554 5.7.1'],
    ['REJECT 5.7.9 go away', '554 5.7.9'],
    ['REJECT 4.7.1 wrong class', '554 5.7.1'],
    ['DEFER 4.7.2 later', '450 4.7.2'],
    ['DEFER_IF_PERMIT later', '554 5.7.1'],
    ['DEFER_IF_REJECT later', '450 4.7.1'],
    ['PREPEND X-Seen: yes', '554 5.7.1'],
    ['WARN look', '554 5.7.1'],
    ['INFO look', '554 5.7.1'],
    ['permit_mynetworks, reject', '554 5.7.1'],
    ['permit_mynetworks, permit', OK],
    ['reject_unauth_destination', '554 5.7.1'],
    ['hash:/etc/passwd', '554 5.7.1'],
    ['check_policy_service unix:private/x', '554 5.7.1'],
    ['ACCEPT', '554 5.7.1'],
    ['250 fine', '554 5.7.1'],
    ['REJECT two\nlines', '554 5.7.1'],
    ['REJECT für immer', '554 5.7.1'],
    [`REJECT ${'x'.repeat(600)}`, '554 5.7.1'],
  ]
  for (const [action, reply] of cases) {
    service.otherwise = { json: action }
    const text = await rcpt(session, RELAY)
    expect([action, text.slice(0, reply.length)]).toEqual([action, reply])
    if (action.startsWith('REJECT x')) expect(text.length).toBeLessThan(512)
  }
})

test('what is no action is refused before it leaves: the mail waits, and smtpd has nothing to complain of', async () => {
  const { service, postfix, open } = await start()
  const session = await open()
  const refused: [name: string, answer: Behaviour][] = [
    ['nothing', { json: '' }],
    ['blanks', { json: '  ' }],
    ['an empty text', { headers: { 'content-type': 'text/plain' }, text: '\n' }],
    ['digits', { json: '12345' }],
    ['a code without a text', { json: '550 ' }],
    ['a code of success', { json: '250 fine' }],
    ['an unknown word', { json: 'ACCEPT' }],
    ['a name with a colon', { json: 'OK: fine' }],
    ['a table', { json: 'hash:/etc/passwd' }],
    ['another service', { json: 'check_policy_service unix:private/x' }],
    ['a table behind a restriction', { json: 'permit_mynetworks, hash:/x' }],
    ['no header to put on top', { json: 'PREPEND nothing' }],
    ['nobody to redirect to', { json: 'REDIRECT nobody' }],
    ['nobody to copy to', { json: 'BCC nobody' }],
    ['no transport', { json: 'FILTER nothing' }],
    ['two lines', { json: 'REJECT two\nlines' }],
    ['a second reply', { json: 'DUNNO\n\naction=OK' }],
    ['a line end of another kind', { json: 'REJECT cr\r' }],
    ['a NUL', { json: 'REJECT nul\u0000' }],
    ['letters beyond ASCII', { json: 'REJECT für immer' }],
    [
      'bytes that are no text',
      { headers: { 'content-type': 'text/plain' }, body: Buffer.from('REJECT \xff', 'latin1') },
    ],
    ['a reply of its own', { headers: { 'content-type': 'text/plain' }, text: 'action=OK\n\n' }],
    ['more than a line has room for', { json: `REJECT ${'x'.repeat(394)}` }],
  ]
  for (const [name, answer] of refused) {
    service.otherwise = answer
    expect([name, (await rcpt(session)).slice(0, 9)]).toEqual([name, LATER])
  }
  // As long as may be, and with blanks around it.
  service.otherwise = { json: `REJECT ${'x'.repeat(393)}` }
  expect(await rcpt(session)).toMatch(/^554 5\.7\.1 .*: x{393}$/)
  service.otherwise = { json: '  reject   trimmed ' }
  expect(await rcpt(session)).toBe(`554 5.7.1 <${OURS}>: Recipient address rejected: trimmed`)
  expect(await postfix.readLog()).not.toMatch(/warning|fatal|panic/)
})

test('actions for the whole message are done, and a discarded one is checked no further', async () => {
  const { service, postfix, open } = await start()
  const session = await open()
  service.otherwise = { json: 'HOLD look at it' }
  expect((await session.send('a@b.example', [OURS], 'held')).message?.code).toBe(250)
  await postfix.waitForLog(/NOQUEUE: hold: RCPT/)
  service.otherwise = { json: 'DISCARD' }
  const before = service.requests.length
  expect((await session.send('a@b.example', [OURS, 'eve@ours.example'], 'gone')).message?.code).toBe(250)
  expect(service.requests.length - before).toBe(1)
  service.otherwise = { json: 'HANGUP' }
  await expect(rcpt(session)).rejects.toThrow()
})

describe('the OK of another server lets nobody in', () => {
  const OTHERS: [name: string, answer: Behaviour][] = [
    ['a text', { text: 'OK' }],
    ['a text with a line end', { text: 'OK\n' }],
    ['JSON', { json: 'OK' }],
    ['the status of a health page', { json: { status: 'OK' } }],
    ['a page', { headers: { 'content-type': 'text/html' }, text: 'OK' }],
  ]
  const cases: [what: string, response: string, own: Behaviour][] = [
    ['names the place of the action', 'action: $.action', { json: { action: 'OK' } }],
    [
      'demands a mark',
      'foundMark: { header: x-policy }',
      { text: 'OK', headers: { 'x-policy': '1', 'content-type': 'text/plain' } },
    ],
  ]
  test.each(cases)('where the table %s', async (_what, response, own) => {
    const { service, open } = await start(`${TABLE}\n    response: { ${response} }`)
    const session = await open()
    for (const [name, answer] of OTHERS) {
      service.otherwise = answer
      expect([name, (await rcpt(session)).slice(0, 9)]).toEqual([name, LATER])
    }
    service.otherwise = own
    expect(await rcpt(session)).toContain(OK)
  })
})

describe('a service that fails', () => {
  const page = { headers: { 'content-type': 'text/html' }, text: '<html><body>OK</body></html>' }
  /** What says by itself that everybody gets it. */
  const failuresOfAll: [name: string, behaviour: Behaviour][] = [
    ['is reset', { act: 'reset' }],
    ['is silent', { act: 'silence' }],
    ['stalls', { act: 'stall-in-body' }],
    ['refuses our credentials', { status: 401 }],
    ['is away', { status: 503 }],
  ]
  /** What may be about one question. */
  const failuresOfOne: [name: string, behaviour: Behaviour][] = [
    ['has no such path', { status: 404, json: { error: 'no rule' } }],
    ['does not take the question', { status: 422 }],
    ['breaks down', { status: 500, text: 'OK' }],
    ['answers by a page', page],
    ['answers nothing in a 200', { status: 200, text: '' }],
    ['answers null', { json: null }],
    ['answers an object', { json: { action: 'OK' } }],
    ['answers two actions', { json: ['OK', 'OK'] }],
    ['answers cut JSON', { headers: { 'content-type': 'application/json' }, text: '"OK' }],
    ['redirects', { status: 302, headers: { location: '/' } }],
  ]
  const failures = [...failuresOfAll, ...failuresOfOne]

  test('lets nobody in, rejects nobody, and is asked once for each recipient', async () => {
    const { service, open } = await start()
    for (const [name, behaviour] of failures) {
      service.otherwise = behaviour
      const session = await open()
      const before = service.requests.length
      expect([name, (await rcpt(session)).slice(0, 9)]).toEqual([name, LATER])
      // The relay is closed all the same.
      expect([name, (await rcpt(session, RELAY)).slice(0, 9)]).toEqual([name, '554 5.7.1'])
      expect([name, service.requests.length - before <= 1]).toEqual([name, true])
      service.otherwise = { status: 204 }
      await expect.poll(() => rcpt(session), { timeout: 5000 }).toContain(OK)
    }
  })

  test('defers while nobody listens, and the first question after it is answered', async () => {
    const { service, open } = await start()
    const session = await open()
    service.otherwise = { status: 204 }
    expect(await rcpt(session)).toContain(OK)
    await service.stop()
    for (let times = 0; times < 5; times++) expect(await rcpt(session)).toContain(LATER)
    await service.start()
    await expect.poll(() => rcpt(session), { timeout: 5000 }).toContain(OK)
  })

  test('is passed by with whenUnknown: DUNNO and no canary where everybody gets the same, and else nobody is let in', async () => {
    const { service, open } = await start(`${TABLE}\n    whenUnknown: DUNNO`)
    const session = await open()
    for (const [name, behaviour] of failures) {
      service.otherwise = behaviour
      const reply = failuresOfAll.some(([one]) => one === name) ? OK : LATER
      expect([name, (await rcpt(session)).slice(0, 9)]).toEqual([name, reply])
    }
  })

  test('that answers, but no action, is no outage: mail waits, also with whenUnknown: DUNNO', async () => {
    const { service, open } = await start(`${TABLE}\n    whenUnknown: DUNNO`)
    const session = await open()
    // A service that repeats a sender outside ASCII: he must not get past it by that.
    for (const json of ['ACCEPT', 'REJECT sender jürgen@b.example']) {
      service.otherwise = { json }
      expect((await rcpt(session)).slice(0, 9)).toBe(LATER)
    }
  })
})

test('a message of five recipients is one question by cacheBy: [instance], and the next message another', async () => {
  const { service, open } = await start(`${TABLE}\n    cacheBy: [instance]`)
  service.otherwise = { json: { action: 'prepend', text: 'X-Seen: yes' } }
  service.otherwise = { json: 'PREPEND X-Seen: yes' }
  const session = await open()
  const to = ['a', 'b', 'c', 'd', 'e'].map((user) => `${user}@ours.example`)
  for (let message = 1; message <= 2; message++) {
    const { recipients } = await session.send('a@b.example', to, 'one question')
    expect(recipients.map(({ code }) => code)).toEqual([250, 250, 250, 250, 250])
    expect(service.requests).toHaveLength(message)
  }
  // At VRFY there is no instance: what is said of one is not said of the next.
  service.otherwise = ({ body }) =>
    JSON.parse(body).recipient === 'eve@ours.example' ? { json: 'REJECT no' } : { status: 204 }
  const verify = async (user: string) => (await session.command(`VRFY <${user}@ours.example>`)).code
  expect([await verify('eve'), await verify('bob'), await verify('eve')]).toEqual([554, 252, 554])
  expect(service.requests.slice(2).map(({ body }) => JSON.parse(body).instance)).toEqual(['', '', ''])
})

test('the service is told what smtpd says, a null sender and an extension as they are', async () => {
  const { service, open } = await start()
  service.otherwise = { status: 204 }
  const session = await open()
  await rcpt(session, 'Bob+Ext@ours.example', '')
  expect(JSON.parse(service.requests[0]?.body ?? '')).toMatchObject({
    request: 'smtpd_access_policy',
    protocol_state: 'RCPT',
    sender: '',
    recipient: 'Bob+Ext@ours.example',
    client_address: '127.0.0.1',
    helo_name: 'client.example',
    instance: expect.stringMatching(/^[0-9a-f.]+$/),
  })
})

test('replies are counted by what they do, and shown with their rates', async () => {
  const { service, gateway, open } = await start()
  const session = await open()
  for (const [answer, times] of [
    [{ json: 'REJECT no' }, 2],
    [{ status: 204 }, 1],
    [{ status: 500 }, 1],
  ] as const) {
    service.otherwise = answer
    for (let n = 0; n < times; n++) await rcpt(session)
  }
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  for (const line of ['reply="reject"} 2', 'reply="dunno"} 1', 'reply="unknown"} 1'])
    expect(text).toContain(`mapgate_replies_total{protocol="policy",table="greylist",${line}\n`)
})

test('what main-cf prints works as it stands, and mapgate query asks the same', async () => {
  const { service, port } = await start()
  service.otherwise = { json: 'REJECT not today' }
  const config = await parseConfig(
    `listeners: [{ protocol: policy, listen: "inet:127.0.0.1:${port}", table: greylist }]
upstreams: { d: { endpoints: ["http://127.0.0.1:1"] } }
tables: { greylist: { upstream: d, request: { method: POST, path: /policy, json: "{attributes}" } } }`,
    'c.yaml',
  )
  const printed = mainCf(config)
  const value = /^smtpd_recipient_restrictions = (.*)$/m.exec(printed)?.[1] ?? ''
  expect(value).toBe(
    `reject_unauth_destination, check_policy_service { inet:127.0.0.1:${port}, timeout=10s }`,
  )
  const postfix = await startPostfix(
    { onTestFinished },
    { mynetworks: '', relay_domains: 'ours.example', smtpd_recipient_restrictions: value },
  )
  const session = await openSmtpSession({ onTestFinished }, postfix.smtpPort)
  expect(await rcpt(session)).toContain('554 5.7.1 <bob@ours.example>: Recipient address rejected: not today')

  const io = recordIo()
  const words = ['sender=a@b.example', `recipient=${OURS}`]
  expect(await query(`policy:inet:127.0.0.1:${port}`, words, {}, io)).toBe(0)
  expect(io.out()).toBe('REJECT not today\n')
  expect(JSON.parse(service.requests.at(-1)?.body ?? '')).toMatchObject({
    sender: 'a@b.example',
    recipient: OURS,
  })
})
