/**
 * A private Postfix as Debian has it, its daemons in a chroot, that writes two tables over proxymap: one of ours, and one
 * of its own proxymap, which goes through `pass`. Both sockets of the gateway are held as by systemd, so that it may be
 * killed while verify(8) and postscreen(8) need it.
 */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Supervised, startSupervised } from '../support/gateway/supervised.ts'
import { type PostfixFiles, writePostfixFiles } from '../support/postfix/files.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { freePort } from '../support/programs/free-port.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { lookup, sequence, TextClient, update } from '../support/wire/text-client.ts'
import { socketFolder } from './serving.ts'

const OLD_CLIENTS = 40
const SENDER = 'x@elsewhere.example'

/** A cache of postscreen(8) as it was left months ago. @returns Its name. */
function oldScreenCache(files: PostfixFiles): string {
  const folder = join(files.directory, 'data')
  mkdirSync(folder)
  const cache = join(folder, 'screen')
  const lines = Array.from(
    { length: OLD_CLIENTS },
    (_, n) => `192.0.2.${n} 1000000;1000000;1000000;1000000\n`,
  )
  writeFileSync(cache, lines.join(''))
  execFileSync('/usr/sbin/postmap', ['-c', files.configDirectory, `btree:${cache}`])
  const user = Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'utf8' }))
  for (const path of [folder, `${cache}.db`]) chownSync(path, user, 0)
  return `btree:${cache}`
}

