import { EventEmitter } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CommandError } from '../../../src/commands/exit-codes.ts'
import { serve } from '../../../src/commands/serve/serve.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { recordIo } from '../../support/gateway/command-io.ts'

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts nothing real; tells when the gateway runs, and with which file. */
function parts() {
  const signals = new EventEmitter()
  const started: (string | undefined)[] = []
  const gateway = { reload: async () => [], stop: async () => {} }
  return {
    signals,
    started,
    parts: {
      signals,
      start: async (file: string | undefined) => {
        started.push(file)
        return gateway
      },
    },
  }
}

/** Sends SIGTERM as soon as somebody listens for it. */
async function terminate(signals: EventEmitter): Promise<void> {
  while (signals.listenerCount('SIGTERM') === 0) await settle()
  signals.emit('SIGTERM', 'SIGTERM')
}

test('runs the named file until SIGTERM and exits 0', async () => {
  const { signals, started, parts: fake } = parts()
  const done = serve({ config: 'a.yaml' }, recordIo({ cwd: '/etc' }), fake)
  await terminate(signals)
  expect(await done).toBe(0)
  expect(started).toEqual(['a.yaml'])
})

test('a bad configuration ends it before anything runs', async () => {
  const { parts: fake } = parts()
  const start = (): Promise<never> => Promise.reject(new CommandError(78, 'a.yaml:1:1: x: wrong'))
  await expect(serve({}, recordIo(), { ...fake, start })).rejects.toMatchObject({ exitCode: 78 })
})

test('a second signal ends it with questions unanswered, which it says', async () => {
  const { signals, parts: fake } = parts()
  const clock = new ManualClock()
  const io = recordIo()
  const start = async () => ({ reload: async () => {}, stop: () => new Promise<void>(() => {}) })
  const done = serve({}, io, { ...fake, start, clock })
  await terminate(signals)
  clock.advance(300)
  signals.emit('SIGTERM')
  expect(await done).toBe(75)
  expect(io.err()).toBe('mapgate serve: ended at once by a second signal, with questions unanswered\n')
})

test('signals while it starts do not end it; they are carried out when it has started', async () => {
  const { signals, parts: fake } = parts()
  const done: string[] = []
  const start = async () => {
    await settle()
    signals.emit('SIGHUP')
    signals.emit('SIGTERM')
    await settle()
    done.push('started')
    return { reload: async () => done.push('reload'), stop: async () => void done.push('stop') }
  }
  const ending = serve({}, recordIo(), { ...fake, start })
  expect(await ending).toBe(0)
  expect(done).toContain('reload')
  expect([done[0], done.at(-1), done.length]).toEqual(['started', 'stop', 3])
  expect(signals.eventNames()).toEqual([])
})

test('tells systemd that it is ready, and that it stops', async () => {
  const folder = await tempFolder()
  const told = join(folder, 'told')
  const program = join(folder, 'systemd-notify')
  await writeFile(program, `#!/bin/sh\necho "$1" >> ${told}\n`)
  await chmod(program, 0o755)
  const { signals, parts: fake } = parts()
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', PATH: `${folder}:/usr/bin:/bin` }
  const io = recordIo({ env })
  const done = serve({ config: 'a.yaml' }, io, fake)
  await expect.poll(() => readFile(told, 'utf8').catch(() => '')).toBe('--ready\n')
  await terminate(signals)
  expect(await done).toBe(0)
  expect(await readFile(told, 'utf8')).toBe('--ready\nSTOPPING=1\n')
  expect(io.err()).toBe('')
})

test('runs on when systemd cannot be told', async () => {
  const { signals, parts: fake } = parts()
  const io = recordIo({ env: { NOTIFY_SOCKET: '/nonexistent', PATH: await tempFolder() } })
  const done = serve({ config: 'a.yaml' }, io, fake)
  await terminate(signals)
  expect(await done).toBe(0)
  expect(io.err()).toContain('systemd was not told "ready"')
})
