import { describe, expect, onTestFinished, test } from 'vitest'
import type { DrillReport } from '../../../src/core/observed/drill-report.ts'
import { Observability } from '../../../src/observability/observability.ts'
import { Redactor } from '../../../src/observability/redaction.ts'
import { READY } from '../../support/admin/scripted-program.ts'
import { testLog } from '../../support/admin/test-log.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

const DRILL: DrillReport = {
  upstream: 'directory',
  state: 'running',
  startedAtMs: 1_767_225_600_000,
  endsAtMs: 1_767_225_660_000,
  tables: [{ name: 'senders', answered: 0, deferred: 0 }],
}

async function start() {
  const clock = new ManualClock()
  const log = await testLog(onTestFinished)
  const observability = new Observability({
    clock,
    logging: log.logging,
    redactor: new Redactor(),
    status: () => READY,
    version: '1.2.3',
    protocols: ['socketmap'],
  })
  /** Ends the log. */
  const lines = async (event: string) => (await log.lines()).filter((line) => line.event === event)
  return { clock, observability, lines }
}

describe('lookups that are answered by whenUnknown', () => {
  test('are one line at once and then one a minute with their number, by table', async () => {
    const { clock, observability, lines } = await start()
    const answered = (table: string) => observability.observer.table(table).outageAnswered('when-unknown')
    answered('senders')
    answered('senders')
    answered('copies')
    clock.advance(59_999)
    answered('senders')
    clock.advance(1)
    answered('senders')
    answered('senders')
    clock.advance(60_000)
    answered('senders')
    const all = await lines('unknown')
    expect(all.map(({ table, lookups }) => [table, lookups])).toEqual([
      ['senders', 1],
      ['copies', 1],
      ['senders', 3],
      ['senders', 2],
    ])
    expect(all[0]).toMatchObject({
      level: 'warn',
      msg: 'lookups are answered "not found" by whenUnknown, because the service does not answer',
    })
  })

  test('are none of another rule', async () => {
    const { observability, lines } = await start()
    observability.observer.table('senders').outageAnswered('stale-not-found')
    expect(await lines('unknown')).toEqual([])
  })

  test('are put down to the drill while one is under way', async () => {
    const { clock, observability, lines } = await start()
    const { serviceEvents, observer } = observability
    const answered = (table: string) => observer.table(table).outageAnswered('when-unknown')
    serviceEvents.drillChanged(DRILL)
    answered('senders')
    answered('copies')
    serviceEvents.drillChanged({ ...DRILL, state: 'ended', endedBy: 'time' })
    clock.advance(60_000)
    answered('senders')
    const why = (await lines('unknown')).map(({ table, msg }) => [table, String(msg).split('because ')[1]])
    expect(why).toEqual([
      ['senders', 'a drill treats the service as dead'],
      ['copies', 'the service does not answer'],
      ['senders', 'the service does not answer'],
    ])
  })
})

test('a loss of keys is a line and a problem that name the command which confirms it', async () => {
  const { observability, lines } = await start()
  const { observer, problems } = observability
  observer.table('mailboxes').lossChanged(true)
  const text =
    'the service lost many keys that it found before: its "not found" of such keys is not believed; restore its data or, if they are gone on purpose, mapgate confirm-loss mailboxes'
  expect(problems.list()).toMatchObject([{ where: 'mailboxes', text }])
  observer.table('mailboxes').lossChanged(false)
  expect(await lines('loss')).toMatchObject([
    { level: 'error', table: 'mailboxes', holding: true, msg: text },
    { level: 'info', holding: false, msg: 'the loss of keys is over: "not found" is believed again' },
  ])
})