describe('tables that Postfix writes, ours and its own, over proxymap', () => {
  const cleanup = suiteCleanup()
  let files: PostfixFiles
  let postfix: Postfix
  let supervised: Supervised
  let sink: LmtpSink
  let screen: string
  let screened: number
  /** Of mapgate, for tables that Postfix reads, and for those that it writes. */
  let sockets: { readonly read: string; readonly write: string }

  beforeAll(async () => {
    if (postfixMissing() !== undefined) return
    sink = await startLmtpSink(cleanup)
    files = await writePostfixFiles(cleanup)
    screen = oldScreenCache(files)
    const folder = await socketFolder(files)
    sockets = { read: join(folder, 'proxymap'), write: join(folder, 'proxywrite') }
    supervised = await startSupervised(cleanup, {
      sockets: [
        { path: sockets.read, name: 'proxymap' },
        { path: sockets.write, name: 'proxywrite' },
      ],
      folder: files.directory,
      config: {
        listeners: [
          {
            protocol: 'proxymap',
            listen: 'systemd:proxymap',
            tables: ['aliases', 'routes'],
            pass: `unix:${files.queueDirectory}/private/proxymap`,
          },
          {
            protocol: 'proxymap',
            listen: 'systemd:proxywrite',
            write: ['verify'],
            pass: `unix:${files.queueDirectory}/private/proxywrite`,
          },
        ],
        upstreams: {
          learned: { store: { directory: join(files.directory, 'store') } },
          aliases: { entries: { 'info@a.example': 'bob@a.example' } },
          routes: { entries: { 'a.example': `lmtp:inet:127.0.0.1:${sink.port}` } },
        },
        tables: {
          verify: { upstream: 'learned' },
          aliases: { upstream: 'aliases' },
          routes: { upstream: 'routes' },
        },
        log: { level: 'silent' },
      },
    })
    screened = await freePort()
    const services = [
      'verify unix - - y - 1 verify',
      `127.0.0.1:${screened} inet n - y - 1 postscreen`,
      'smtpd pass - - y - - smtpd',
      'dnsblog unix - - y - 0 dnsblog',
      'tlsproxy unix - - y - 0 tlsproxy',
      'proxymap unix - - n - - proxymap',
      'proxywrite unix - - n - 1 proxymap',
    ]
    postfix = await startPostfix(
      cleanup,
      {
        proxymap_service_name: '../mapgate/proxymap',
        proxywrite_service_name: '../mapgate/proxywrite',
        address_verify_map: 'proxy:mapgate:verify',
        postscreen_cache_map: `proxy:${screen}`,
        virtual_alias_maps: 'proxy:mapgate:aliases',
        transport_maps: 'proxy:mapgate:routes',
        relay_domains: 'a.example',
        mydestination: 'local.example',
        local_recipient_maps: 'proxy:unix:passwd.byname',
        local_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
        smtpd_recipient_restrictions: 'reject_unauth_destination, reject_unverified_recipient',
        address_verify_poll_delay: '1s',
        address_verify_poll_count: '5',
        postscreen_access_list: '',
        postscreen_greet_wait: '1s',
        postscreen_greet_action: 'enforce',
      },
      { files, chroot: true, services },
    )
  }, 60_000)

  beforeEach((context) => requirePostfix(context))

  async function codes(
    context: Parameters<typeof openSmtpSession>[0],
    to: readonly string[],
    subject: string,
  ) {
    const session = await openSmtpSession(context, postfix.smtpPort)
    const { recipients } = await session.send(SENDER, to, subject)
    return recipients.map(({ code }) => code)
  }

  async function screening(context: Parameters<typeof openSmtpSession>[0]) {
    const session = await openSmtpSession(context, screened)
    expect((await session.command('NOOP')).code).toBe(250)
    await session.command('QUIT')
  }

  test('its own is written, looked up, and cleaned of old entries to the end', async (context) => {
    await screening(context)
    await postfix.waitForLog(/postscreen.*PASS NEW \[127\.0\.0\.1\]/)
    await screening(context)
    await postfix.waitForLog(/postscreen.*PASS OLD \[127\.0\.0\.1\]/)
    await postfix.waitForLog(
      new RegExp(`postscreen.*proxy:btree:.* full cleanup: retained=\\d+ dropped=${OLD_CLIENTS} entries`),
    )
    const client = await TextClient.to(sockets.write)
    const request = `request|lookup|table|${screen}|flags|0|key|127.0.0.1||`
    expect(await client.ask(request, '||')).toMatch(/status\|0\|value\|\d{10};/)
  }, 60_000)

  test('ours is, too, and other tables are read meanwhile', async (context) => {
    const client = await TextClient.to(sockets.write)
    for (const n of [1, 2, 3])
      expect(await client.ask(update(`old${n}@a.example`, '2:0:1000000:old'), '||')).toMatch(/status\|0\|\|$/)
    const to = ['bob@a.example', 'info@a.example', 'root@local.example', 'no-such-user@local.example']
    expect(await codes(context, to, 'both')).toEqual([250, 250, 250, 550])
    expect(await sink.recipientsOf('both', 3)).toEqual([
      'bob@a.example',
      'bob@a.example',
      'root@local.example',
    ])
    await postfix.waitForLog(/verify.*proxy:mapgate:verify full cleanup: retained=\d+ dropped=3 entries/)
    expect(await client.ask(lookup('bob@a.example'), '||')).toMatch(/^status\|0\|value\|0:\d+:\d{10}:/)
    expect(await client.ask(lookup('old1@a.example'), '||')).toBe('status|1|value|||')
    expect(await client.ask(sequence(0), '||')).toContain('|key|_LAST_CACHE_CLEANUP_COMPLETED_|')
  }, 60_000)

  test('its own is refused by the server for what is only read, which would end a daemon, and not by the other', async () => {
    const change = (table: string) => `request|update|table|${table}|flags|0|key|192.0.2.200|value|1||`
    const remove = (table: string) => `request|delete|table|${table}|flags|0|key|192.0.2.200||`
    const [read, write] = [await TextClient.to(sockets.read), await TextClient.to(sockets.write)]
    expect(await read.ask(change(screen), '||')).toMatch(/status\|4\|\|$/)
    expect(await write.ask(change(screen), '||')).toMatch(/status\|0\|\|$/)
    expect(await write.ask(remove(screen), '||')).toBe('status|0||')
    expect(await write.ask(remove(screen), '||')).toBe('status|1||')
    // Its servers would end the daemon for names like these, so that they never get there.
    const named = (table: string) => `request|lookup|table|${table}|flags|0|key|info@a.example||`
    expect(await read.ask(named('aliases'), '||')).toMatch(/^status\|0\|value\|bob@a\.example/)
    for (const table of ['no-such-table', 'MAPGATE:aliases', '', 'mapgate'])
      expect(await read.ask(named(table), '||')).toBe('status|2|value|||')
  })

  test('both daemons go on while the gateway is killed, and nobody waits for the next look at a socket', async (context) => {
    const before = (await postfix.readLog()).length
    for (const round of [1, 2]) {
      supervised.kill()
      const [answered] = await Promise.all([
        codes(context, ['bob@a.example', `new${round}@a.example`], `away ${round}`),
        screening(context),
      ])
      expect(answered).toEqual([250, 250])
    }
    expect(await sink.recipientsOf('away 2', 2)).toEqual(['bob@a.example', 'new2@a.example'])
    const log = (await postfix.readLog()).slice(before)
    expect(log).not.toMatch(/connect #\d+ to subsystem|status=(bounced|deferred)/)
    expect(await postfix.readLog()).not.toMatch(/panic:|fatal:|bad command startup/)
  }, 60_000)
})
