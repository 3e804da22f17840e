/**
 * The lines on the left of docs/troubleshooting.md are what a real Postfix logs: each situation is
 * made, and the real line held against the page.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import { type HttpService, startHttpService } from '../support/http/http-service.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { postmapQuery } from '../support/postfix/postmap.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { freePort } from '../support/programs/free-port.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { readDocument } from './markdown.ts'

const KEY = 'someone@a.example'
/** The first column of the table, with what varies as a pattern. */
const symptoms = Array.from(
  readDocument('docs/troubleshooting.md').matchAll(/^\| `([^|]+)` \|/gm),
  ([, text = '']) => text,
)

/** The page writes TABLE, REASON and ADDRESS for what varies, `...` for the rest of a line, and one port for all. */
function pattern(symptom: string): RegExp {
  const text = symptom
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\\\.\\\.\\\.|TABLE|REASON|ADDRESS/g, '.+')
    .replace(/127\\\.0\\\.0\\\.1:\d+/, '127\\.0\\.0\\.1:\\d+')
  return new RegExp(text)
}

const cleanup = suiteCleanup()
let service: HttpService
let postfix: Postfix
let address = ''
let tcpPort = ''
let deadPort = 0

beforeAll(async () => {
  if (postfixMissing() !== undefined) return
  service = await startHttpService(cleanup)
  service.otherwise = ({ url }) => {
    if (url.startsWith('/down')) return { status: 503 }
    if (url.startsWith('/refused')) return { status: 400 }
    return url.startsWith('/domains/a.example') ? { json: 'ours' } : { status: 404 }
  }
  const table = (name: string) => ({ upstream: 'service', request: { path: `/${name}/{key}` }, cache: 'off' })
  const config = {
    listeners: [
      { protocol: 'socketmap', listen: 'inet:127.0.0.1:0' },
      { protocol: 'tcp_table', listen: 'inet:127.0.0.1:0', table: 'down' },
    ],
    upstreams: { service: { endpoints: [service.origin], attempts: 1, circuitBreaker: { failures: 1000 } } },
    tables: {
      down: table('down'),
      refused: table('refused'),
      users: table('users'),
      domains: table('domains'),
    },
    log: { level: 'silent' },
  }
  const gateway = await Gateway.start({
    load: () => parseConfig(JSON.stringify(config), 'symptoms.yaml'),
    version: 'test',
  })
  cleanup.onTestFinished(() => gateway.stop())
  const [socketmap, tcp] = gateway.status().listeners
  address = `socketmap:${socketmap?.bound}`
  tcpPort = `tcp:${tcp?.bound.replace('inet:', '')}`
  deadPort = await freePort()
  postfix = await startPostfix(cleanup, {
    virtual_mailbox_domains: `${address}:domains`,
    virtual_mailbox_maps: `${address}:users`,
    virtual_alias_maps: `${address}:users`,
    smtpd_recipient_restrictions: `check_sender_access ${address}:refused, reject_unauth_destination`,
  })
})

beforeEach((context) => requirePostfix(context))

/** What postmap says about a table; the daemons log the same lines. */
async function warnings(table: string): Promise<string> {
  const { stderr } = await postmapQuery(postfix, table, KEY)
  return stderr
}

describe('the page has the line that Postfix logs', () => {
  const expectOnPage = (log: string, beginsWith: string) => {
    const row = symptoms.find((symptom) => symptom.startsWith(beginsWith))
    expect(row, `a row that begins with ${beginsWith}`).toBeDefined()
    expect(log).toMatch(pattern(row ?? ''))
  }

  test('for a service that is down', async () => {
    expectOnPage(await warnings(`${address}:down`), 'warning: TABLE socketmap server temporary error')
  })

  test('for a table that is not configured', async () => {
    expectOnPage(
      await warnings(`${address}:nosuch`),
      'warning: TABLE socketmap server permanent error: no such table',
    )
  })

  test('for a service that refuses the request', async () => {
    expectOnPage(
      await warnings(`${address}:refused`),
      'warning: TABLE socketmap server permanent error: the service',
    )
  })

  test('for a gateway that does not run', async () => {
    expectOnPage(
      await warnings(`socketmap:inet:127.0.0.1:${deadPort}:users`),
      'warning: connect to 127.0.0.1',
    )
  })

  test('for a socket that is not there', async () => {
    await mkdir(join(postfix.queueDirectory, 'mapgate'), { recursive: true })
    expectOnPage(
      await warnings('socketmap:unix:mapgate/socketmap:users'),
      'warning: connect to mapgate/socketmap: No such',
    )
  })

  test('for a failure over tcp_table, which postmap alone reports', async () => {
    expectOnPage(await warnings(tcpPort), 'fatal: table TABLE: query error')
  })

  test('for an address that the service does not know', async (context) => {
    service.route('/users/stranger%40a.example', { status: 404 })
    expectOnPage(await refusal(context, 'stranger@a.example', 'sender@b.example'), '550 5.1.1')
  })

  test('for a lookup that fails while mail comes in', async (context) => {
    service.route('/users/later%40a.example', { status: 503 })
    expectOnPage(await refusal(context, 'later@a.example', 'sender@b.example'), '451 4.3.0')
  })

  test('for a domain that is not ours', async (context) => {
    expectOnPage(await refusal(context, 'someone@c.example', 'sender@b.example'), '554 5.7.1')
  })

  test('for an access table whose service refuses the request', async (context) => {
    expectOnPage(await refusal(context, 'someone@a.example', 'odd@b.example', 400), '451 4.3.5')
  })

  /** The reply to one recipient. `access` is the service's status for the sender. */
  async function refusal(
    context: Parameters<typeof openSmtpSession>[0],
    recipient: string,
    sender: string,
    access = 404,
  ): Promise<string> {
    service.route(`/refused/${encodeURIComponent(sender)}`, { status: access })
    const session = await openSmtpSession(context, postfix.smtpPort)
    const sent = await session.send(sender, [recipient], 'refused')
    return sent.recipients[0]?.text ?? ''
  }
})
