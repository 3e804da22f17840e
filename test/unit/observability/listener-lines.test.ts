/**
 * What the log says of requests that a listener refuses, or cannot pass on.
 */
import { expect, onTestFinished, test } from 'vitest'
import { Observability } from '../../../src/observability/observability.ts'
import { Redactor } from '../../../src/observability/redaction.ts'
import { READY } from '../../support/admin/scripted-program.ts'
import { testLog } from '../../support/admin/test-log.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

test('what a listener refuses or cannot pass on is one line a minute for each listener, with how often, and a problem', async () => {
  const clock = new ManualClock()
  const log = await testLog(onTestFinished)
  const observability = new Observability({
    clock,
    logging: log.logging,
    redactor: new Redactor(),
    status: () => READY,
    version: '1.2.3',
    protocols: ['proxymap'],
  })
  const { observer } = observability
  const listener = observer.listener('unix:/proxymap')
  const other = observer.listener('unix:/proxywrite')
  for (let second = 0; second < 61; second++) {
    listener.passFailed('connect', 'nobody listens there')
    other.changeRefused('aliases')
    clock.advance(1000)
  }
  other.changeRefused('not a/name')
  const lines = (await log.lines()).map(({ event, level, listener, requests, msg }) => [
    event,
    level,
    listener,
    requests,
    msg,
  ])
  const refused = (table: string) =>
    `a change of table${table} was refused: it cannot be written at this listener; give a table of a store to the listener that proxywrite_service_name leads to, by "write"`
  expect(lines).toEqual([
    ['pass', 'error', 'unix:/proxymap', 1, 'nobody listens there'],
    ['write', 'warn', 'unix:/proxywrite', 1, refused(' aliases')],
    ['pass', 'error', 'unix:/proxymap', 60, 'nobody listens there'],
    ['write', 'warn', 'unix:/proxywrite', 60, refused(' aliases')],
  ])
  expect(observability.problems.list().map(({ kind, where }) => [kind, where])).toEqual([
    ['listener', 'unix:/proxywrite'],
    ['listener', 'unix:/proxymap'],
  ])
})
