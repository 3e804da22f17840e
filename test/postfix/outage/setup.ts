/**
 * Postfix, mapgate, the HTTP service and a backend for outage tests. Ports stay the same over a restart of mapgate, since
 * Postfix has them in main.cf.
 */

import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import type { MainCf } from '../../support/postfix/files.ts'
import { type LmtpSink, startLmtpSink } from '../../support/postfix/lmtp-sink.ts'
import { type Postfix, startPostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession, type Sent } from '../../support/postfix/smtp-session.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import { ShiftedClock } from '../shifted-clock.ts'
import { type Entries, serveEntries } from './directory.ts'
import type { PageTables } from './page-tables.ts'

export const STRANGER = 'sender@elsewhere.example'

export interface OutageSetup {
  readonly service: HttpService
  readonly sink: LmtpSink
  readonly postfix: Postfix
  readonly clock: ShiftedClock
  gateway(): TestGateway
  /** Ends the gateway that runs and starts another on the same port, from its cache file. */
  restart(between?: () => void): Promise<void>
  /** Changes what the service knows. */
  serve(entries: Entries): void
}

export interface OutageParts {
  readonly tables: PageTables
  readonly entries: Entries
  /** @param map `socketmap:inet:127.0.0.1:PORT:TABLE` */
  readonly mainCf: (map: (table: string) => string) => MainCf
  /** A table of the same name has a service of its own, which stays alive. */
  readonly ownService?: string
  /** Default: a backend that takes everybody. */
  readonly sink?: LmtpSink
  /** Default: one that is removed with the test. */
  readonly folder?: string
}

/** A configuration with these tables over their services, as the pages have it. */
export function gatewayYaml(
  tables: PageTables,
  origins: Readonly<Record<string, string>>,
  port: number,
  cacheFile: string,
): string {
  return JSON.stringify({
    listeners: [{ protocol: 'socketmap', listen: `inet:127.0.0.1:${port}` }],
    admin: { listen: 'inet:127.0.0.1:0', anonymous: 'operator' },
    upstreams: Object.fromEntries(
      Object.entries(origins).map(([name, origin]) => [name, { endpoints: [`${origin}/v1`] }]),
    ),
    tables,
    cacheFile,
  })
}

export async function startOutage(
  t: Cleanup,
  { tables, entries, mainCf, sink, ownService, folder = testDirectory() }: OutageParts,
): Promise<OutageSetup> {
  const service = await startHttpService(t)
  const other = ownService === undefined ? undefined : await startHttpService(t)
  const serve = (known: Entries) => {
    for (const one of other === undefined ? [service] : [service, other]) serveEntries(one, tables, known)
  }
  serve(entries)
  const backend = sink ?? (await startLmtpSink(t))
  const clock = new ShiftedClock()
  const origins = {
    directory: service.origin,
    ...(ownService !== undefined && other !== undefined && { [ownService]: other.origin }),
  }
  const run = (port: number) =>
    startGateway(t, gatewayYaml(tables, origins, port, `${folder}/cache`), { clock, folder })
  let gateway = await run(0)
  const { port } = gateway.address('socketmap')
  const postfix = await startPostfix(t, {
    virtual_transport: `lmtp:inet:127.0.0.1:${backend.port}`,
    default_transport: `lmtp:inet:127.0.0.1:${backend.port}`,
    relay_transport: `lmtp:inet:127.0.0.1:${backend.port}`,
    ...mainCf((table) => `socketmap:inet:127.0.0.1:${port}:${table}`),
  })
  const restart = async (between?: () => void) => {
    await gateway.gateway.stop()
    between?.()
    gateway = await run(port)
  }
  return { service, sink: backend, postfix, clock, gateway: () => gateway, restart, serve }
}

/** One message in a session of its own, as a client that tries again later has. */
export async function send(
  t: Cleanup,
  postfix: Postfix,
  to: readonly string[],
  subject: string,
  from = STRANGER,
): Promise<Sent> {
  const session = await openSmtpSession(t, postfix.smtpPort)
  return session.send(from, to, subject)
}

/** `n` addresses: `m00@example.com`, `m01@example.com` … */
export function addresses(prefix: string, n: number, suffix = ''): readonly string[] {
  return Array.from({ length: n }, (_, i) => `${prefix}${String(i).padStart(2, '0')}${suffix}@example.com`)
}

/** How many recipients got one reply code. */
export function count({ recipients }: Sent, code: number): number {
  return recipients.filter((reply) => reply.code === code).length
}

/** `plain mailboxes 40 of 40`, for the output of the test run. */
export function print(when: string, figures: Readonly<Record<string, readonly [number, number]>>): void {
  const texts = Object.entries(figures).map(([what, [good, all]]) => `${what} ${good} of ${all}`)
  console.log(`${when}: ${texts.join(', ')}`)
}
