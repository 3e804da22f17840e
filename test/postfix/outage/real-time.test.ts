/**
 * The same outage with the compiled program and the machine's own clock: nothing is moved forward, so the seconds are
 * really waited for. 75 s of them only with MAPGATE_TEST_SECONDS=75 or more.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildPackage, startGatewayProcess } from '../../support/gateway/gateway-process.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { startLmtpSink } from '../../support/postfix/lmtp-sink.ts'
import { postfixMissing, requirePostfix, startPostfix } from '../../support/postfix/postfix.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import { serveEntries } from './directory.ts'
import { tablesOfPages } from './page-tables.ts'
import { gatewayYaml } from './setup.ts'
import { ALL_FLOWS, USUAL_ENTRIES, walk } from './usual-walk.ts'

const SECONDS = Number(process.env.MAPGATE_TEST_SECONDS ?? 0)
/** Both outages, the walks between, and what a busy machine adds, ms. */
const TIMEOUT_MS = 400_000

let program: ReturnType<typeof buildPackage> | undefined

beforeAll(() => {
  if (postfixMissing() === undefined) program = buildPackage('outage')
})

afterAll(() => program?.remove())

beforeEach((context) => requirePostfix(context))

test(
  'with the program itself, mail flows while the service is dead, and over a restart',
  async (t) => {
    const built = program?.built ?? ''
    const tables = tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')
    const service = await startHttpService(t)
    serveEntries(service, tables, USUAL_ENTRIES)
    const sink = await startLmtpSink(t)
    const folder = testDirectory()
    const yaml = (port: number) => gatewayYaml(tables, { directory: service.origin }, port, `${folder}/cache`)
    const first = await startGatewayProcess(t, built, yaml(0))
    const [port = 0] = first.ports
    const map = (table: string) => `socketmap:inet:127.0.0.1:${port}:${table}`
    const postfix = await startPostfix(t, {
      virtual_transport: `lmtp:inet:127.0.0.1:${sink.port}`,
      virtual_mailbox_domains: map('domains'),
      virtual_mailbox_maps: map('mailboxes'),
      virtual_alias_maps: map('aliases'),
      recipient_delimiter: '+',
    })
    const setup = { postfix, sink }
    expect(await walk(t, setup, 'real time, before')).toEqual({ ...ALL_FLOWS, unknown550: 5, unknown451: 0 })
    const diedMs = performance.now()
    await service.stop()
    const waitUntil = (seconds: number) => delay(diedMs + seconds * 1_000 - performance.now())
    await waitUntil(1)
    expect(await walk(t, setup, 'real time, +1 s')).toMatchObject(ALL_FLOWS)
    for (const seconds of SECONDS >= 75 ? [15, 75] : [15]) {
      await waitUntil(seconds)
      expect(await walk(t, setup, `real time, +${seconds} s`)).toEqual({
        ...ALL_FLOWS,
        unknown550: 0,
        unknown451: 5,
      })
    }
    expect(await first.stop()).toBe(0)
    await startGatewayProcess(t, built, yaml(port))
    expect(await walk(t, setup, 'real time, restarted')).toEqual({
      ...ALL_FLOWS,
      unknown550: 0,
      unknown451: 5,
    })
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  },
  TIMEOUT_MS,
)
