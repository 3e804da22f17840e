import { describe, expect, onTestFinished, test } from 'vitest'
import { Explanation } from '../../../src/core/observed/explain.ts'
import type { ListenerObserver } from '../../../src/core/observed/observer.ts'
import {
  type AnswerSource,
  found,
  type LookupResult,
  NOT_FOUND,
  permanent,
  temporary,
} from '../../../src/core/result.ts'
import type { KeyStyle } from '../../../src/observability/log-key.ts'
import { Observability } from '../../../src/observability/observability.ts'
import { Redactor } from '../../../src/observability/redaction.ts'
import { READY } from '../../support/admin/scripted-program.ts'
import { type TestLogOptions, testLog } from '../../support/admin/test-log.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

const KEY = 'bob@lighthouse.example'

async function observe(options: TestLogOptions & { readonly traceId?: () => string } = {}) {
  const clock = new ManualClock()
  const log = await testLog(onTestFinished, options)
  const { traceId } = options
  const observability = new Observability({
    clock,
    logging: log.logging,
    redactor: new Redactor(),
    status: () => READY,
    version: '1.2.3',
    protocols: ['socketmap', 'tcp_table', 'admin'],
    ...(traceId && { traceId }),
  })
  const { observer } = observability
  const answer = (
    result: LookupResult,
    source: AnswerSource,
    durationMs: number,
    explanation?: Explanation,
  ) => {
    const query = { protocol: 'socketmap', table: 'aliases', key: Buffer.from(KEY) } as const
    observer.table('aliases').answered(query, result, source, durationMs, explanation)
  }
  return { clock, log, observability, observer, answer }
}

function explained(): Explanation {
  const explanation = new Explanation()
  explanation.add({ step: 'key', key: KEY })
  explanation.add({ step: 'domains', domain: 'lighthouse.example', passed: true })
  const result = found('alice@lighthouse.example')
  const selected = ['alice@lighthouse.example']
  explanation.add({
    step: 'request',
    key: KEY,
    upstream: 'directory',
    endpoint: '0 dir.example',
    durationMs: 3,
    result,
    selected,
    attempt: 'first',
  })
  return explanation
}

/** Takes every event that waits. */
function eventsOf(subscription: { take(): string | undefined } | undefined): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = []
  for (let frame = subscription?.take(); frame !== undefined; frame = subscription?.take()) {
    events.push(JSON.parse(frame.replace(/^event: .*\ndata: /, '')) as Record<string, unknown>)
  }
  return events
}

describe('lookups in the log', () => {
  test('a successful lookup is no line above debug', async () => {
    const { log, answer } = await observe({ level: 'info' })
    answer(found('x'), 'upstream', 999.999)
    answer(NOT_FOUND, 'cache', 0.01)
    expect(await log.lines()).toEqual([])
  })

  test('a successful lookup is a line at debug', async () => {
    const { log, answer } = await observe({ level: 'debug' })
    answer(found('x'), 'cache', 0.01)
    expect(await log.lines()).toEqual([
      expect.objectContaining({
        level: 'debug',
        event: 'lookup',
        table: 'aliases',
        key: KEY,
        result: 'found',
        source: 'cache',
      }),
    ])
  })

  test('a lookup of a second is logged with every step', async () => {
    const { log, answer } = await observe()
    answer(found('x'), 'upstream', 1000, explained())
    const [line] = await log.lines()
    expect(line).toMatchObject({ level: 'warn', msg: 'lookup slow', durationMs: 1000 })
    expect(line?.steps).toEqual([
      { step: 'key', key: KEY },
      { step: 'domains', domain: 'lighthouse.example', passed: true },
      {
        step: 'request',
        key: KEY,
        upstream: 'directory',
        endpoint: '0 dir.example',
        durationMs: 3,
        // What the service answered is nobody's business here.
        result: { kind: 'found' },
        attempt: 'first',
      },
    ])
  })

  test('a failed lookup is logged with cause and reason, and is a problem', async () => {
    const { log, answer, observability } = await observe()
    answer(temporary('connect', 'connection refused'), 'upstream', 2)
    expect(await log.lines()).toEqual([
      expect.objectContaining({ msg: 'lookup failed', cause: 'connect', reason: 'connection refused' }),
    ])
    expect(observability.problems.list()).toMatchObject([
      { kind: 'lookup', where: 'aliases', text: 'connect: connection refused', count: 1 },
    ])
  })

  test('the line of a lookup names its trace', async () => {
    const { log, answer } = await observe({ traceId: () => 'cafe' })
    answer(temporary('connect', 'connection refused'), 'upstream', 2)
    expect(await log.lines()).toMatchObject([{ traceId: 'cafe' }])
  })

  test('an outage writes ten lines a second and says how many it left out', async () => {
    const { clock, log, answer } = await observe()
    for (let n = 0; n < 500; n++) answer(temporary('connect', 'connection refused'), 'upstream', 2)
    clock.advance(1000)
    answer(temporary('connect', 'connection refused'), 'upstream', 2)
    const lines = await log.lines()
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toMatchObject({ suppressed: 490 })
  })

  test('a table that nobody configured is named as it was asked', async () => {
    const { log, observer, observability } = await observe()
    const query = { protocol: 'socketmap', table: `nosuch${'x'.repeat(200)}`, key: Buffer.from(KEY) } as const
    observer.table('').answered(query, permanent('no-table', 'no such table'), 'refused', 0.01, undefined)
    const [line] = await log.lines()
    expect(line).toMatchObject({ table: '', asked: `nosuch${'x'.repeat(94)}` })
    expect(observability.problems.list()).toMatchObject([
      { kind: 'lookup', text: `no-table: no such table (asked: "nosuch${'x'.repeat(94)}")` },
    ])
  })

  test('an address where the name of a table should be is shown as a key', async () => {
    const { log, observer } = await observe({ keys: 'none' })
    const query = { protocol: 'socketmap', table: KEY, key: Buffer.from(KEY) } as const
    observer.table('').answered(query, permanent('no-table', 'no such table'), 'refused', 0.01, undefined)
    expect(JSON.stringify(await log.lines())).not.toContain('@')
  })

  for (const keys of ['hash', 'none'] as KeyStyle[]) {
    test(`with keys: ${keys} no line and no event holds a key, a part of it or a value`, async () => {
      const { log, answer, observability } = await observe({ keys })
      const subscription = observability.events.subscribe(() => {})
      const explanation = explained()
      explanation.add({
        step: 'propagated',
        extension: 'lighthouse.example',
        before: 'alice',
        after: 'alice+lighthouse.example',
      })
      answer(temporary('connect', 'connection refused'), 'upstream', 2, explanation)
      answer(found('alice@lighthouse.example'), 'cache', 2)
      const text = JSON.stringify([await log.lines(), eventsOf(subscription)])
      expect(text).not.toMatch(/bob|alice|lighthouse/)
    })
  }
})

