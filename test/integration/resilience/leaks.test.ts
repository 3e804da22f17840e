/**
 * What is left after trouble: no timer, no request under way, no place taken, no connection in use.
 */
import { expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type Behaviour, startHttpService } from '../../support/http/http-service.ts'
import { quiet, until } from '../../support/wire/sockets.ts'
import { Wire } from './wire.ts'

const STORM: readonly Behaviour[] = [
  { text: 'x' },
  { status: 404 },
  { status: 500 },
  { status: 429 },
  { act: 'reset' },
  { act: 'reset-in-body' },
  { act: 'silence' },
  { act: 'stall-in-body' },
  { act: 'large', bytes: 4_000_000, announced: false },
  { act: 'raw', bytes: 'nothing' },
]

test('a storm of failures leaves nothing behind', async (t) => {
  const services = [await startHttpService(t), await startHttpService(t)]
  let asked = 0
  for (const service of services) {
    service.otherwise = ({ url }) => {
      if (url === '/postmaster') return { text: 'here' }
      const behaviour = STORM[asked++ % STORM.length]
      if (behaviour === undefined || typeof behaviour === 'function') throw new RangeError('no behaviour')
      return behaviour
    }
  }
  const clock = new ManualClock()
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams:
  directory:
    endpoints: ${JSON.stringify(services.map(({ origin }) => origin))}
    attempts: 3
    hedgeAfter: 50ms
    maxConcurrent: 4
    maxQueued: 10
    maxBodyBytes: 1MiB
tables:
  aliases:
    upstream: directory
    request: { path: "/{key}" }
    canary: { key: postmaster }
    cache: { ttl: 1s }
`,
    { clock },
  )
  const wires = Array.from(
    { length: 20 },
    (_, at) => new Wire(t, gateway, at % 2 === 0 ? 'socketmap' : 'tcp_table'),
  )
  const state = () => gateway.gateway.status().upstreams[0]
  const storm = async (round: number) => {
    let replied = 0
    const replies = wires.flatMap((wire, index) =>
      Array.from({ length: 5 }, (_, at) =>
        wire.ask(`${round}-${index % 15}-${at}`).then((reply) => {
          replied++
          return reply
        }),
      ),
    )
    while (replied < replies.length) {
      await quiet()
      clock.advance(100)
    }
    clock.advance(20_000) // what nobody waits for any more ends by itself
    await until(() => state()?.inFlight === 0 && state()?.queued === 0)
    // An open circuit is tested until it closes, which the canary sees to.
    while (state()?.endpoints.some(({ circuit }) => circuit !== 'closed')) {
      clock.advance(1000)
      await quiet()
    }
    await until(() => state()?.inFlight === 0)
    clock.advance(250) // the last look for slow requests
    await quiet()
    return (await Promise.all(replies)).map(({ kind }) => kind)
  }

  const kinds = new Set(await storm(0))
  expect(kinds.has('OK')).toBe(true)
  expect(kinds.has('TEMP') || kinds.has('TIMEOUT')).toBe(true)
  const timers = clock.timers
  for (let round = 1; round < 6; round++) await storm(round)
  expect(clock.timers).toBe(timers)
  expect(gateway.log().filter(({ level }) => level === 'error')).toEqual([])
  expect(services.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  for (const { open } of services) expect(open).toBeLessThanOrEqual(4)
})
