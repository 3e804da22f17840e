/**
 * What systemd hears of the compiled program (sd_notify(3)), on a datagram socket as systemd has one.
 * Needs `npm run build`, python3 and systemd-notify(1).
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { missingProgram, skipWithout } from '../../packaging/run.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))

/** Node.js has no datagram sockets with paths. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)`

beforeEach((context) => skipWithout(context, missingProgram('python3', 'systemd-notify')))

/** Starts a gateway that is watched as the environment says; gives what is heard of it. */
async function watched(env: Readonly<Record<string, string>>, listens = true) {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-notify-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const socket = join(folder, 'notify')
  const heard: string[] = []
  if (listens) {
    const listener = spawn('python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void listener.kill('SIGKILL'))
    // An empty line, and the barrier by which systemd-notify waits for the end of its reading.
    const isNews = (line: string) => line !== '' && line !== 'BARRIER=1'
    listener.stdout.on('data', (text: Buffer) => heard.push(...text.toString().split('\n').filter(isNews)))
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), 10_000)
  }
  writeFileSync(
    join(folder, 'mapgate.yaml'),
    `listeners: [ { protocol: socketmap, listen: "unix:${folder}/socketmap" } ]
upstreams: { fixed: { entries: { a@x.example: b@x.example } } }
tables: { aliases: { upstream: fixed } }`,
  )
  const child = spawn(process.execPath, [CLI, 'serve', '-c', join(folder, 'mapgate.yaml')], {
    env: { ...process.env, NOTIFY_SOCKET: socket, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let told = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      told += text.toString()
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, heard, told: () => told, ended }
}

test('readiness, a turning loop and the stop are told, in this order', async () => {
  const { child, heard, ended } = await watched({ WATCHDOG_USEC: '1000000' })
  await vi.waitFor(
    () => expect(heard.filter((text) => text === 'WATCHDOG=1').length).toBeGreaterThan(2),
    20_000,
  )
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  await vi.waitFor(() => expect(heard).toContainEqual(expect.stringMatching(/^STOPPING=1/)), 5000)
  const order = heard.map((text) => text.split('=', 1)[0])
  expect(order.indexOf('READY')).toBe(0)
  expect(order.lastIndexOf('READY')).toBe(0)
  expect(order.indexOf('STOPPING')).toBeGreaterThan(order.indexOf('WATCHDOG'))
}, 40_000)

test('a process that stands still is not said to be alive', async () => {
  const { child, heard } = await watched({ WATCHDOG_USEC: '1000000' })
  await vi.waitFor(() => expect(heard).toContain('WATCHDOG=1'), 20_000)
  child.kill('SIGSTOP')
  const before = heard.length
  await new Promise((resolve) => setTimeout(resolve, 2000))
  expect(heard.length - before).toBeLessThan(2) // one was under way
  child.kill('SIGCONT')
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before + 1), 10_000)
}, 40_000)

test('without WATCHDOG_USEC, or for another process, only readiness is told', async () => {
  const { heard } = await watched({ WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' })
  await vi.waitFor(() => expect(heard[0]).toMatch(/^READY=1/), 20_000)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  expect(heard).toHaveLength(1)
}, 40_000)

test('a socket that nobody listens on is told, and ends nothing', async () => {
  const { child, told, ended } = await watched({ WATCHDOG_USEC: '500000' }, false)
  await vi.waitFor(() => expect(told()).toContain('systemd was not told "ready"'), 20_000)
  expect(child.exitCode).toBeNull()
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
}, 40_000)
