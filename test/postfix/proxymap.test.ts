/**
 * A private Postfix whose proxymap is ours: partial keys and extensions as in its indexed files, tables of its own
 * proxymap through `pass`, chrooted or not, and the gateway away for a moment under load.
 */
import { chmod, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startSupervised } from '../support/gateway/supervised.ts'
import { type HttpService, type Reply, startHttpService } from '../support/http/http-service.ts'
import { type PostfixFiles, writePostfixFiles } from '../support/postfix/files.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { postmapQuery } from '../support/postfix/postmap.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { until } from '../support/postfix/until.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { type Serving, socketFolder, startServing, tableOf } from './serving.ts'

const SENDER = 'sender@elsewhere.example'

/** The service's data, by table and key. */
const DATA: Readonly<Record<string, Readonly<Record<string, string | string[]>>>> = {
  domains: { 'a.example': 'ours', 'sub.a.example': 'ours' },
  relays: { 'relay.example': 'ours' },
  mailboxes: { 'bob@a.example': 'bob/', 'carl@a.example': 'carl/', '@sub.a.example': 'all/' },
  aliases: { 'list@a.example': ['bob@a.example', 'carl@a.example'], 'info@a.example': 'bob@a.example' },
  transports: { 'elsewhere.example': 'error:5.1.2 not from here' },
  access: { 'shut@a.example': 'REJECT closed for today', 'blocked.example': 'REJECT not you' },
}

/** Found by the partial keys that Postfix tries itself: the service has the table in the path, the key in the query. */
function answer(url: string): Reply {
  const { pathname, searchParams } = new URL(url, 'http://service.example')
  const value = DATA[pathname.slice(1)]?.[searchParams.get('key') ?? '']
  return value === undefined ? { status: 404 } : { json: { value } }
}

const LOCAL = 'unix:passwd.byname'

/** The roots of the processes of one daemon: each works in the queue directory. */
async function rootsOf(daemon: string, queueDirectory: string): Promise<string[]> {
  const roots: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [name, place, root] = await Promise.all([
      readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
      readlink(`/proc/${pid}/root`).catch(() => ''),
    ])
    if (name.trim() === daemon.slice(0, 15) && place === queueDirectory) roots.push(root)
  }
  return roots
}

