/**
 * A real Postfix takes its aliases, domains, mailboxes, transports, bcc addresses and access rules
 * from an HTTP service through the gateway: mail in by SMTP, out to an LMTP sink.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type HttpService, type Reply, startHttpService } from '../support/http/http-service.ts'
import { type MainCf, writePostfixFiles } from '../support/postfix/files.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { until } from '../support/postfix/until.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { memcacheFile, type Serving, socketFolder, startServing } from './serving.ts'

const SENDER = 'sender@elsewhere.example'
const NOT_FOUND: Reply = { status: 404 }

/** The service's data, by table and key. */
type Directory = Record<string, Record<string, string | string[]>>

function directory(special: LmtpSink): Directory {
  return {
    domains: { 'a.example': 'ours' },
    mailboxes: Object.fromEntries(
      ['bob', 'carl', 'dora', 'eve', 'late', 'archive', 'special', 'guest', 'open', 'shut', 'queued'].map(
        (user) => [`${user}@a.example`, `${user}/`],
      ),
    ),
    aliases: {
      'all@a.example': ['bob@a.example', 'carl@a.example', 'dora@a.example'],
      'nested@a.example': 'all@a.example',
    },
    transports: { 'special@a.example': `lmtp:inet:127.0.0.1:${special.port}` },
    bcc: { 'boss@elsewhere.example': 'archive@a.example' },
    access: {
      'shut@a.example': 'REJECT closed for today',
      'open@a.example': 'DUNNO',
    },
  }
}

/** Answers from the directory. The table stands in the path, the key in the query. */
function answer(data: Directory, url: string): Reply {
  const { pathname, searchParams } = new URL(url, 'http://service.example')
  const value = data[pathname.slice(1)]?.[searchParams.get('key') ?? '']
  return value === undefined ? NOT_FOUND : { json: { value } }
}

function mainCf(table: (name: string) => string, sink: LmtpSink): MainCf {
  return {
    virtual_mailbox_domains: table('domains'),
    virtual_mailbox_maps: table('mailboxes'),
    virtual_alias_maps: table('aliases'),
    transport_maps: table('transports'),
    sender_bcc_maps: table('bcc'),
    smtpd_recipient_restrictions: `check_recipient_access ${table('access')}`,
    // Not virtual(8), which refuses socketmap and tcp tables.
    virtual_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
  }
}

