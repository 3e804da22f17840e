/**
 * An outage of the directory, drilled with a real Postfix: mail to addresses that were asked before
 * is delivered, mail to all others waits, nothing bounces; also when mapgate is restarted meanwhile.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, type Reply, startHttpService } from '../support/http/http-service.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession, type Sent } from '../support/postfix/smtp-session.ts'
import { until } from '../support/postfix/until.ts'
import { testDirectory } from '../support/wire/sockets.ts'
import { ShiftedClock } from './shifted-clock.ts'

const SENDER = 'sender@elsewhere.example'

/**
 * What the directory knows: `nobody@a.example` is in no table. A mailbox is in the alias table
 * too, as its own alias: else Postfix, which asks that table first, would need a "not found" from it.
 */
const DIRECTORY: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['known', 'other', 'late'].flatMap((user) => [
      [`/mailboxes/${user}%40a.example`, `${user}/`],
      [`/aliases/${user}%40a.example`, `${user}@a.example`],
    ]),
  ),
  '/mailboxes/bare%40a.example': 'bare/',
  '/aliases/team%40a.example': 'known@a.example',
}

function directory({ url }: { readonly url: string }): Reply {
  const text = DIRECTORY[url]
  return text === undefined ? { status: 404 } : { text }
}

/** Both ports stay the same over a restart, since Postfix has them in main.cf. */
function yaml(service: HttpService, folder: string, socketmapPort: number): string {
  const table = (name: string) => `
  ${name}: { upstream: directory, request: { path: "/${name}/{key}" }, deadline: 2s, domains: [a.example] }`
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:${socketmapPort}" }
upstreams:
  directory: { endpoints: ["${service.origin}"], timeout: 500ms }
tables: ${['mailboxes', 'aliases'].map(table).join('')}
cacheFile: ${folder}/cache
`
}

interface Drill {
  readonly service: HttpService
  readonly sink: LmtpSink
  readonly postfix: Postfix
  readonly clock: ShiftedClock
  /** Ends the gateway that runs and starts another on the same port. */
  restart(): Promise<TestGateway>
}

async function startDrill(t: Cleanup): Promise<Drill> {
  const service = await startHttpService(t)
  service.otherwise = directory
  const sink = await startLmtpSink(t)
  const clock = new ShiftedClock()
  const folder = testDirectory()
  let gateway = await startGateway(t, yaml(service, folder, 0), { clock, folder })
  const { port } = gateway.address('socketmap')
  const map = (name: string) => `socketmap:inet:127.0.0.1:${port}:${name}`
  const postfix = await startPostfix(t, {
    virtual_mailbox_domains: 'a.example',
    // Its default is the alias table, which would be asked for each domain.
    virtual_alias_domains: '',
    virtual_mailbox_maps: map('mailboxes'),
    virtual_alias_maps: map('aliases'),
    virtual_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
  })
  const restart = async () => {
    await gateway.gateway.stop()
    gateway = await startGateway(t, yaml(service, folder, port), { clock, folder })
    return gateway
  }
  return { service, sink, postfix, clock, restart }
}

/** One message in a session of its own, as a client that tries again later has. */
async function send(t: Cleanup, postfix: Postfix, to: readonly string[], subject: string): Promise<Sent> {
  const session = await openSmtpSession(t, postfix.smtpPort)
  return session.send(SENDER, to, subject)
}

/**
 * Sends again until no recipient is deferred, as a client does: smtpd(8) itself remembers for a while that a
 * lookup failed. Each try has a subject of its own.
 */
function retry(
  t: Cleanup,
  postfix: Postfix,
  to: readonly string[],
  subject: string,
): Promise<{ readonly sent: Sent; readonly subject: string }> {
  let tries = 0
  return until('a final answer', async () => {
    const own = `${subject}-${++tries}`
    const sent = await send(t, postfix, to, own)
    return codes(sent).includes(451) ? undefined : { sent, subject: own }
  })
}

const codes = ({ recipients }: Sent): number[] => recipients.map(({ code }) => code)

/** Age of the primed answers in the outage: beyond `ttl` and `staleWhileRevalidate` of the defaults. */
const AN_HOUR_MS = 3_600_000

describe('an outage of the directory', () => {
  beforeEach((context) => requirePostfix(context))

  test('delays mail to addresses never asked, and no other mail', async (t) => {
    const { service, sink, postfix, clock } = await startDrill(t)
    const primed = await send(t, postfix, ['known@a.example', 'team@a.example'], 'primed')
    expect(codes(primed)).toEqual([250, 250])
    await sink.recipientsOf('primed', 1)

    await service.stop()
    clock.jump(AN_HOUR_MS)
    const down = await send(t, postfix, ['known@a.example', 'team@a.example'], 'down')
    expect(codes(down)).toEqual([250, 250])
    expect(await sink.recipientsOf('down', 1)).toContain('known@a.example')
    const deferred = await send(t, postfix, ['late@a.example', 'nobody@a.example'], 'late')
    expect(codes(deferred)).toEqual([451, 451])

    await service.start()
    clock.jump(AN_HOUR_MS)
    const { sent, subject } = await retry(t, postfix, ['late@a.example', 'nobody@a.example'], 'back')
    expect(codes(sent)).toEqual([250, 550])
    expect(await sink.recipientsOf(subject, 1)).toEqual(['late@a.example'])
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })

  test('holds over a restart of mapgate in the middle of it, with a cache file', async (t) => {
    const { service, sink, postfix, clock, restart } = await startDrill(t)
    expect(codes(await send(t, postfix, ['known@a.example'], 'primed'))).toEqual([250])
    await sink.recipientsOf('primed', 1)

    await service.stop()
    clock.jump(AN_HOUR_MS)
    await restart()
    const sent = await send(
      t,
      postfix,
      ['known@a.example', 'late@a.example', 'nobody@a.example'],
      'restarted',
    )
    expect(codes(sent)).toEqual([250, 451, 451])
    expect(await sink.recipientsOf('restarted', 1)).toEqual(['known@a.example'])

    await service.start()
    clock.jump(AN_HOUR_MS)
    const back = await retry(t, postfix, ['late@a.example', 'nobody@a.example'], 'back')
    expect(codes(back.sent)).toEqual([250, 550])
    expect(await sink.recipientsOf(back.subject, 1)).toEqual(['late@a.example'])
  })

  test('delays mail to a mailbox for which another table has to say "not found"', async (t) => {
    const { service, postfix, clock } = await startDrill(t)
    expect(codes(await send(t, postfix, ['bare@a.example'], 'primed'))).toEqual([250])
    await service.stop()
    clock.jump(AN_HOUR_MS)
    expect(codes(await send(t, postfix, ['bare@a.example'], 'down'))).toEqual([451])
    await service.start()
    clock.jump(AN_HOUR_MS)
    expect(codes((await retry(t, postfix, ['bare@a.example'], 'back')).sent)).toEqual([250])
  })
})
