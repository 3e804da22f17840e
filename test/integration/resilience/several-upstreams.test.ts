/**
 * A table over two HTTP upstreams: the first that has an answer wins, and one that does not know ends
 * the search, since the next one's "not found" would say nothing about its keys.
 */
import { expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { Wire } from './wire.ts'

async function start(t: Cleanup) {
  const [first, second] = [await startHttpService(t), await startHttpService(t)]
  first.route('/in-first', { text: 'first' })
  first.route('/in-both', { text: 'first' })
  second.route('/in-second', { text: 'second' })
  second.route('/in-both', { text: 'second' })
  const upstream = ({ origin }: HttpService) => `{ endpoints: ["${origin}"], attempts: 1 }`
  const clock = new ManualClock()
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams: { first: ${upstream(first)}, second: ${upstream(second)} }
tables:
  aliases:
    upstream: [first, second]
    request: { path: "/{key}" }
    cache: { ttl: 60s, negativeTtl: 10s, staleWhileRevalidate: 0ms }
`,
    { clock, random: () => 0 },
  )
  const wire = new Wire(t, gateway, 'socketmap')
  const ask = async (key: string) => {
    const { text } = await wire.ask(key)
    return text.startsWith('OK ') ? text : text.split(' ', 1)[0]
  }
  const askAll = async () => [
    await ask('in-first'),
    await ask('in-second'),
    await ask('in-both'),
    await ask('in-none'),
  ]
  return { first, second, gateway, clock, askAll }
}

const NORMAL = ['OK first', 'OK second', 'OK first', 'NOTFOUND']

test('each upstream has its own answers, and both are asked once', async (t) => {
  const { first, second, askAll } = await start(t)
  expect(await askAll()).toEqual(NORMAL)
  expect(await askAll()).toEqual(NORMAL)
  expect([first.requests.length, second.requests.length]).toEqual([4, 2])
})

test('while the first is down, only what it has said itself goes on being answered', async (t) => {
  const { first, clock, askAll } = await start(t)
  await askAll()
  await first.stop()
  expect(await askAll()).toEqual(NORMAL)
  clock.advance(10_000)
  expect(await askAll()).toEqual(['OK first', 'TEMP', 'OK first', 'TEMP'])
})

test('while the second is down, its found answers go on being used, its "not found" does not', async (t) => {
  const { second, clock, askAll } = await start(t)
  await askAll()
  await second.stop()
  clock.advance(60_000)
  expect(await askAll()).toEqual(['OK first', 'OK second', 'OK first', 'TEMP'])
})

test('a purge of a key forgets what every upstream said', async (t) => {
  const { first, second, gateway, askAll } = await start(t)
  await askAll()
  const url = `${gateway.adminUrl}/api/v1/tables/aliases/cache?key=in-second`
  const reply = await fetch(url, { method: 'DELETE', headers: { 'x-mapgate': '1' } })
  expect(await reply.json()).toEqual({ removed: 2, of: 'answers' })
  expect(await askAll()).toEqual(NORMAL)
  expect([first.requests.length, second.requests.length]).toEqual([5, 3])
})
