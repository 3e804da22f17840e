/**
 * The three usual tables as docs/postfix has them, with a real smtpd, while the service is dead.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Cleanup } from '../../support/http/http-service.ts'
import type { MainCf } from '../../support/postfix/files.ts'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { until } from '../../support/postfix/until.ts'
import { tablesOfPages } from './page-tables.ts'
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

async function start(t: Cleanup): Promise<OutageSetup> {
  const tables = tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')
  return startOutage(t, { tables, entries: USUAL_ENTRIES, mainCf })
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
})
