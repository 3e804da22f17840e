/**
 * What the tests of both packages know of an installed mapgate.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { run } from './run.ts'

export const CONFIG = '/etc/mapgate/mapgate.yaml'
export const SHIPPED_CONFIG = '/usr/share/mapgate/mapgate.yaml'
export const TOKEN = '/etc/mapgate/admin.token'
export const STATE = '/var/lib/mapgate'
/** Becomes the user of the service and then the program: a signal reaches it. */
export const AS_MAPGATE = ['--reuid=mapgate', '--regid=mapgate', '--init-groups', '--']
/** Until the program answers, ms. Measured: 0.5 s; here for a busy machine. */
export const READY_TIMEOUT_MS = 20_000
/** A mail administrator waits for a restart no longer than this, ms. Ours. */
const STOP_TIMEOUT_MS = 15_000

/** Returns whether this machine has the user already. */
export async function installedUser(): Promise<boolean> {
  return /^mapgate:/m.test(await readFile('/etc/passwd', 'utf8'))
}

/** Starts the program as the unit would, and waits until it answers over the wire and hears signals. */
export async function serve(port: number): Promise<ChildProcess> {
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
    const { status } = await run('/usr/bin/mapgate', [
      'query',
      `socketmap:inet:127.0.0.1:${port}:aliases`,
      'test@example.com',
    ])
    if (status === 0 && output.includes('gateway ready')) return child
    if (child.exitCode !== null || Date.now() > deadline)
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
