/**
 * The lines that `mapgate main-cf` prints, put into main.cf as they are: a private Postfix takes
 * mail with them, over socketmap and over tcp.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { printMainCf } from '../../src/commands/main-cf/main-cf.ts'
import { loadConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import { type Reply, startHttpService } from '../support/http/http-service.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { freePort } from '../support/programs/free-port.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { runOk } from './run.ts'

const ENTRIES: Readonly<Record<string, unknown>> = {
  '/domains/a.example': 'a.example',
  '/users/alice@a.example': 'alice/',
  '/users/bob@a.example': 'bob/',
  '/aliases/team@a.example': ['alice@a.example', 'bob@a.example'],
}

/** `name = value` of every line that is no comment. */
function parameters(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^(\S+) = ?(.*)$/.exec(line) ?? []
      return [name, value]
    }),
  )
}

describe.each(['socketmap', 'tcp_table'] as const)('main-cf for %s', (protocol) => {
  let postfix: Postfix
  let sink: LmtpSink
  let printed = ''
  const cleanup = suiteCleanup()

  beforeAll(async () => {
    if (postfixMissing() !== undefined) return
    const service = await startHttpService(cleanup)
    service.otherwise = ({ url }): Reply => {
      const entry = ENTRIES[decodeURIComponent(url)]
      return entry === undefined ? { status: 404 } : { json: entry }
    }
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-main-cf-'))
    cleanup.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'mapgate.yaml')
    await writeFile(file, JSON.stringify(await configuration(service.origin)))
    const io = {
      stdout: {
        write: (text: string) => {
          printed += text
        },
      },
      stderr: { write: (text: string) => expect.fail(text) },
      env: {},
      cwd: folder,
    }
    expect(await printMainCf({ config: file }, io)).toBe(0)
    const gateway = await Gateway.start({ load: () => loadConfig(file), version: 'test' })
    cleanup.onTestFinished(() => gateway.stop())
    sink = await startLmtpSink(cleanup)
    postfix = await startPostfix(cleanup, {
      ...parameters(printed),
      virtual_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
    })
  })

  beforeEach((context) => requirePostfix(context))

  /** The lines name the ports, so they are chosen before. */
  async function configuration(origin: string): Promise<object> {
    const table = (path: string, usedBy: string) => ({
      usedBy,
      upstream: 'service',
      request: { path: `/${path}/{key}` },
    })
    const tables = {
      domains: table('domains', 'virtual_mailbox_domains'),
      users: table('users', 'virtual_mailbox_maps'),
      aliases: table('aliases', 'virtual_alias_maps'),
    }
    const listeners =
      protocol === 'socketmap'
        ? [{ protocol, listen: `inet:127.0.0.1:${await freePort()}` }]
        : await Promise.all(
            Object.keys(tables).map(async (name) => ({
              protocol,
              listen: `inet:127.0.0.1:${await freePort()}`,
              table: name,
            })),
          )
    return { listeners, upstreams: { service: { endpoints: [origin] } }, tables, log: { level: 'silent' } }
  }

  test('prints a line for every table, as postconf reads it', async () => {
    expect(Object.keys(parameters(printed)).sort()).toEqual([
      'virtual_alias_domains',
      'virtual_alias_maps',
      'virtual_mailbox_domains',
      'virtual_mailbox_maps',
    ])
    const read = await runOk('/usr/sbin/postconf', ['-c', postfix.configDirectory, '-n'])
    for (const [name, value] of Object.entries(parameters(printed)))
      expect(read).toContain(`\n${name} = ${value}`.trimEnd())
  })

  test('Postfix delivers to an alias and refuses a stranger with these lines', async (context) => {
    const session = await openSmtpSession(context, postfix.smtpPort)
    const sent = await session.send(
      'sender@elsewhere.example',
      ['team@a.example', 'nobody@a.example'],
      'printed',
    )
    expect(sent.recipients.map(({ code }) => code)).toEqual([250, 550])
    expect(await sink.recipientsOf('printed', 2)).toEqual(['alice@a.example', 'bob@a.example'])
  })
})
