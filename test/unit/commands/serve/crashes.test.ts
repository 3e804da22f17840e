import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { serve } from '../../../../src/commands/serve/serve.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { recordIo } from '../../../support/gateway/command-io.ts'

/** A gateway that runs until something happens to its process. */
async function serving() {
  const signals = new EventEmitter()
  const crashes = new EventEmitter()
  const defects: string[] = []
  let stopped = 0
  const gateway = {
    reload: async () => [],
    stop: async () => {
      stopped++
    },
    defect: (error: unknown, where: string) => defects.push(`${where}: ${String(error)}`),
  }
  const io = recordIo()
  const done = serve({ config: 'a.yaml' }, io, { signals, crashes, start: async () => gateway })
  await settle()
  return { signals, crashes, defects, done, io, stopped: () => stopped }
}

test('an unhandled rejection is a defect, and the gateway goes on', async () => {
  const { signals, crashes, defects, done, stopped } = await serving()
  crashes.emit('unhandledRejection', new Error('forgotten'))
  await settle()
  expect(defects).toEqual(['unhandled rejection: Error: forgotten'])
  expect(stopped()).toBe(0)
  signals.emit('SIGTERM', 'SIGTERM')
  expect(await done).toBe(0)
  expect(crashes.listenerCount('unhandledRejection')).toBe(0)
})

test('an uncaught exception is a defect, and ends the gateway in order with 70', async () => {
  const { crashes, defects, done, io, stopped } = await serving()
  crashes.emit('uncaughtException', new Error('in the middle'))
  expect(await done).toBe(70)
  expect(defects).toEqual(['uncaught exception: Error: in the middle'])
  expect(stopped()).toBe(1)
  expect(io.err()).toContain('stopped after an exception that nobody caught')
})

test('an unhandled rejection while the gateway starts is told, and the start goes on', async () => {
  const signals = new EventEmitter()
  const crashes = new EventEmitter()
  const io = recordIo()
  let begin = () => {}
  const started = new Promise<void>((resolve) => {
    begin = resolve
  })
  const gateway = { reload: async () => {}, stop: async () => {} }
  const start = () => started.then(() => gateway)
  const done = serve({ config: 'a.yaml' }, io, { signals, crashes, start })
  crashes.emit('unhandledRejection', new Error('forgotten'))
  expect(io.err()).toContain('mapgate serve: unhandled rejection while it starts: Error: forgotten\n    at ')
  begin()
  await settle()
  signals.emit('SIGTERM', 'SIGTERM')
  expect(await done).toBe(0)
})