describe.each(['socketmap', 'tcp', 'memcache', 'proxymap'] as const)('Postfix over %s', (protocol) => {
  const cleanup = suiteCleanup()
  let service: HttpService
  let sink: LmtpSink
  let special: LmtpSink
  let postfix: Postfix
  let data: Directory

  beforeAll(async () => {
    if (postfixMissing() !== undefined) return
    service = await startHttpService(cleanup)
    sink = await startLmtpSink(cleanup)
    special = await startLmtpSink(cleanup)
    data = directory(special)
    service.otherwise = ({ url }) => answer(data, url)
    const tables = Object.fromEntries(Object.keys(data).map((name) => [name, { cache: 'off' }]))
    const files = await writePostfixFiles(cleanup)
    const folder = await socketFolder(files)
    const listener = { protocol: 'proxymap', listen: `unix:${folder}/proxymap`, mode: '0666' }
    const serving: Serving = await startServing(cleanup, service, tables, { listeners: [listener] })
    const written = await Promise.all(
      Object.keys(tables).map(
        async (name) => [name, await memcacheFile(files, serving.memcache, name)] as const,
      ),
    )
    const memcache = new Map(written)
    const named = {
      socketmap: serving.socketmap,
      tcp: serving.tcp,
      memcache: (name: string) => `memcache:${memcache.get(name)}`,
      proxymap: (name: string) => `proxy:mapgate:${name}`,
    }
    const service_name = { proxymap_service_name: '../mapgate/proxymap' }
    const lines = { ...mainCf(named[protocol], sink), ...(protocol === 'proxymap' ? service_name : {}) }
    postfix = await startPostfix(cleanup, lines, { files })
  })

  beforeEach((context) => requirePostfix(context))

  test('delivers to a user that the service knows', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    const sent = await session.send(SENDER, ['bob@a.example'], 'known')
    expect(sent.recipients.map(({ code }) => code)).toEqual([250])
    expect(await sink.recipientsOf('known', 1)).toEqual(['bob@a.example'])
  })

  test('expands an alias, and an alias of an alias, to several users', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    for (const alias of ['all', 'nested']) {
      await session.send(SENDER, [`${alias}@a.example`], alias)
      expect(await sink.recipientsOf(alias, 3)).toEqual(['bob@a.example', 'carl@a.example', 'dora@a.example'])
    }
  })

  test('rejects an unknown user with 550 and takes the others', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    const sent = await session.send(SENDER, ['nobody@a.example', 'bob@a.example'], 'one of two')
    expect(sent.recipients.map(({ code }) => code)).toEqual([550, 250])
    expect(sent.recipients[0]?.text).toContain('User unknown in virtual mailbox table')
    expect(await sink.recipientsOf('one of two', 1)).toEqual(['bob@a.example'])
  })

  test('rejects what the access table says REJECT for, and goes on at DUNNO', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    const sent = await session.send(SENDER, ['shut@a.example', 'open@a.example'], 'access')
    expect(sent.recipients.map(({ code }) => code)).toEqual([554, 250])
    expect(sent.recipients[0]?.text).toContain('closed for today')
    expect(await sink.recipientsOf('access', 1)).toEqual(['open@a.example'])
  })

  test('copies the mail of a sender to the bcc address', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    await session.send('boss@elsewhere.example', ['bob@a.example'], 'bcc')
    expect(await sink.recipientsOf('bcc', 2)).toEqual(['archive@a.example', 'bob@a.example'])
  })

  test('delivers through the transport that the service chooses', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    await session.send(SENDER, ['special@a.example', 'bob@a.example'], 'transport')
    expect(await special.recipientsOf('transport', 1)).toEqual(['special@a.example'])
    expect(await sink.recipientsOf('transport', 1)).toEqual(['bob@a.example'])
  })

  test('keeps mail in the queue while a transport cannot be looked up, and delivers it later', async (context) => {
    // Known when the mail comes in, unknown when the queue manager asks, known again later.
    const answers: Reply[] = [NOT_FOUND, { status: 503 }]
    service.route('/transports?key=queued%40a.example', ...answers, NOT_FOUND)
    const session = await openSmtpSession(context, postfix.smtpPort)
    const sent = await session.send(SENDER, ['queued@a.example'], 'queued')
    expect(sent.message?.code).toBe(250)
    await postfix.waitForLog(/to=<queued@a\.example>.* dsn=4\.\S+ status=deferred/)
    // The queue manager remembers its last answer for 30 s; another message makes it forget.
    await session.send(SENDER, ['bob@a.example'], 'between')
    expect(await sink.recipientsOf('queued', 1)).toEqual(['queued@a.example'])
  })

  test('answers 451 and never 550 while the service is down, and delivers when it is back', async (context) => {
    await service.stop()
    const session = await openSmtpSession(context, postfix.smtpPort)
    const recipients = ['eve@a.example', 'nobody@a.example', 'shut@a.example']
    const down = await session.send(SENDER, recipients, 'down')
    expect(down.recipients.map(({ code }) => code)).toEqual([451, 451, 451])

    await service.start()
    const sent = await until('eve to be accepted', async () => {
      // A new session each time, as a client that tries again later has.
      const later = await openSmtpSession(context, postfix.smtpPort)
      const again = await later.send(SENDER, recipients, 'back')
      return again.recipients[0]?.code === 451 ? undefined : again
    })
    expect(sent.recipients.map(({ code }) => code)).toEqual([250, 550, 554])
    expect(await sink.recipientsOf('back', 1)).toEqual(['eve@a.example'])
    expect(sink.deliveries.filter(({ subject }) => subject === 'down')).toEqual([])
  })
})
