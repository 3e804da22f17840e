/**
 * How soon an outage is noticed, and how soon every lookup is answered when the service is back: exactly, on the manual clock.
 * With real services: test/integration/resilience/outages.test.ts.
 */
import { expect, test } from 'vitest'
import { setUp } from '../../../support/core/resilient.ts'
import {
  fails,
  refuses,
  type Script,
  says,
  stalled,
  timedOut,
} from '../../../support/core/scripted-endpoint.ts'

const OUTAGES: readonly (readonly [what: string, script: Script])[] = [
  ['refuses connections', { reply: refuses() }],
  ['resets connections', { reply: { ...refuses(), retry: 'any' }, afterMs: 5 }],
  ['hangs', { reply: timedOut(), afterMs: Number.POSITIVE_INFINITY }],
  [
    'sends the heads of its replies and hangs',
    { reply: stalled(), afterMs: Number.POSITIVE_INFINITY, late: stalled() },
  ],
  ['answers 502 to everything', { reply: fails(502), afterMs: 5 }],
  ['answers 500 to everything', { reply: fails(500), afterMs: 5 }],
]

test.each(OUTAGES)(
  'a service that %s is noticed within 2 s, and every lookup answered 1.5 s after it is back',
  async (_, outage) => {
    const { clock, state, upstream, endpoints, question } = setUp(
      [() => ({ reply: says('here'), afterMs: 10 })],
      {
        settings: { circuitBreaker: { failures: 2, openForMs: 1000 } },
      },
    )
    const service = endpoints[0]
    const circuit = () => state.status().endpoints[0]?.circuit
    const answers: { readonly kind: string; readonly startMs: number; readonly atMs: number }[] = []
    let asked = 0
    /** A lookup each 20 ms, of ten keys in turn. */
    const goOn = async (ms: number) => {
      for (let past = 0; past < ms; past += 20) {
        const startMs = clock.monotonicMs()
        void Promise.resolve(upstream.ask(question(`good${asked++ % 10}`))).then(({ result }) =>
          answers.push({ kind: result.kind, startMs, atMs: clock.monotonicMs() }),
        )
        await clock.advanceAsync(20)
      }
    }
    await goOn(1000)
    if (service !== undefined) service.script = () => outage
    const beganMs = clock.monotonicMs()
    while (circuit() === 'closed') {
      expect(clock.monotonicMs() - beganMs).toBeLessThan(2000)
      await goOn(20)
    }
    const noticedMs = clock.monotonicMs()
    await goOn(3000)
    if (service !== undefined) service.script = () => ({ reply: says('here'), afterMs: 10 })
    const backMs = clock.monotonicMs()
    await goOn(3000)
    const failed = answers.filter(({ kind }) => kind !== 'found')
    expect(Math.max(...failed.map(({ atMs }) => atMs)) - backMs).toBeLessThan(1500)
    // Once it was noticed nobody waits for it.
    const meanwhile = answers.filter(({ startMs }) => startMs > noticedMs && startMs < backMs)
    expect(meanwhile.length).toBeGreaterThan(100)
    for (const { startMs, atMs } of meanwhile) expect(atMs - startMs).toBe(0)
  },
)