describe('events', () => {
  test('a watcher sees lookups, at most twenty a second', async () => {
    const { answer, observability } = await observe({ level: 'silent' })
    const subscription = observability.events.subscribe(() => {})
    for (let n = 0; n < 30; n++) answer(found('x'), 'cache', 0.5)
    const events = eventsOf(subscription)
    expect(events).toHaveLength(20)
    expect(events[0]).toEqual({
      type: 'lookup',
      atMs: Date.UTC(2026, 0, 1),
      protocol: 'socketmap',
      table: 'aliases',
      key: KEY,
      result: 'found',
      source: 'cache',
      durationMs: 0.5,
    })
  })

  test('a failed lookup carries its cause', async () => {
    const { answer, observability } = await observe({ level: 'silent' })
    const subscription = observability.events.subscribe(() => {})
    answer(temporary('timeout', 'no answer'), 'upstream', 5)
    expect(eventsOf(subscription)).toMatchObject([
      { type: 'lookup', result: 'temporary', cause: 'timeout' },
      { type: 'problem', problem: { kind: 'lookup', where: 'aliases' } },
    ])
  })
})

describe('what else is reported', () => {
  test('a circuit that opens is a warning, an event and a problem; one that closes is no problem', async () => {
    const { log, observer, observability } = await observe()
    const subscription = observability.events.subscribe(() => {})
    observer.upstream('directory').circuitChanged('0 dir.example', 'open', 'connect')
    observer.upstream('directory').circuitChanged('0 dir.example', 'closed')
    expect(eventsOf(subscription).map(({ type, state }) => [type, state])).toEqual([
      ['circuit', 'open'],
      ['problem', undefined],
      ['circuit', 'closed'],
    ])
    expect(observability.problems.list()).toMatchObject([
      {
        kind: 'circuit',
        where: 'directory 0 dir.example',
        text: expect.stringContaining('last failure: connect'),
      },
    ])
    expect((await log.lines()).map(({ level, state }) => [level, state])).toEqual([
      ['warn', 'open'],
      ['info', 'closed'],
    ])
  })

  test('a canary that goes unanswered is not said to be unknown to the service', async () => {
    const { log, observer, observability } = await observe()
    const failure = 'connect: TLS with the service failed: CERT_HAS_EXPIRED'
    observer.table('aliases').canaryChanged('directory', '0 dir.example', 'unreachable', failure)
    observer.table('aliases').canaryChanged('directory', '0 dir.example', 'missing')
    expect(observability.problems.list().map(({ text }) => text.split(':', 1)[0])).toEqual([
      'canary not found',
      'canary unanswered',
    ])
    expect(observability.problems.list()[1]?.text).toContain(`(${failure})`)
    expect((await log.lines()).map((line) => [line.state, line.failure])).toEqual([
      ['unreachable', failure],
      ['missing', undefined],
    ])
  })

  test('a canary that is missing is a warning, an event and a problem; one that is found is no problem', async () => {
    const { log, observer, observability } = await observe()
    const subscription = observability.events.subscribe(() => {})
    observer.table('aliases').canaryChanged('directory', '0 dir.example', 'missing')
    observer.table('aliases').canaryChanged('directory', '0 dir.example', 'up')
    expect(eventsOf(subscription).map(({ type, up }) => [type, up])).toEqual([
      ['canary', false],
      ['problem', undefined],
      ['canary', true],
    ])
    expect((await log.lines()).map(({ level, up }) => [level, up])).toEqual([
      ['warn', false],
      ['info', true],
    ])
  })

  for (const [quietMs, lines] of [
    [9_999, 1],
    [10_000, 2],
  ] as const) {
    test(`shedding again after ${quietMs} ms makes ${lines} lines`, async () => {
      const { clock, log, observer } = await observe()
      observer.upstream('directory').shed()
      clock.advance(quietMs)
      observer.upstream('directory').shed()
      expect(await log.lines()).toHaveLength(lines)
    })
  }

  test('a defect is logged with its stack and counted; watchers see its text only', async () => {
    const { clock, log, observer, observability } = await observe()
    observer.defect(new TypeError('x is undefined'), 'resolver')
    clock.advance(1000)
    observer.defect('not even an error', 'resolver')
    const lines = await log.lines()
    expect(lines[0]).toMatchObject({
      level: 'error',
      where: 'resolver',
      err: { stack: expect.stringContaining('TypeError') },
    })
    expect(observability.counters.defects).toBe(2)
    expect(observability.problems.list().map(({ text }) => text)).toEqual([
      'not even an error',
      'x is undefined',
    ])
  })

  test('a defect that every lookup meets fills no disk: one line a second, and the number of the others', async () => {
    const { clock, log, observer, observability } = await observe()
    for (let time = 0; time < 1000; time++) observer.defect(new Error('a bug'), 'upstream directory')
    clock.advance(1000)
    observer.defect(new Error('a bug'), 'upstream directory')
    expect((await log.lines()).map(({ suppressed }) => suppressed)).toEqual([undefined, 999])
    expect(observability.counters.defects).toBe(1001)
  })

  test('a listener tells through the interface of src/server', async () => {
    const { log, observer, observability } = await observe()
    const listener: ListenerObserver = observer.listener('inet:127.0.0.1:0')
    listener.connectionRefused('allow')
    listener.acceptFailed(new Error('too many open files'))
    listener.acceptFailed(new Error('too many open files'))
    listener.defect(new Error('a bug'))
    expect((await log.lines()).map(({ msg }) => msg)).toEqual([
      'cannot accept connections',
      'defect: please report it',
    ])
    expect(observability.counters.defects).toBe(1)
  })

  test('start, listeners and reloads are one line each', async () => {
    const { log, observability } = await observe()
    const { eventLog } = observability
    eventLog.stateChanged('ready', { version: '1.2.3' })
    eventLog.listenerUp('inet:127.0.0.1:0', 'inet:127.0.0.1:4711', 'socketmap')
    eventLog.reloaded('configuration reloaded', { dropped: { aliases: 3 } })
    eventLog.reloadFailed([])
    eventLog.tracesLost(new Error('refused'))
    eventLog.tracesLost(undefined)
    expect((await log.lines()).map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      'info gateway ready',
      'info listening',
      'info configuration reloaded',
      'error reload refused; the previous configuration stays in use',
      'warn traces lost: the collector does not accept them',
    ])
    expect(observability.problems.list().map(({ kind }) => kind)).toEqual(['reload'])
  })

  test('the same observer is given for the same name', async () => {
    const { observer } = await observe()
    expect(observer.table('a')).toBe(observer.table('a'))
    expect(observer.upstream('a')).toBe(observer.upstream('a'))
    expect(observer.table('a')).not.toBe(observer.table('b'))
  })
})

describe('a store', () => {
  test('that fails or is full is one line and one problem for each episode, and no defect', async () => {
    const { clock, log, observability, observer } = await observe()
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    for (let n = 0; n < 3; n++) observer.table('verify').storeFailed(full)
    for (let n = 0; n < 3; n++) observer.upstream('learned').troubled('store', 'full')
    clock.advance(10_000)
    observer.table('verify').storeFailed(full)
    expect(observability.counters.defects).toBe(0)
    expect(observability.problems.list().map(({ kind, where, count }) => [kind, where, count])).toEqual(
      expect.arrayContaining([
        ['store', 'verify', 2],
        ['store', 'learned', 1],
      ]),
    )
    const lines = (await log.lines()).filter(({ event }) => event === 'store')
    expect(lines.map(({ level, table, upstream }) => [level, table, upstream])).toEqual([
      ['error', 'verify', undefined],
      ['warn', undefined, 'learned'],
      ['error', 'verify', undefined],
    ])
    expect(JSON.stringify(lines[0])).toContain('ENOSPC')
  })
})
