/**
 * `mapgate status` against an admin API that is played by a real HTTP service.
 */
import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { status } from '../../../src/commands/status/status.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { POINTS, PROBLEMS, STATUS } from './status/fixture.ts'

async function gateway(): Promise<HttpService> {
  const service = await startHttpService({ onTestFinished })
  service.route('/api/v1/status', { json: { version: '1.0.0', startedAtMs: 0, ...STATUS } })
  service.route('/api/v1/history', { json: { points: POINTS } })
  service.route('/api/v1/problems', { json: { problems: PROBLEMS } })
  return service
}

/** Ends when told to. */
function endLater() {
  let end = (): void => {}
  const promise = new Promise<NodeJS.Signals>((resolve) => {
    end = () => resolve('SIGINT')
  })
  return { end: () => end(), request: () => ({ promise, dispose: () => {} }) }
}

test('prints one look', async () => {
  const service = await gateway()
  const io = recordIo()
  expect(await status({ admin: service.origin }, io)).toBe(0)
  expect(io.out().split('\n')[0]).toBe(`mapgate at ${service.origin}: ready, but something needs attention`)
  expect(io.out()).toContain('aliases   100')
})

test('--json prints the look for scripts', async () => {
  const service = await gateway()
  const io = recordIo()
  await status({ admin: service.origin, json: true }, io)
  expect(JSON.parse(io.out())).toMatchObject({
    version: '1.0.0',
    rates: { hitRatio: 0.75 },
    tables: [{}, {}],
  })
})

test('--watch --json prints one line for each look until the end', async () => {
  const service = await gateway()
  const io = recordIo()
  const { end, request } = endLater()
  const done = status({ admin: service.origin, json: true, watch: true, interval: 0.001 }, io, request)
  await service.received(7)
  end()
  expect(await done).toBe(0)
  const lines = io.out().trim().split('\n')
  expect(lines.length).toBeGreaterThanOrEqual(2)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ state: 'ready' })
})

test('--watch without a terminal is a wrong command line', async () => {
  const service = await gateway()
  await expect(status({ admin: service.origin, watch: true }, recordIo())).rejects.toMatchObject({
    exitCode: 64,
    message: expect.stringContaining('add --json'),
  })
})

test('--watch shows when the gateway goes away and when it is back', async () => {
  const service = await gateway()
  const written: string[] = []
  const seen = new EventEmitter()
  const terminal = Object.assign(new EventEmitter(), {
    columns: 200,
    rows: 50,
    write: (text: string) => {
      written.push(text)
      seen.emit('draw')
    },
  })
  const drawn = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (written.at(-1)?.includes(text)) resolve()
        else seen.once('draw', look)
      }
      look()
    })
  const { end, request } = endLater()
  const options = { admin: service.origin, watch: true, interval: 0.001 }
  const done = status(options, { ...recordIo(), terminal }, request)
  await drawn('100 lookups/s')
  await service.stop()
  await drawn('is mapgate running there?')
  await service.start()
  await drawn('100 lookups/s')
  end()
  expect(await done).toBe(0)
})

for (const [name, route] of [
  ['a status without its lists', '/api/v1/status'],
  ['a history without points', '/api/v1/history'],
] as const) {
  test(`${name} is not taken for a gateway`, async () => {
    const service = await gateway()
    service.route(route, { json: { state: 'ready' } })
    await expect(status({ admin: service.origin }, recordIo())).rejects.toMatchObject({ exitCode: 69 })
  })
}

test('a gateway that is away is an error before anything is drawn', async () => {
  const service = await gateway()
  await service.stop()
  const terminal = Object.assign(new EventEmitter(), {
    columns: 80,
    rows: 24,
    write: () => expect.unreachable(),
  })
  await expect(
    status({ admin: service.origin, watch: true }, { ...recordIo(), terminal }),
  ).rejects.toMatchObject({ exitCode: 69 })
})
