/**
 * What the tests of both packages know of an installed mapgate.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { freePort } from '../support/programs/free-port.ts'
import { ROOT, run, runOk } from './run.ts'

export const CONFIG = '/etc/mapgate/mapgate.yaml'
export const SHIPPED_CONFIG = '/usr/share/mapgate/mapgate.yaml'
export const TOKEN = '/etc/mapgate/admin.token'
export const STATE = '/var/lib/mapgate'
/** Becomes the user of the service and then the program: a signal reaches it. */
const AS_MAPGATE = ['--reuid=mapgate', '--regid=mapgate', '--init-groups', '--']
/** Until the program answers, ms. Measured: 0.5 s; here for a busy machine. */
export const READY_TIMEOUT_MS = 20_000
/** A mail administrator waits for a restart no longer than this, ms. Ours. */
const STOP_TIMEOUT_MS = 15_000

/** Returns whether this machine has the user already. */
export async function installedUser(): Promise<boolean> {
  return /^mapgate:/m.test(await readFile('/etc/passwd', 'utf8'))
}

/** What the first set-up leaves: a user, a valid configuration, a token of this machine, a folder for secrets. */
export async function expectFirstSetUp(): Promise<void> {
  expect(await runOk('id', ['-nG', 'mapgate'])).toBe('mapgate\n')
  expect(await runOk('setpriv', [...AS_MAPGATE, '/usr/bin/mapgate', 'check', '-c', CONFIG])).toContain(CONFIG)
  expect((await stat(CONFIG)).mode & 0o777).toBe(0o640)
  expect((await stat(TOKEN)).mode & 0o777).toBe(0o640)
  expect((await stat('/etc/mapgate/secrets')).mode & 0o777).toBe(0o700)
  expect(await readFile(CONFIG, 'utf8')).toBe(
    await readFile(join(ROOT, 'packaging/tree/mapgate.yaml'), 'utf8'),
  )
  expect((await readFile(TOKEN, 'utf8')).trim()).toMatch(/^[A-Za-z0-9+/]{32}$/)
}

/** systemd finds nothing wrong with the units in the folder. */
export async function expectUnitsVerified(folder: string): Promise<void> {
  const units = ['mapgate.service', 'mapgate.socket', 'mapgate@.service', 'mapgate@.socket']
  const { status, stdout, stderr } = await run('systemd-analyze', [
    'verify',
    ...units.map((unit) => join(folder, unit)),
  ])
  expect([status, stdout, stderr]).toEqual([0, '', ''])
}

/** Runs the program as the unit would, on free ports, which stay in its configuration; asks it, and ends it. */
export async function expectAnswersAndStops(): Promise<void> {
  const port = await freePort()
  const text = (await readFile(CONFIG, 'utf8'))
    .replaceAll('127.0.0.1:8464', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8466', '127.0.0.1:0')
  await writeFile(CONFIG, text)
  // What StateDirectory= of the unit does.
  await runOk('install', ['-d', '-o', 'mapgate', '-g', 'mapgate', '-m', '0700', STATE])
  const { child, answer } = await serve(port)
  expect(answer).toBe('postmaster@example.com\n')
  expect(await stop(child)).toBe(0)
}

/** Starts it, and waits for the first answer, which may come before it is ready. */
async function serve(port: number): Promise<{ child: ChildProcess; answer: string }> {
  const child = spawn('setpriv', [...AS_MAPGATE, '/usr/bin/mapgate', 'serve', '-c', CONFIG], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text
    })
  const deadline = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    const { status, stdout } = await run('/usr/bin/mapgate', [
      'query',
      `socketmap:inet:127.0.0.1:${port}:aliases`,
      'test@example.com',
    ])
    if (status === 0) return { child, answer: stdout }
    if (child.exitCode === null && child.signalCode === null && Date.now() <= deadline) continue
    child.kill('SIGKILL')
    throw new Error(`mapgate does not answer: ${output}`)
  }
}

export async function stop(child: ChildProcess): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  const code = await ended
  clearTimeout(timer)
  return code
}
