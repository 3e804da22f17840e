/**
 * A healthy service that loses a part of its entries, with a real smtpd: nobody gets a 550 for lost data, and who was
 * deleted on purpose gets it soon.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { confirmLoss } from '../../../src/commands/confirm-loss/confirm-loss.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { until } from '../../support/postfix/until.ts'
import type { Entries } from './directory.ts'
import { mainCfFor, tablesOfPages } from './page-tables.ts'
import { addresses, count, type OutageSetup, print, send, startOutage } from './setup.ts'

const HOUR_MS = 3_600_000

const MAILBOXES = addresses('m', 200)
/** 30 %. */
const LOST = MAILBOXES.slice(100, 160)
const LEFT = MAILBOXES.filter((address) => !LOST.includes(address))

/** Known to the service until the loss, and never asked for. */
const NEVER_ASKED = addresses('n', 1)

const entries = (mailboxes: readonly string[]): Entries => ({
  domains: { 'example.com': 'example.com' },
  mailboxes: Object.fromEntries(mailboxes.map((address) => [address, 'box/'])),
  aliases: {},
})

async function start(t: Cleanup): Promise<OutageSetup> {
  const tables = tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')
  const setup = await startOutage(t, {
    tables,
    entries: entries([...MAILBOXES, ...NEVER_ASKED]),
    mainCf: (map) => mainCfFor(tables, map),
  })
  expect(count(await send(t, setup.postfix, MAILBOXES, 'before'), 250)).toBe(200)
  setup.clock.jump(HOUR_MS)
  return setup
}

async function isTold({ gateway }: OutageSetup): Promise<true | undefined> {
  const text = await (await fetch(`${gateway().adminUrl}/metrics`)).text()
  return text.includes('mapgate_loss_guard_active{table="mailboxes"} 1') ? true : undefined
}

describe('a healthy service', () => {
  beforeEach((context) => requirePostfix(context))

  test('that lost 30 % of its mailboxes gets nobody a 550, is told of within a minute, and believed after one command', async (t) => {
    const setup = await start(t)
    const { postfix, gateway, clock } = setup
    setup.serve(entries(LEFT))
    const lostMs = performance.now()
    const during = await send(t, postfix, MAILBOXES, 'lost')
    await until('the metric that the alert goes by', () => isTold(setup))
    const toldAfterMs = performance.now() - lostMs
    print(`30 % lost, told after ${toldAfterMs.toFixed(0)} ms`, {
      accepted: [count(during, 250), 200],
      'refused with 550': [count(during, 550), 200],
    })
    expect([count(during, 250), count(during, 550)]).toEqual([200, 0])
    expect(toldAfterMs).toBeLessThan(60_000)
    clock.jump(60_000)
    expect(count(await send(t, postfix, LOST, 'a minute later'), 550)).toBe(0)
    // The limit of the page: an address that was lost and never asked for cannot be told from one that never was.
    expect(count(await send(t, postfix, NEVER_ASKED, 'never asked'), 550)).toBe(1)

    const io = recordIo()
    expect(await confirmLoss('mailboxes', { admin: gateway().adminUrl }, io)).toBe(0)
    clock.jump(60_000)
    const after = await send(t, postfix, MAILBOXES, 'confirmed')
    expect([count(after, 250), count(after, 550)]).toEqual([140, 60])
  })

  test('that deleted one mailbox gets it a 550 at its next refresh, and nobody else', async (t) => {
    const setup = await start(t)
    setup.serve(entries(MAILBOXES.slice(1)))
    const { recipients } = await send(t, setup.postfix, MAILBOXES, 'one deleted')
    expect(recipients.flatMap(({ code }, at) => (code === 250 ? [] : [`${MAILBOXES[at]} ${code}`]))).toEqual([
      'm00@example.com 550',
    ])
    expect(await isTold(setup)).toBeUndefined()
  })
})
