/**
 * What strangers put into keys, against ten steady clients of good keys: a service that fails for some keys, from
 * one key and from a thousand different ones at fifty a second. The figures are printed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
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

async function attack(
  t: Cleanup,
  poison: Misbehaving,
  setUp: SetUp,
  keyOf: (count: number) => string,
): Promise<{ share: number; p99Ms: number; p99BeforeMs: number }> {
  const gateway = await start(t, poison, setUp)
  const before = askSteadily(t, gateway)
  await delay(500)
  const calm = figures(await before.stop())
  const steady = askSteadily(t, gateway)
  const wires = Array.from({ length: 200 }, () => new Wire(t, gateway, 'socketmap'))
  const endMs = performance.now() + CASE_MS
  for (let count = 0; performance.now() < endMs; count++) {
    wires[count % wires.length]?.ask(keyOf(count)).catch(() => {}) // closed with the test
    await delay(1000 / POISON_RATE)
  }
  const { share, p99Ms } = figures(await steady.stop())
  return { share, p99Ms, p99BeforeMs: calm.p99Ms }
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
    for (const [from, keyOf] of SOURCES) {
      test.concurrent(`answers good keys while ${from} get ${what}, ${POISON_RATE} times a second`, async (t) => {
        const { share, p99Ms, p99BeforeMs } = await attack(t, behaviour, setUp, keyOf)
        console.info(
          `${name}, ${from}, ${what}: ${(share * 100).toFixed(2)} % answered, p99 ${p99Ms.toFixed(0)} ms (before ${p99BeforeMs.toFixed(0)} ms)`,
        )
        expect(share).toBeGreaterThanOrEqual(0.999)
      })
    }
  }
})