// At the same time: Postfix sleeps ten seconds where nobody listens. The tests of one instance come one after the other.
describe.concurrent.each([false, true])(
  'Postfix with our proxymap, its daemons in a chroot: %s',
  (chroot) => {
    const cleanup = suiteCleanup()
    let service: HttpService
    let sink: LmtpSink
    let files: PostfixFiles
    let postfix: Postfix
    let serving: Serving
    let serve: () => Promise<Serving>

    beforeAll(async () => {
      if (postfixMissing() !== undefined) return
      service = await startHttpService(cleanup)
      sink = await startLmtpSink(cleanup)
      service.otherwise = ({ url }) => answer(url)
      files = await writePostfixFiles(cleanup)
      const folder = await socketFolder(files)
      const tables = Object.fromEntries(Object.keys(DATA).map((name) => [name, {}]))
      serve = () =>
        startServing(cleanup, service, tables, {
          listeners: [
            {
              protocol: 'proxymap',
              listen: `unix:${folder}/proxymap`,
              mode: '0666',
              pass: `unix:${files.queueDirectory}/private/proxymap`,
            },
          ],
        })
      serving = await serve()
      const table = (name: string) => `proxy:mapgate:${name}`
      postfix = await startPostfix(
        cleanup,
        {
          proxymap_service_name: '../mapgate/proxymap',
          recipient_delimiter: '+',
          mydestination: 'local.example',
          local_recipient_maps: `proxy:${LOCAL}`,
          proxy_read_maps: `proxy:${LOCAL}`,
          virtual_mailbox_domains: table('domains'),
          virtual_mailbox_maps: table('mailboxes'),
          virtual_alias_maps: table('aliases'),
          transport_maps: table('transports'),
          relay_domains: table('relays'),
          smtpd_client_restrictions: '',
          smtpd_recipient_restrictions: `check_sender_access ${table('access')}, check_recipient_access ${table('access')}, reject_unauth_destination`,
          virtual_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
          local_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
          relay_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
        },
        { files, chroot, services: ['proxymap unix - - n - - proxymap'] },
      )
      await chmod(folder, 0o755)
    })

    beforeEach((context) => requirePostfix(context))

    async function codes(
      context: Parameters<typeof openSmtpSession>[0],
      from: string,
      to: readonly string[],
      subject: string,
    ) {
      const session = await openSmtpSession(context, postfix.smtpPort)
      const { recipients } = await session.send(from, to, subject)
      return recipients.map(({ code }) => code)
    }

    test.sequential('tries partial keys, and puts the extension of an alias back', async (context) => {
      const to = ['bob+news@a.example', 'anybody@sub.a.example', 'info+x@a.example', 'nobody@a.example']
      expect(await codes(context, SENDER, to, 'partial')).toEqual([250, 250, 250, 550])
      expect(await sink.recipientsOf('partial', 3)).toEqual([
        'anybody@sub.a.example',
        'bob+news@a.example',
        'bob+x@a.example',
      ])
    })

    if (chroot)
      test.sequential('has the daemons that asked in the chroot', async (context) => {
        await openSmtpSession(context, postfix.smtpPort)
        for (const name of ['smtpd', 'cleanup', 'trivial-rewrite', 'lmtp'])
          expect([name, ...new Set(await rootsOf(name, files.queueDirectory))]).toEqual([
            name,
            files.queueDirectory,
          ])
        expect(await rootsOf('qmgr', files.queueDirectory)).toEqual(['/'])
      })

    test.sequential('folds the case of keys as for its files', async (context) => {
      expect(await codes(context, SENDER, ['BOB@A.Example', 'Info@A.EXAMPLE'], 'case')).toEqual([250, 250])
    })

    test.sequential('searches an access table by domain, and its relay domains', async (context) => {
      expect(await codes(context, 'x@blocked.example', ['bob@a.example'], 'access')).toEqual([554])
      expect(await codes(context, 'x@sub.blocked.example', ['bob@a.example'], 'access')).toEqual([554])
      const to = ['shut@a.example', 'x@relay.example', 'x@other.example']
      expect(await codes(context, SENDER, to, 'relay')).toEqual([554, 250, 554])
      expect(await sink.recipientsOf('relay', 1)).toEqual(['x@relay.example'])
    })

    test.sequential('gets the tables of its own proxymap through ours', async (context) => {
      const place = { configDirectory: files.configDirectory, queueDirectory: files.queueDirectory }
      expect((await postmapQuery(place, `proxy:${LOCAL}`, 'root')).stdout.toString()).toMatch(/^root:/)
      expect(
        await codes(context, SENDER, ['root@local.example', 'no-such-user@local.example'], 'local'),
      ).toEqual([250, 550])
    })

    test.sequential('answers 451 and not 550 while the service is down, and 550 again when it is back', async (context) => {
      const to = ['bob+unasked@a.example', 'unknown@a.example', 'shut+unasked@a.example']
      await service.stop()
      expect(await codes(context, SENDER, to, 'down')).toEqual([451, 451, 451])
      await service.start()
      const again = await until('the service to be asked', async () => {
        const now = await codes(context, SENDER, to, 'back')
        return now.includes(451) ? undefined : now
      })
      expect(again).toEqual([250, 550, 554])
    })

    async function sendUnderLoad(
      context: Parameters<typeof openSmtpSession>[0],
      restart: () => Promise<void> | void,
    ) {
      const before = await postfix.readLog()
      const sessions = Array.from({ length: 4 }, async (_, client) => {
        const session = await openSmtpSession(context, postfix.smtpPort)
        const all: number[] = []
        for (let n = 0; n < 40; n++) {
          const sent = await session.send(SENDER, [`bob+${client}-${n}@a.example`], `load ${client}`)
          all.push(...sent.recipients.map(({ code }) => code))
        }
        return all
      })
      for (const delivered of [1, 80]) {
        await until('some mail', () => (loaded() >= delivered ? true : undefined))
        await restart()
      }
      const all = (await Promise.all(sessions)).flat()
      expect([all.length, [...new Set(all)]]).toEqual([160, [250]])
      await postfix.emptied()
      const log = (await postfix.readLog()).slice(before.length)
      expect(log).not.toMatch(/status=bounced|fatal:|panic:|bad command startup/)
      expect(loaded()).toBe(160)
    }

    const loaded = () => sink.deliveries.filter(({ subject }) => subject.startsWith('load ')).length

    if (chroot)
      test.sequential('loses no session and bounces nothing while the gateway is killed under load, its socket held as by systemd', async (context) => {
        await serving.gateway.stop()
        const supervised = await startSupervised(context, {
          sockets: [{ path: join(files.queueDirectory, 'mapgate', 'proxymap'), name: 'proxymap' }],
          folder: files.directory,
          config: {
            listeners: [
              {
                protocol: 'proxymap',
                listen: 'systemd:proxymap',
                pass: `unix:${files.queueDirectory}/private/proxymap`,
              },
            ],
            upstreams: { service: { endpoints: [service.origin] } },
            tables: Object.fromEntries(Object.keys(DATA).map((name) => [name, tableOf(name)])),
            log: { level: 'silent' },
          },
        })
        await sendUnderLoad(context, () => supervised.kill())
      }, 120_000)
    else
      test.sequential('loses no session and bounces nothing while the gateway is restarted under load, and nobody listens meanwhile', async (context) => {
        await sendUnderLoad(context, async () => {
          await serving.gateway.stop()
          serving = await serve()
        })
      }, 120_000)
  },
)
