/**
 * A service that dies, hangs, refuses, resets or answers 502 to everything, and comes back: how soon that is
 * noticed, and how soon every lookup is answered again. The figures are printed.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type Behaviour, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { askSteadily, CASE_MS } from './steady-lookups.ts'

const become = (behaviour: Behaviour) => (service: HttpService) => {
  service.otherwise = behaviour
}

const OUTAGES: readonly (readonly [what: string, begin: (service: HttpService) => Promise<void> | void])[] = [
  ['dies', (service) => service.stop()],
  ['refuses connections', (service) => service.drain()],
  ['hangs', become({ act: 'silence' })],
  ['resets', become({ act: 'reset' })],
  ['answers 502 to everything', become({ status: 502 })],
  ['answers 500 to everything', become({ status: 500 })],
]

/** An outage is noticed when it costs a lookup nothing any more: its circuit is open. */
const NOTICED_MS = 2000
const BACK_MS = 1500

describe.each(OUTAGES)('a service that %s', (what, begin) => {
  test('is noticed within two seconds, and every lookup is answered 1.5 s after it is back', {
    timeout: 30_000 + 4 * CASE_MS,
  }, async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'x@b.example' }
    const gateway = await startGateway(
      t,
      `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ["${service.origin}"] }
tables:
  aliases: { upstream: directory, request: { path: "/{key}" }, cache: off }
`,
    )
    const circuit = () => gateway.gateway.status().upstreams[0]?.endpoints[0]?.circuit
    const steady = askSteadily(t, gateway)
    await delay(300)
    const beganMs = performance.now()
    await begin(service)
    while (circuit() === 'closed') {
      expect(performance.now() - beganMs).toBeLessThan(NOTICED_MS)
      await delay(5)
    }
    const noticedMs = performance.now() - beganMs
    await delay(CASE_MS)
    service.otherwise = { text: 'x@b.example' }
    if (what === 'dies' || what === 'refuses connections') await service.start()
    const backMs = performance.now()
    await delay(BACK_MS + 1000)
    const replies = await steady.stop()
    const lastFailedMs = Math.max(...replies.filter(({ kind }) => kind !== 'OK').map(({ atMs }) => atMs))
    console.info(
      `${what}: noticed after ${noticedMs.toFixed(0)} ms, every lookup answered ${(lastFailedMs - backMs).toFixed(0)} ms after it was back`,
    )
    expect(lastFailedMs - backMs).toBeLessThan(BACK_MS)
    // Once it was noticed nobody waited for it.
    const meanwhile = replies.filter(
      ({ atMs, tookMs }) => atMs - tookMs > beganMs + NOTICED_MS && atMs < backMs,
    )
    for (const { tookMs } of meanwhile) expect(tookMs).toBeLessThan(500)
  })
})
