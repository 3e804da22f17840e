/**
 * Tables with replicas and a real smtpd: the service dies at once after one copy, and no key was ever asked before.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { until } from '../../support/postfix/until.ts'
import { FLOWS, inbound, start, submit } from './larger-walk.ts'
import { mainCfFor, type PageTables, tablesOfPages, tablesOfResilience } from './page-tables.ts'
import { count, type OutageSetup, print, send, startOutage } from './setup.ts'
import { ALL_FLOWS, USUAL_ENTRIES, walk } from './usual-walk.ts'

const DAY_MS = 86_400_000

/** The same tables, each with its list. */
function withReplicas(tables: PageTables): PageTables {
  return Object.fromEntries(
    Object.entries(tables).map(([name, table]) => {
      const replica = { path: `/lists/${name}`, value: table.response.value, every: '1h' }
      return [name, { ...table, replica }]
    }),
  )
}

/** Resolves when every table has its copy. */
async function copied({ gateway }: OutageSetup): Promise<void> {
  await until('a copy of each table', () =>
    gateway()
      .gateway.status()
      .tables.every(({ replica }) => replica?.state === 'ready')
      ? true
      : undefined,
  )
}

describe('with replicas', () => {
  beforeEach((context) => requirePostfix(context))

  test('three tables: everything flows, unknown is 550, over a restart, too, and 451 after notFoundFor', async (t) => {
    const tables = withReplicas(
      tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps'),
    )
    const setup = await startOutage(t, {
      tables,
      entries: USUAL_ENTRIES,
      mainCf: (map) => mainCfFor(tables, map),
    })
    await copied(setup)
    const asked = setup.service.requests.filter(({ url }) => !url.startsWith('/v1/lists/')).length
    await setup.service.stop()
    console.log(`keys asked before the service died, canaries: ${asked}`)
    expect(asked).toBeLessThanOrEqual(Object.keys(tables).length)
    const all = { ...ALL_FLOWS, unknown550: 5, unknown451: 0 }
    expect(await walk(t, setup, 'replicas, service dead')).toEqual(all)
    await setup.restart()
    expect(await walk(t, setup, 'replicas, service dead, after a restart')).toEqual(all)
    setup.clock.jump(DAY_MS)
    const late = await send(t, setup.postfix, ['nobody@example.com'], 'late')
    expect(late.recipients.map(({ code }) => code)).toEqual([451])
    expect(await setup.postfix.readLog()).not.toContain('status=bounced')
  })

  test('the whole set-up of docs/resilience.md: inbound and submission flow completely', async (t) => {
    const setup = await start(t, withReplicas(tablesOfResilience()))
    const { postfix, service, sink } = setup
    await copied(setup)
    await service.stop()
    const flowed = await inbound(t, setup, 'replicas, inbound')
    print(
      'replicas, inbound',
      Object.fromEntries(
        Object.entries(FLOWS).map(([name, [, , got]]) => [name, [flowed[name]?.length ?? 0, got.length]]),
      ),
    )
    expect(flowed).toEqual(Object.fromEntries(Object.entries(FLOWS).map(([name, [, , got]]) => [name, got])))
    for (const [address, code] of [
      ['nobody@example.com', 550],
      ['never@example.net', 250],
      ['ann+never@example.com', 250],
    ] as const)
      expect([address, count(await send(t, postfix, [address], 'never asked'), code)]).toEqual([address, 1])
    const denied = await send(t, postfix, ['ann@example.com'], 'denied', 'bad@elsewhere.example')
    expect(denied.recipients.map(({ code }) => code)).toEqual([554])
    const submitted = async (when: string) => {
      for (const to of ['z@elsewhere.example', 'bob@example.com']) {
        const subject = `replicas, submission to ${to}${when}`
        expect((await submit(t, setup, to, subject)).message?.code).toBe(250)
        expect(await sink.recipientsOf(subject, 1)).toEqual([to])
      }
    }
    await submitted('')
    await setup.restart()
    expect(await inbound(t, setup, 'replicas, inbound after a restart')).toEqual(flowed)
    await submitted(' after a restart')
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })
})
