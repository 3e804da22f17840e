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

/** A gateway whose drill runs until `ended` is set, or it is deleted. */
async function gateway() {
  const state = { ended: false }
  const service = await startHttpService({ onTestFinished })
  service.otherwise = ({ method }) => {
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
  expect(service.requests.at(-1)).toMatchObject({ method: 'DELETE', url: '/api/v1/drills/directory' })
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
