/**
 * docs/postfix/inbound-server.md as it stands: its mapgate.yaml and its main.cf with a real Postfix, before an outage of the service and in it.
 */
import { chmod } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { codeBlocks, configurations } from '../../docs/markdown.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { authPlain } from '../../support/postfix/dovecot-auth.ts'
import type { MainCf } from '../../support/postfix/files.ts'
import { type LmtpSink, startLmtpSink } from '../../support/postfix/lmtp-sink.ts'
import { type Postfix, requirePostfix, startPostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession } from '../../support/postfix/smtp-session.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import { ShiftedClock } from '../shifted-clock.ts'
import type { Entries } from './directory.ts'
import { ENTRIES } from './larger-walk.ts'
import { count, send } from './setup.ts'

const PAGE = 'docs/postfix/inbound-server.md'
const FIELDS: Readonly<Record<string, string>> = {
  domains: 'name',
  'alias-domains': 'name',
  mailboxes: 'mailbox',
  aliases: 'goto',
  'sender-access': 'action',
  'sender-logins': 'logins',
}
/** What the service knows besides: the canaries. */
const CANARIES: Entries = {
  'alias-domains': { 'example.org': 'example.org' },
  mailboxes: { 'postmaster@example.com': 'postmaster/' },
  aliases: { 'postmaster@example.com': 'postmaster@example.com' },
  'sender-access': { 'canary@example.com': 'REJECT' },
  'sender-logins': { 'postmaster@example.com': 'postmaster@example.com' },
}

const LOGIN_CANARY = 'login-canary@example.com'

/** The routes of the page. */
function serve(service: HttpService): void {
  service.otherwise = ({ url, body }) => {
    if (url === '/v1/login') {
      const { user, password } = JSON.parse(body) as { readonly user: string; readonly password: string }
      return password === (user === LOGIN_CANARY ? 'of-the-canary' : 'password')
        ? { json: { result: 'ok', user } }
        : { status: 401, json: { result: 'wrong_password' } }
    }
    const [, , table = '', key = ''] = url.split('/')
    const known = decodeURIComponent(key)
    const value = ENTRIES[table]?.[known] ?? CANARIES[table]?.[known]
    return value === undefined ? { status: 404 } : { json: { [FIELDS[table] ?? '']: value } }
  }
}

/** The main.cf of the page, parameter by parameter. */
function mainCfOfPage(): MainCf {
  const text = codeBlocks(PAGE).find(({ mark }) => mark === 'main.cf')?.text ?? ''
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => line.split(/ ?= ?/, 2) as [string, string]))
}

interface Server {
  readonly service: HttpService
  readonly sink: LmtpSink
  readonly postfix: Postfix
  readonly clock: ShiftedClock
}

async function start(t: Cleanup): Promise<Server> {
  const service = await startHttpService(t)
  serve(service)
  const sink = await startLmtpSink(t)
  const clock = new ShiftedClock()
  const folder = testDirectory()
  // smtpd(8) runs as postfix.
  await chmod(folder, 0o755)
  const [block] = configurations(PAGE)
  const yaml = (block?.text ?? '')
    .replace('https://directory.example.com', service.origin)
    .replaceAll(/\$\{(?:file|credential):[^}]*\}/g, 'token-of-the-tests')
    .replace('inet:127.0.0.1:8464', 'inet:127.0.0.1:0')
    .replace('inet:127.0.0.1:8466', 'inet:127.0.0.1:0')
    .replace('unix:/var/spool/postfix/mapgate/auth', `unix:${folder}/auth`)
    .replace(', group: postfix', ', mode: "0666"')
    .replace('/var/lib/mapgate/cache', `${folder}/cache`)
  const gateway = await startGateway(t, yaml, { clock, folder })
  const { port } = gateway.address('socketmap')
  const written = Object.entries(mainCfOfPage()).map(([name, value]) => [
    name,
    value.replaceAll('127.0.0.1:8464', `127.0.0.1:${port}`),
  ])
  const backend = `lmtp:inet:127.0.0.1:${sink.port}`
  const postfix = await startPostfix(t, {
    ...Object.fromEntries(written),
    virtual_transport: backend,
    default_transport: backend,
    smtpd_sasl_path: `unix:${folder}/auth`,
    // The page has it in master.cf for submission; the test has one port, and no certificate.
    smtpd_sasl_auth_enable: 'yes',
    smtpd_tls_auth_only: 'no',
    smtpd_tls_security_level: 'none',
    smtpd_tls_cert_file: '',
    smtpd_tls_key_file: '',
    smtp_tls_security_level: 'none',
  })
  return { service, sink, postfix, clock }
}

/** Accepted, and to whom it was delivered. */
async function flows(t: Cleanup, { postfix, sink }: Server, to: string, when: string, n: number) {
  const subject = `${when}, ${to}`
  const sent = await send(t, postfix, [to], subject)
  return sent.message?.code === 250 ? await sink.recipientsOf(subject, n) : []
}

async function login(t: Cleanup, { postfix }: Server, user: string, password = 'password') {
  const session = await openSmtpSession(t, postfix.smtpPort)
  const command = authPlain(user).replace(
    Buffer.from(`\0${user}\0password`).toString('base64'),
    Buffer.from(`\0${user}\0${password}`).toString('base64'),
  )
  return { session, code: (await session.command(command)).code }
}

describe('the whole mail server of the page', () => {
  beforeEach((context) => requirePostfix(context))

  test('delivers, refuses and lets users in; and in an outage mail flows and waits as the page says', async (t) => {
    const server = await start(t)
    const { service, postfix, clock, sink } = server
    const walk = async (when: string) => ({
      mailbox: await flows(t, server, 'ann@example.com', when, 1),
      alias: await flows(t, server, 'team@example.com', when, 2),
      extension: await flows(t, server, 'ann+news@example.com', when, 1),
      'alias domain': await flows(t, server, 'x@example.org', when, 1),
    })
    const all = {
      mailbox: ['ann@example.com'],
      alias: ['ann@example.com', 'bob@example.com'],
      extension: ['ann+news@example.com'],
      'alias domain': ['ann@example.com'],
    }
    const denied = async () =>
      (await send(t, postfix, ['ann@example.com'], 'denied', 'bad@elsewhere.example')).recipients[0]?.code
    expect(await walk('before')).toEqual(all)
    expect(count(await send(t, postfix, ['nobody@example.com'], 'unknown'), 550)).toBe(1)
    expect(count(await send(t, postfix, ['z@elsewhere.example'], 'relayed'), 554)).toBe(1)
    expect(await denied()).toBe(554)
    expect((await login(t, server, 'ann@example.com', 'wrong')).code).toBe(535)
    const ann = await login(t, server, 'ann@example.com')
    expect(ann.code).toBe(235)
    await ann.session.send('ann@example.com', ['z@elsewhere.example'], 'submitted')
    expect(await sink.recipientsOf('submitted', 1)).toEqual(['z@elsewhere.example'])
    expect(
      (await ann.session.send('bob@example.com', ['z@elsewhere.example'], 'forged')).recipients[0]?.code,
    ).toBe(553)

    await service.stop()
    clock.jump(75_000)
    expect(await walk('in the outage')).toEqual(all)
    expect(count(await send(t, postfix, ['nobody@example.com'], 'unknown'), 451)).toBe(1)
    expect(await denied()).toBe(554)
    expect((await login(t, server, 'ann@example.com')).code).toBe(454)
    await ann.session.send('ann@example.com', ['z@elsewhere.example'], 'submitted in the outage')
    expect(await sink.recipientsOf('submitted in the outage', 1)).toEqual(['z@elsewhere.example'])
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })
})
