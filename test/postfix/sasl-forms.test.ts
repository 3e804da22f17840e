/**
 * A service that answers as nginx's auth_http does, and one that introspects tokens, with a real smtpd(8): neither a page
 * nor an outage lets anybody in or tells anybody that the password is wrong.
 */
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway/gateway.ts'
import { type Behaviour, type HttpService, startHttpService } from '../support/http/http-service.ts'
import { writePostfixFiles } from '../support/postfix/files.ts'
import { postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { freePort } from '../support/programs/free-port.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { bearer, plain, xoauth2 } from './sasl-set-up.ts'

const cleanup = suiteCleanup()
let service: HttpService
let gateway: TestGateway
let config = ''
let proxyPort = 0
let tokenPort = 0

beforeEach((context) => requirePostfix(context))

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  service = await startHttpService(cleanup)
  const files = await writePostfixFiles(cleanup)
  const listener = (table: string) =>
    `{ protocol: sasl, listen: "unix:${files.queueDirectory}/${table}", mode: "0666", table: ${table}, mechanisms: [PLAIN, XOAUTH2, OAUTHBEARER], failDelay: 0ms }`
  config = `
listeners:
  - ${listener('proxy')}
  - ${listener('tokens').replace('PLAIN, ', '')}
upstreams: { d: { endpoints: ["${service.origin}"], timeout: 500ms } }
tables:
  proxy: { upstream: d, deadline: 1s, request: { path: /auth, form: auth_http } }
  tokens:
    upstream: d
    deadline: 1s
    request: { method: POST, path: /introspect, form: { token: "{attribute.token}" } }
    response:
      user: $.username
      foundMark: { jsonPath: "$[?$.active==true && ($.aud=='mail' || $.aud[?@=='mail'])]" }
      refused: [200]
      refusedMark: { jsonPath: "$[?$.active==false]" }
`
  gateway = await startGateway(cleanup, config)
  proxyPort = await freePort()
  tokenPort = await freePort()
  const smtpd = (port: number, path: string) =>
    `127.0.0.1:${port} inet n - n - - smtpd -o smtpd_sasl_path=${path}`
  await startPostfix(
    cleanup,
    {
      smtpd_sasl_type: 'dovecot',
      smtpd_sasl_path: 'proxy',
      smtpd_sasl_security_options: 'noanonymous',
      smtpd_sasl_auth_enable: 'yes',
    },
    { files, services: [smtpd(proxyPort, 'proxy'), smtpd(tokenPort, 'tokens')] },
  )
}, 60_000)

const page = { headers: { 'content-type': 'text/html' }, text: '<html><body>OK</body></html>' }

/** What answers in the place of the service, or in its own trouble. */
const UNKNOWN: [name: string, behaviour: Behaviour][] = [
  ['is a page', page],
  ['is a page with 401', { ...page, status: 401 }],
  ['is the text OK', { text: 'OK' }],
  ['is the JSON "OK"', { json: 'OK' }],
  ['is empty', { status: 200, text: '' }],
  ['is a 204', { status: 204 }],
  ['is a bare 401', { status: 401 }],
  ['is a 404', { status: 404 }],
  ['is a 500', { status: 500, headers: { 'auth-status': 'OK' }, json: { active: true, aud: 'mail' } }],
  ['does not come', { act: 'silence' }],
  ['is reset', { act: 'reset' }],
]

interface Form {
  readonly what: string
  readonly port: () => number
  /** Mechanism and messages. */
  readonly logins: readonly (readonly [string, ...string[]])[]
  readonly right: Behaviour
  readonly wrong: Behaviour
  /** Beside those of both. */
  readonly unknown: typeof UNKNOWN
}

const FORMS: readonly Form[] = [
  {
    what: 'a service that speaks auth_http',
    port: () => proxyPort,
    logins: [
      ['PLAIN', plain('bob', 'right')],
      ['XOAUTH2', xoauth2('bob', 'right'), ''],
    ],
    right: { headers: { 'auth-status': 'OK' } },
    wrong: { headers: { 'auth-status': 'Invalid login or password' } },
    unknown: [
      ['is an Auth-Status that is empty', { headers: { 'auth-status': '' } }],
      ['says try again', { headers: { 'auth-status': 'busy', 'auth-error-code': '451' } }],
    ],
  },
  {
    what: 'a service that introspects tokens',
    port: () => tokenPort,
    logins: [
      ['XOAUTH2', xoauth2('bob', 'right'), ''],
      ['OAUTHBEARER', bearer('bob', 'right'), '\x01'],
    ],
    right: { json: { active: true, aud: ['wiki', 'mail'], username: 'bob' } },
    wrong: { json: { active: false } },
    unknown: [
      ['is of another program', { json: { active: true, aud: 'wiki', username: 'bob' } }],
      ['names nobody', { json: { active: true, aud: 'mail' } }],
    ],
  },
]

describe.each(FORMS)('$what', ({ port, logins, right, wrong, unknown }) => {
  test.each(logins)('lets in and refuses by %s', async (mechanism, ...messages) => {
    const session = await openSmtpSession({ onTestFinished }, port())
    service.otherwise = wrong
    expect((await session.login(mechanism, ...messages)).code).toBe(535)
    service.otherwise = right
    expect((await session.login(mechanism, ...messages)).code).toBe(235)
  })

  test('does neither by an answer that is not its own, and the next login is answered', async () => {
    const [[mechanism, ...messages] = ['PLAIN']] = logins
    for (const [name, behaviour] of [...UNKNOWN, ...unknown]) {
      const session = await openSmtpSession({ onTestFinished }, port())
      service.otherwise = behaviour
      expect([name, (await session.login(mechanism, ...messages)).code]).toEqual([name, 454])
      service.otherwise = right
      expect([name, (await session.login(mechanism, ...messages)).code]).toEqual([name, 235])
    }
  })
})

test('a login that is under way when mapgate is started anew is answered, asked once, and so is the next', async () => {
  let release = (): void => {}
  const after = new Promise<void>((resolve) => {
    release = resolve
  })
  const right = { headers: { 'auth-status': 'OK' } }
  const session = await openSmtpSession({ onTestFinished }, proxyPort)
  service.requests.length = 0
  service.otherwise = { ...right, after }
  const reply = session.login('PLAIN', plain('bob', 'right'))
  await service.received(1)
  const stopped = gateway.gateway.stop()
  release()
  expect((await reply).code).toBe(235)
  await stopped
  gateway = await startGateway(cleanup, config)
  service.otherwise = right
  const next = await openSmtpSession({ onTestFinished }, proxyPort)
  expect((await next.login('PLAIN', plain('bob', 'right'))).code).toBe(235)
  expect(service.requests).toHaveLength(2)
})
