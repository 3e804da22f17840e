/**
 * The three usual tables as docs/postfix has them, with a real smtpd, while the service is dead.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { drill } from '../../../src/commands/drill/drill.ts'
import { FIRST_FILE } from '../../../src/commands/init/init.ts'
import type { DrillReport } from '../../../src/core/observed/drill-report.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import type { MainCf } from '../../support/postfix/files.ts'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { until } from '../../support/postfix/until.ts'
import { type PageTables, tablesOfPages } from './page-tables.ts'
import { count, type OutageSetup, send, startOutage } from './setup.ts'
import { ALL_FLOWS, USUAL_ENTRIES, walk } from './usual-walk.ts'

function mainCf(map: (table: string) => string): MainCf {
  return {
    virtual_mailbox_domains: map('domains'),
    virtual_mailbox_maps: map('mailboxes'),
    virtual_alias_maps: map('aliases'),
    recipient_delimiter: '+',
  }
}

const PAGES = () => tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')

async function start(t: Cleanup, tables: PageTables = PAGES()): Promise<OutageSetup> {
  return startOutage(t, { tables, entries: USUAL_ENTRIES, mainCf })
}

/** The tables of the file that `mapgate init` writes. */
function tablesOfInit(): PageTables {
  return (parse(FIRST_FILE) as { readonly tables: PageTables }).tables
}

/** The known question is asked about once a second; then unknown addresses are refused again. */
function untilAsked(t: Cleanup, { postfix }: OutageSetup): Promise<true> {
  return until('the service to be asked again', async () =>
    count(await send(t, postfix, ['again@example.com'], 'again'), 550) === 1 ? true : undefined,
  )
}

describe('with the three usual tables', () => {
  beforeEach((context) => requirePostfix(context))

  test('mail to everybody known flows 1 s, 15 s and 75 s after the service died, and nothing bounces', async (t) => {
    const setup = await start(t)
    const { service, postfix, clock } = setup
    expect(await walk(t, setup, 'before')).toEqual({ ...ALL_FLOWS, unknown550: 5, unknown451: 0 })
    await service.stop()
    clock.jump(1_000)
    expect(await walk(t, setup, '+1 s')).toEqual({ ...ALL_FLOWS, unknown550: 5, unknown451: 0 })
    clock.jump(14_000)
    expect(await walk(t, setup, '+15 s')).toEqual({ ...ALL_FLOWS, unknown550: 0, unknown451: 5 })
    clock.jump(60_000)
    expect(await walk(t, setup, '+75 s')).toEqual({ ...ALL_FLOWS, unknown550: 0, unknown451: 5 })
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
    await service.start()
    clock.jump(60_000)
    await untilAsked(t, setup)
    expect(await walk(t, setup, 'after')).toEqual({ ...ALL_FLOWS, unknown550: 5, unknown451: 0 })
  })

  test('mail flows on after a restart of mapgate from its cache file, while the service is dead', async (t) => {
    const setup = await start(t)
    const { service, postfix, clock, restart } = setup
    await walk(t, setup, 'before')
    await service.stop()
    await restart()
    for (const [jumpMs, when] of [
      [15_000, 'restarted, +15 s'],
      [60_000, 'restarted, +75 s'],
    ] as const) {
      clock.jump(jumpMs)
      expect(await walk(t, setup, when)).toEqual({ ...ALL_FLOWS, unknown550: 0, unknown451: 5 })
    }
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })

  test('as `mapgate init` writes them mail flows in a drill, and its report says what smtpd answered', async (t) => {
    const setup = await start(t, tablesOfInit())
    const { service, postfix, clock, gateway } = setup
    await walk(t, setup, 'as init writes it, before')
    clock.jump(15_000)
    const before = service.requests.length
    const drills = `${gateway().adminUrl}/api/v1/drills`
    const change = { 'x-mapgate': '1', 'content-type': 'application/json' }
    const body = JSON.stringify({ upstream: 'directory', seconds: 3600 })
    expect((await fetch(drills, { method: 'POST', headers: change, body })).status).toBe(200)
    const walked = await walk(t, setup, 'as init writes it, in a drill')
    expect(walked).toEqual({ ...ALL_FLOWS, unknown550: 0, unknown451: 5 })
    expect(service.requests.length).toBe(before)
    const io = recordIo()
    expect(
      await drill('directory', { admin: gateway().adminUrl, for: 60_000, stop: true, json: true }, io),
    ).toBe(0)
    expect(io.err()).toBe('')
    const { tables } = JSON.parse(io.out()) as DrillReport
    console.log(`the report: ${JSON.stringify(tables)}`)
    // smtpd asks the aliases first, and ends with the first "try later".
    expect(tables.map(({ name }) => name)).toEqual(['aliases', 'mailboxes', 'domains'])
    const [aliases, mailboxes, domains] = tables
    expect([aliases?.deferred, mailboxes?.deferred]).toEqual([walked.unknown451, 0])
    // The sender's domain, which is somebody else's, once for each of the four messages: no reply waits for it.
    expect(domains?.deferred).toBeLessThanOrEqual(4)
    // Each of the 70 recipients is asked for at least once before smtpd says 250.
    expect(aliases?.answered).toBeGreaterThanOrEqual(70)
    expect(mailboxes?.answered).toBeGreaterThanOrEqual(50)
    await untilAsked(t, setup)
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })
})
