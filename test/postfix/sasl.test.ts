/**
 * The sasl protocol with a real smtpd(8): row by row what an answer of the service becomes, that no outage lets anybody in
 * or tells anybody that the password is wrong, a hundred sessions over STARTTLS, and that no password is left anywhere.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../support/gateway/gateway.ts'
import type { Behaviour } from '../support/http/http-service.ts'
import { makeKey } from '../support/http/token-issuer.ts'
import { postfixMissing, requirePostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession, type SmtpSession } from '../support/postfix/smtp-session.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import {
  base64,
  bearer,
  plain,
  RIGHT,
  type SaslParts,
  SECRET,
  startSasl,
  WRONG,
  xoauth2,
} from './sasl-set-up.ts'

const cleanup = suiteCleanup()
let parts: SaslParts
let service: SaslParts['service']
let gateway: SaslParts['gateway']
let postfix: SaslParts['postfix']
let issuer: SaslParts['issuer']
let yaml: string

beforeEach((context) => requirePostfix(context))

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  parts = await startSasl(cleanup)
  ;({ service, gateway, postfix, issuer, yaml } = parts)
})

beforeEach(() => {
  if (postfixMissing() === undefined) service.otherwise = judge
})

const judge: Behaviour = ({ body }) => {
  const { user, password, token } = JSON.parse(body)
  if (password === RIGHT || token === RIGHT) return { json: { result: 'ok', user } }
  return { status: 401, json: { result: 'wrong' } }
}

const open = () => openSmtpSession({ onTestFinished }, postfix.smtpPort)

const login = (session: SmtpSession, password = RIGHT) =>
  session.login('PLAIN', plain('bob@a.example', password))

describe('a login', () => {
  const cases: [mechanism: string, messages: (secret: string) => string[]][] = [
    ['PLAIN', (secret) => [plain('bob@a.example', secret)]],
    ['LOGIN', (secret) => ['bob@a.example', secret]],
    ['XOAUTH2', (secret) => [xoauth2('bob@a.example', secret), '']],
    ['OAUTHBEARER', (secret) => [bearer('bob@a.example', secret), '\x01']],
  ]
  for (const [mechanism, messages] of cases) {
    test(`by ${mechanism} is right or wrong as the service says`, async () => {
      const session = await open()
      expect((await session.login(mechanism, ...messages(WRONG))).text).toBe(
        '535 5.7.8 Error: authentication failed: Wrong user name, password or token',
      )
      expect((await session.login(mechanism, ...messages(RIGHT))).text).toBe(
        '235 2.7.0 Authentication successful',
      )
      expect((await session.command('MAIL FROM:<bob@a.example>')).code).toBe(250)
      expect((await session.command('RCPT TO:<x@elsewhere.example>')).code).toBe(250)
    })
  }

  test('without an initial response is asked for it', async () => {
    const session = await open()
    expect((await session.command('AUTH PLAIN')).text).toBe('334 ')
    const message = base64(plain('bob@a.example', RIGHT))
    expect((await session.command(message)).code).toBe(235)
  })

  test('that is given up is forgotten, and the next one is served', async () => {
    const session = await open()
    expect((await session.command('AUTH LOGIN')).text).toBe('334 VXNlcm5hbWU6')
    expect((await session.command('*')).code).toBe(501)
    expect((await login(session)).code).toBe(235)
  })

  test('tells the service who asks from where, and no secret among what may be shown', async () => {
    service.requests.length = 0
    await login(await open())
    expect(service.requests.map(({ body }) => JSON.parse(body))).toEqual([
      {
        user: 'bob@a.example',
        password: RIGHT,
        token: '',
        all: {
          user: 'bob@a.example',
          mechanism: 'PLAIN',
          service: 'smtp',
          client_address: '127.0.0.1',
          server_address: '127.0.0.1',
          secured: '',
        },
      },
    ])
  })

  test('has the name that the service gives, whatever was typed', async () => {
    service.otherwise = { json: { result: 'ok', user: 'robert@a.example' } }
    const session = await open()
    expect((await login(session)).code).toBe(235)
    await session.command('MAIL FROM:<bob@a.example>')
    await session.command('RCPT TO:<x@elsewhere.example>')
    await postfix.waitForLog(/sasl_method=PLAIN, sasl_username=robert@a\.example/)
  })

  test('that names no user, acts for another, or has no password is refused, and nobody is asked', async () => {
    const session = await open()
    service.requests.length = 0
    for (const message of ['x', '\0\0', plain('', RIGHT), plain('bob', ''), `eve\0bob\0${RIGHT}`])
      expect([message, (await session.login('PLAIN', message)).code]).toEqual([message, 535])
    expect(service.requests).toEqual([])
  })

  test('by a token that is too long for the command comes as an answer of its own', async () => {
    const token = RIGHT + 'x'.repeat(8000)
    service.otherwise = ({ body }) =>
      JSON.parse(body).token === token ? { json: { result: 'ok', user: 'bob' } } : { status: 500 }
    const session = await open()
    await session.command('AUTH XOAUTH2')
    const message = base64(xoauth2('bob', token))
    expect((await session.command(message)).code).toBe(235)
  })
})

describe('an answer', () => {
  const page = { headers: { 'content-type': 'text/html' }, text: '<html><body>OK</body></html>' }
  const ok = (user: unknown) => ({ json: { result: 'ok', user } })
  const cases: [name: string, behaviour: Behaviour, code: number][] = [
    ['is a name with its mark', ok('bob'), 235],
    ['is a refusal with its mark', { status: 401, json: { result: 'wrong' } }, 535],
    ['is such a refusal in a 200', { json: { result: 'wrong', user: 'bob' } }, 535],
    ['is reset', { act: 'reset' }, 454],
    ['does not come', { act: 'silence' }, 454],
    ['stalls', { act: 'stall-in-body' }, 454],
    ['is a 404', { status: 404, json: { result: 'wrong' } }, 454],
    ['is a 204', { status: 204 }, 454],
    ['refuses our credentials', { status: 401, json: { error: 'bad key' } }, 454],
    ['is a bare 401', { status: 401 }, 454],
    ['is a 403', { status: 403, json: { result: 'wrong' } }, 454],
    ['is a 500', { status: 500, json: { result: 'ok', user: 'bob' } }, 454],
    ['is a 503', { status: 503 }, 454],
    ['is a 429', { status: 429 }, 454],
    ['is a page', page, 454],
    ['is a page with 401', { ...page, status: 401 }, 454],
    ['is empty', { status: 200, text: '' }, 454],
    ['is null', { json: null }, 454],
    ['is cut', { headers: { 'content-type': 'application/json' }, text: '{"result":"ok","user":"b' }, 454],
    ['redirects', { status: 302, headers: { location: '/' } }, 454],
    ['has no mark', { json: { user: 'bob' } }, 454],
    ['has another mark', { json: { result: 'denied', user: 'bob' } }, 454],
    ['has no name', { json: { result: 'ok' } }, 454],
    ['has an empty name', ok(''), 454],
    ['has a blank name', ok(' '), 454],
    ['has two names', ok(['bob', 'eve']), 454],
    ['has a name with a TAB', ok('bob\tuser=root'), 454],
    ['has a name with a line end', ok('bob\nOK'), 454],
    ['has a name with a NUL', ok('bob\0'), 454],
    ['has a name of 256 bytes', ok('b'.repeat(256)), 454],
  ]

  test('lets in, refuses, or says "try again later", is asked for once, and the next login is answered', async () => {
    for (const [name, behaviour, code] of cases) {
      const session = await open()
      service.otherwise = behaviour
      const before = service.requests.length
      expect([name, (await login(session)).code]).toEqual([name, code])
      expect([name, service.requests.length - before]).toEqual([name, 1])
      if (code !== 454) continue
      service.otherwise = judge
      expect([name, (await login(session)).code]).toEqual([name, 235])
    }
  })

  test('is 454 while nobody listens, the handshake comes all the same, and recovery is at once', async () => {
    await service.stop()
    const session = await open()
    for (const [mechanism, ...messages] of [
      ['PLAIN', plain('bob', RIGHT)],
      ['LOGIN', 'bob', WRONG],
      ['XOAUTH2', xoauth2('bob', RIGHT)],
    ] as const)
      expect((await session.login(mechanism, ...messages)).text).toBe(
        '454 4.7.0 Temporary authentication failure: Connection lost to authentication server',
      )
    expect((await session.command('MAIL FROM:<>')).code).toBe(250)
    await service.start()
    await session.command('RSET')
    expect((await login(session)).code).toBe(235)
  })
})

describe('a token that is checked by the keys of its issuer', () => {
  const byToken = async (token: string) => {
    const session = await openSmtpSession({ onTestFinished }, parts.tokenPort)
    return { session, reply: await session.login('XOAUTH2', xoauth2('eve@a.example', token), '') }
  }
  const CASES: [name: string, token: () => Promise<string>, text: string][] = [
    ['is good', () => issuer.token(), '235 2.7.0 Authentication successful'],
    [
      'is over',
      () => issuer.token({ exp: 1 }),
      '535 5.7.8 Error: authentication failed: Wrong user name, password or token',
    ],
    [
      'has no name',
      () => issuer.token({ email: undefined }),
      '454 4.7.0 Temporary authentication failure: Connection lost to authentication server',
    ],
  ]

  for (const [name, token, text] of CASES)
    test(`and ${name} is ${text.slice(0, 3)}`, async () => {
      expect((await byToken(await token())).reply.text).toBe(text)
    })

  test('logs in whom the token names, and not whom the client types', async () => {
    const { session } = await byToken(await issuer.token({ email: 'robert@b.example' }))
    await session.command('MAIL FROM:<bob@a.example>')
    await session.command('RCPT TO:<x@elsewhere.example>')
    await postfix.waitForLog(/sasl_method=XOAUTH2, sasl_username=robert@b\.example/)
  })

  test('is checked while the issuer is away; of a new key nobody knows then', async () => {
    await issuer.service.stop()
    expect((await byToken(await issuer.token())).reply.code).toBe(235)
    const strange = await issuer.token({}, { key: await makeKey('new') })
    expect((await byToken(strange)).reply.code).toBe(454)
    await issuer.service.start()
  })
})

describe('nodemailer, over STARTTLS', () => {
  const cases: [name: string, auth: (secret: string) => object][] = [
    ['PLAIN', (pass) => ({ authMethod: 'PLAIN', auth: { user: 'bob@a.example', pass } })],
    ['LOGIN', (pass) => ({ authMethod: 'LOGIN', auth: { user: 'bob@a.example', pass } })],
    ['XOAUTH2', (accessToken) => ({ auth: { type: 'OAuth2', user: 'bob@a.example', accessToken } })],
  ]
  for (const [name, auth] of cases) {
    test(`logs in by ${name}, and tells a wrong secret from an outage`, async () => {
      const verify = async (secret: string) => {
        const transport = createTransport({
          host: '127.0.0.1',
          port: parts.submissionPort,
          requireTLS: true,
          tls: { rejectUnauthorized: false },
          ...auth(secret),
        })
        return transport
          .verify()
          .then(
            () => 235,
            (error: { responseCode?: number }) => error.responseCode,
          )
          .finally(() => transport.close())
      }
      expect(await verify(RIGHT)).toBe(235)
      expect(await verify(WRONG)).toBe(535)
      service.otherwise = { status: 503 }
      expect(await verify(RIGHT)).toBe(454)
    })
  }
})

test('a login that its client gives up while the service is asked is asked once, and the next is answered', async () => {
  let answer = (): void => {}
  const after = new Promise<void>((resolve) => {
    answer = resolve
  })
  service.requests.length = 0
  service.otherwise = { json: { result: 'ok', user: 'bob' }, after }
  const socket = connect(join(postfix.queueDirectory, 'auth'))
  socket.write(`VERSION\t1\t0\nCPID\t1\nAUTH\t1\tPLAIN\tresp=${base64(plain('bob', RIGHT))}\n`)
  await expect.poll(() => service.requests.length).toBe(1)
  socket.destroy()
  answer()
  service.otherwise = judge
  expect((await login(await open())).code).toBe(235)
  expect(service.requests).toHaveLength(2)
})

test('a hundred sessions over STARTTLS get the right codes, also while mapgate is started anew', async () => {
  // A hundred processes at once may have to wait for the processor.
  yaml = yaml.replace('timeout: 500ms', 'timeout: 4s').replace('deadline: 1s', 'deadline: 5s')
  gateway.write(yaml)
  await gateway.gateway.reload()
  const sessions = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const session = await openSmtpSession(cleanup, parts.submissionPort)
      await session.startTls()
      return { n, session, user: `user${n}@a.example` }
    }),
  )
  const tries = async (password: string, code: number) => {
    const codes = await Promise.all(
      sessions.map(async ({ n, session, user }) => {
        if (n % 7 === 0) {
          await session.command('AUTH LOGIN')
          await session.command(n % 2 === 0 ? '*' : 'not base64!')
        }
        if (n % 3 === 0) return (await session.login('PLAIN', plain(user, password))).code
        if (n % 3 === 1) return (await session.login('LOGIN', user, password)).code
        return (await session.login('XOAUTH2', xoauth2(user, password), '')).code
      }),
    )
    expect(codes).toEqual(Array(100).fill(code))
  }
  await tries(WRONG, 535)
  const { folder } = gateway
  await gateway.gateway.stop()
  gateway = await startGateway(cleanup, yaml, { folder })
  await tries(WRONG, 535)
  await tries(RIGHT, 235)
  expect(await postfix.readLog()).not.toMatch(/fatal|panic|warning: process/)
})

test('no password and no token is in what the program wrote or answers, nor in the mail log', async () => {
  const session = await open()
  expect((await login(session)).code).toBe(235)
  expect((await login(await open(), WRONG)).code).toBe(535)
  service.otherwise = ({ body }) => ({ status: 500, text: body })
  expect((await login(await open())).code).toBe(454)
  expect((await (await open()).login('XOAUTH2', xoauth2('bob', RIGHT))).code).toBe(454)
  const token = await issuer.token()
  const byToken = await openSmtpSession({ onTestFinished }, parts.tokenPort)
  expect((await byToken.login('XOAUTH2', xoauth2('eve', token), '')).code).toBe(235)
  const pages = ['/metrics', '/api/v1/status', '/api/v1/problems', '/api/v1/config', '/api/v1/history']
  const answers = await Promise.all(
    pages.map(async (page) => (await fetch(`${gateway.adminUrl}${page}`)).text()),
  )
  expect(answers[0]).toMatch(/mapgate_replies_total\{protocol="sasl",table="accounts",reply="ok"\} [1-9]/)
  const files = readdirSync(gateway.folder, { recursive: true, encoding: 'utf8' })
  const written = files.map((file) => readFileSync(join(gateway.folder, file), 'utf8'))
  expect(written.join()).toContain('"protocol":"sasl"')
  const all = [...answers, ...written, await postfix.readLog()].join('\n')
  // As it is, and in base64 at each of its three offsets.
  const forms = [0, 1, 2].map((offset) =>
    Buffer.from('x'.repeat(offset) + SECRET)
      .toString('base64')
      .slice(offset === 0 ? 0 : offset + 1, -4),
  )
  for (const form of [
    SECRET,
    encodeURIComponent(SECRET),
    Buffer.from(SECRET).toString('hex'),
    ...forms,
    ...token.split('.'),
  ])
    expect(all).not.toContain(form)
})

test('smtpd ends where it may take no mechanism that mapgate has', async () => {
  const socket = connect({ host: '127.0.0.1', port: parts.strictPort })
  onTestFinished(() => void socket.destroy())
  await postfix.waitForLog(/fatal: no SASL authentication mechanisms/)
})
