import { expect, onTestFinished, test } from 'vitest'
import { drill } from '../../../src/commands/drill/drill.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const RUNNING = {
  upstream: 'directory',
  state: 'running',
  startedAtMs: 1_767_225_600_000,
  endsAtMs: 1_767_225_660_000,
  tables: [{ name: 'aliases', readiness: 0.9, answered: 0, deferred: 0 }],
}
const ENDED = {
  ...RUNNING,
  state: 'ended',
  endedBy: 'time',
  tables: [
    { name: 'aliases', readiness: 0.9, answered: 1800, deferred: 200 },
    { name: 'quiet', answered: 0, deferred: 0 },
  ],
}

interface Endpoint {
  readonly circuit: string
  readonly lastFailure?: string
}

const DRILLED: Endpoint = {
  circuit: 'open',
  lastFailure: 'connect: a drill treats the service as dead; see mapgate status',
}

/** A gateway whose drill runs until `ended` is set, or it is deleted. Each look at the circuits takes the next of them. */
async function gateway(...looks: (readonly Endpoint[])[]) {
  const state = { ended: false, looks: 0 }
  const service = await startHttpService({ onTestFinished })
  service.otherwise = ({ method, url }) => {
    if (url === '/api/v1/upstreams') {
      const endpoints = looks[Math.min(state.looks++, looks.length - 1)] ?? [{ circuit: 'closed' }]
      return {
        json: {
          upstreams: [
            { name: 'other', endpoints: [] },
            { name: 'directory', endpoints },
          ],
        },
      }
    }
    if (method === 'POST') return { json: RUNNING }
    if (method === 'DELETE') {
      state.ended = true
      return { json: { ...ENDED, endedBy: 'operator' } }
    }
    return { json: { drills: [state.ended ? ENDED : RUNNING] } }
  }
  return { service, state }
}

const never = () => ({ promise: new Promise<NodeJS.Signals>(() => {}), dispose: () => {} })

test('a drill is begun, waited for, and shown beside the readiness', async () => {
  const { service, state } = await gateway()
  const io = recordIo()
  state.ended = true
  expect(await drill('directory', { admin: service.origin, for: 60_000 }, io, never)).toBe(0)
  expect(service.requests[0]).toMatchObject({ method: 'POST', url: '/api/v1/drills' })
  expect(JSON.parse(String(service.requests[0]?.body))).toEqual({ upstream: 'directory', seconds: 60 })
  const lines = io.out().split('\n')
  expect(lines[0]).toMatch(/^directory is treated as dead until \d\d:\d\d:\d\d; Ctrl-C ends the drill$/)
  expect(lines.slice(1)).toEqual([
    'the drill is over: directory was treated as dead for 60 s',
    'TABLE    ready  answered  deferred  share answered',
    'aliases    90%     1,800       200             90%',
    'quiet        –         0         0               –',
    '',
  ])
})

test('Ctrl-C ends the drill', async () => {
  const { service } = await gateway()
  const io = recordIo()
  const pressed = () => ({ promise: Promise.resolve<NodeJS.Signals>('SIGINT'), dispose: () => {} })
  expect(await drill('directory', { admin: service.origin, for: 60_000 }, io, pressed)).toBe(0)
  expect(service.requests.at(-2)).toMatchObject({ method: 'DELETE', url: '/api/v1/drills/directory' })
  expect(io.out()).toContain('the drill was ended: directory')
})

test('--json prints what the gateway said at the end', async () => {
  const { service, state } = await gateway()
  const io = recordIo()
  state.ended = true
  await drill('directory', { admin: service.origin, for: 60_000, json: true }, io, never)
  expect(JSON.parse(io.out())).toEqual(ENDED)
})

test('an unknown upstream exits 77, a gateway that has forgotten the drill 69', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { status: 404, json: { code: 'upstream-unknown', detail: 'no such upstream' } }
  const options = { admin: service.origin, for: 60_000 }
  await expect(drill('nosuch', options, recordIo(), never)).rejects.toMatchObject({
    exitCode: 77,
    message: `${service.origin}: no such upstream`,
  })
  service.otherwise = ({ method }) => ({ json: method === 'POST' ? RUNNING : { drills: [] } })
  await expect(drill('directory', options, recordIo(), never)).rejects.toMatchObject({
    exitCode: 69,
    message: expect.stringContaining('it ended with a restart'),
  })
})

test('--stop ends a drill that was begun elsewhere, and shows what it showed', async () => {
  const { service } = await gateway()
  const io = recordIo()
  expect(await drill('directory', { admin: service.origin, for: 60_000, stop: true }, io, never)).toBe(0)
  expect(service.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'DELETE /api/v1/drills/directory',
    'GET /api/v1/upstreams',
  ])
  expect(io.out().split('\n').slice(0, 2)).toEqual([
    'the drill was ended: directory was treated as dead for 60 s',
    'TABLE    ready  answered  deferred  share answered',
  ])
  expect(io.err()).toBe('')
})

test('a drill that cannot begin, or is not under way, exits 64 with the reason', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = ({ method }) => ({
    status: method === 'POST' ? 409 : 404,
    json: { code: 'drill-refused', detail: `no ${method}` },
  })
  const options = { admin: service.origin, for: 60_000 }
  await expect(drill('directory', options, recordIo(), never)).rejects.toMatchObject({
    exitCode: 64,
    message: `${service.origin}: no POST`,
  })
  await expect(drill('directory', { ...options, stop: true }, recordIo(), never)).rejects.toMatchObject({
    exitCode: 64,
    message: `${service.origin}: no DELETE`,
  })
})

test('a service that fails when the drill is over is told of, once it was asked again', async () => {
  const refused = { circuit: 'open', lastFailure: 'connect: the service refused the connection' }
  const { service, state } = await gateway([DRILLED], [refused])
  state.ended = true
  const io = recordIo()
  expect(await drill('directory', { admin: service.origin, for: 60_000 }, io, never)).toBe(0)
  expect(io.out()).toContain('the drill is over')
  expect(io.err()).toBe(
    'directory does not answer now that the drill is over: connect: the service refused the connection. That is an outage; see mapgate status\n',
  )
  expect(state.looks).toBe(2)
})

test('a service that answers again after the drill needs no words', async () => {
  const { service, state } = await gateway([DRILLED, DRILLED], [DRILLED, { circuit: 'closed' }])
  state.ended = true
  const io = recordIo()
  expect(await drill('directory', { admin: service.origin, for: 60_000 }, io, never)).toBe(0)
  expect(io.err()).toBe('')
  expect(state.looks).toBe(2)
})
