/**
 * The watchdog of the compiled program, in processes whose event loop stands still.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { systemdIntervalMs } from '../../../src/commands/serve/watchdog.ts'

/** Starts the watchdog with 3 looks of 100 ms, then runs `then`. */
function startWatched(then: string) {
  const script = `
    const { startWatchdog } = await import(process.cwd() + '/build/commands/serve/watchdog.js')
    startWatchdog({}, { beatMs: 100, maxMissed: 3 })
    const keepAlive = setInterval(() => {}, 1000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    console.log('watched')
    ${then}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  createInterface(child.stderr).on('line', (line) => lines.push(line))
  return { child, lines }
}

test('a process whose event loop stands still ends, and says why', async () => {
  const { child, lines } = startWatched('for (;;) {}')
  const [code, signal] = await once(child, 'close')
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  expect(lines).toEqual([
    'watched',
    'mapgate serve: the event loop was blocked for 0 s; ended, to be restarted. Please report it',
  ])
})

test('a process that was suspended goes on', async () => {
  const { child, lines } = startWatched("setTimeout(() => { console.log('alive'); process.exit(7) }, 1500)")
  while (!lines.includes('watched')) await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  // Not to wait for a result: the time in which a watchdog that counts time would have fired.
  await pause(1000)
  child.kill('SIGCONT')
  const [code] = await once(child, 'close')
  expect([code, lines.at(-1)]).toEqual([7, 'alive'])
})

test('the watchdog keeps no process alive', async () => {
  const { child } = startWatched('clearInterval(keepAlive)')
  expect(await once(child, 'close')).toEqual([0, null])
})

test.each([
  [{ NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '90000000' }, 45_000],
  [{ NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '90000000', WATCHDOG_PID: '17' }, 45_000],
  [{ NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '90000000', WATCHDOG_PID: '18' }, undefined],
  [{ NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '0' }, undefined],
  [{ NOTIFY_SOCKET: '/run/x' }, undefined],
  [{ WATCHDOG_USEC: '90000000' }, undefined],
])('with %j systemd is notified every %s ms', (env, expected) => {
  expect(systemdIntervalMs(env, 17)).toBe(expected)
})
