/**
 * What strangers put into keys, against ten steady clients of good keys: a service that fails for some keys, from
 * one key and from a thousand different ones at fifty a second, one after the other. The figures are printed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import {
  type Behaviour,
  type Cleanup,
  type HttpService,
  type RecordedRequest,
  startHttpService,
} from '../../support/http/http-service.ts'
import { askSteadily, figures } from './steady-lookups.ts'
import { Wire } from './wire.ts'

/** Of each of the many cases: `MAPGATE_TEST_SECONDS` makes them longer. */
const CASE_MS = Number(process.env.MAPGATE_TEST_SECONDS ?? '0.5') * 1000

/** Of poisonous keys, each second. */
const POISON_RATE = 50

type Misbehaving = Exclude<Behaviour, (request: RecordedRequest) => unknown>

const POISON: readonly (readonly [what: string, behaviour: Misbehaving])[] = [
  ['500', { status: 500 }],
  ['control characters', { text: 'x\u0001@b.example' }],
  ['an unreadable body', { status: 200, headers: { 'content-encoding': 'gzip' }, text: 'x' }],
  ['an oversize body', { act: 'large', bytes: 200_000, announced: true }],
  ['silence', { act: 'silence' }],
  ['a proper answer after 2.5 s', { act: 'slow', afterMs: 2500, reply: { text: 'x@b.example' } }],
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '300' } }],
  ['503 with Retry-After', { status: 503, headers: { 'retry-after': '300' } }],
]

interface SetUp {
  readonly endpoints: 1 | 2
  readonly canary: boolean
  readonly batch: boolean
}

async function start(t: Cleanup, poison: Misbehaving, { endpoints, canary, batch }: SetUp) {
  const services: HttpService[] = []
  for (let index = 0; index < endpoints; index++) {
    const service = await startHttpService(t)
    service.otherwise = (request) => answer(request, poison)
    services.push(service)
  }
  return startGateway(
    t,
    `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ${JSON.stringify(services.map(({ origin }) => origin))}, maxBodyBytes: 64KiB }
tables:
  aliases:
    upstream: directory
    request: { path: "/{key}" }
    ${batch ? 'batch: { method: POST, path: "/batch", json: { keys: "{keys}" } }' : ''}
    ${canary ? 'canary: { key: good-canary }' : ''}
    cache: off
`,
  )
}

function answer({ url, body }: RecordedRequest, poison: Misbehaving): Misbehaving {
  if (url !== '/batch') return url.startsWith('/poison') ? poison : { text: 'x@b.example' }
  const { keys } = JSON.parse(body) as { keys: string[] }
  if (keys.some((key) => key.startsWith('poison'))) return poison
  return { json: Object.fromEntries(keys.map((key) => [key, 'x@b.example'])) }
}

async function attack(t: Cleanup, gateway: TestGateway, keyOf: (count: number) => string) {
  const steady = askSteadily(t, gateway)
  // As many as are asked for: each waits for its reply.
  const wires = Array.from(
    { length: POISON_RATE * Math.ceil(CASE_MS / 1000) },
    () => new Wire(t, gateway, 'socketmap'),
  )
  const endMs = performance.now() + CASE_MS
  for (let count = 0; performance.now() < endMs; count++) {
    wires[count % wires.length]?.ask(keyOf(count)).catch(() => {}) // closed with the test
    await delay(1000 / POISON_RATE)
  }
  return figures(await steady.stop())
}

const SET_UPS: readonly (readonly [name: string, setUp: SetUp])[] = [
  ['one endpoint without a canary', { endpoints: 1, canary: false, batch: false }],
  ['two endpoints without a canary', { endpoints: 2, canary: false, batch: false }],
  ['two endpoints with a canary', { endpoints: 2, canary: true, batch: false }],
  ['one endpoint with batches', { endpoints: 1, canary: false, batch: true }],
  ['two endpoints with batches and a canary', { endpoints: 2, canary: true, batch: true }],
]

const SOURCES: readonly (readonly [from: string, keyOf: (count: number) => string])[] = [
  ['a thousand others', (count) => `poison${count % 1000}`],
  ['one other', () => 'poison'],
]

// Side by side: they mostly wait, and each compares with its own calm.
describe.each(SET_UPS)('%s', (name, setUp) => {
  for (const [what, behaviour] of POISON) {
    test.concurrent(`answers good keys while others get ${what}, ${POISON_RATE} times a second`, async (t) => {
      const gateway = await start(t, behaviour, setUp)
      const before = askSteadily(t, gateway)
      await delay(500)
      const calm = figures(await before.stop())
      for (const [from, keyOf] of SOURCES) {
        const { share, p99Ms } = await attack(t, gateway, keyOf)
        console.info(
          `${name}, ${from}, ${what}: ${(share * 100).toFixed(2)} % answered, p99 ${p99Ms.toFixed(0)} ms (before ${calm.p99Ms.toFixed(0)} ms)`,
        )
        expect(share, from).toBeGreaterThanOrEqual(0.999)
      }
    })
  }
})
