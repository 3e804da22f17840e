/**
 * A socket that systemd hands over (`listen: systemd:NAME`), by systemd-socket-activate(1): the
 * part of systemd that can be run without one. It starts the program at the first connection.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SocketmapClient } from '../../src/index.ts'
import { freePort } from '../support/programs/free-port.ts'
import { missingProgram, ROOT, skipWithout } from './run.ts'

/** The program starts after the first client has connected, ms. */
const START_TIMEOUT_MS = 30_000

const CONFIG = `
listeners:
  - { protocol: socketmap, listen: "systemd:socketmap" }
  - { protocol: socketmap, listen: "systemd:network" }
upstreams:
  entries: { entries: { a@a.example: b@a.example } }
tables:
  aliases: { upstream: entries }
log: { level: silent }
`

let folder = ''
let port = 0
let activate: ChildProcess | undefined

const missing = () =>
  missingProgram('systemd-socket-activate') && 'needs systemd-socket-activate: apt-get install systemd'

beforeAll(async () => {
  if (missing() !== undefined) return
  folder = await mkdtemp(join(tmpdir(), 'mapgate-activation-'))
  port = await freePort()
  await writeFile(join(folder, 'mapgate.yaml'), CONFIG)
  activate = spawn(
    'systemd-socket-activate',
    [
      `--listen=${folder}/socketmap`,
      `--listen=127.0.0.1:${port}`,
      '--fdname=socketmap:network',
      process.execPath,
      join(ROOT, 'dist/cli.js'),
      'serve',
      '-c',
      join(folder, 'mapgate.yaml'),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  // "Listening on ..." once for each socket.
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`systemd-socket-activate: ${output}`)), START_TIMEOUT_MS)
    activate?.stderr?.on('data', (text: Buffer) => {
      output += text
      if ((output.match(/^Listening on/gm) ?? []).length < 2) return
      clearTimeout(timer)
      resolve()
    })
  })
})

afterAll(async () => {
  if (activate !== undefined && activate.exitCode === null) {
    const ended = new Promise((resolve) => activate?.once('exit', resolve))
    activate.kill('SIGTERM')
    await Promise.race([ended, delay(START_TIMEOUT_MS, undefined, { ref: false })])
  }
  if (folder !== '') await rm(folder, { recursive: true, force: true })
})

beforeEach((context) => skipWithout(context, missing()))

test('a client that connects before the program runs gets its answer', async (context) => {
  const client = new SocketmapClient({ address: `unix:${folder}/socketmap`, timeoutMs: START_TIMEOUT_MS })
  context.onTestFinished(() => client.close())
  expect(await client.lookup('aliases', 'a@a.example')).toEqual({ kind: 'found', value: 'b@a.example' })
})

test('each socket is found by its name', async (context) => {
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${port}`, timeoutMs: START_TIMEOUT_MS })
  context.onTestFinished(() => client.close())
  expect(await client.lookup('aliases', 'a@a.example')).toEqual({ kind: 'found', value: 'b@a.example' })
})

test('SIGTERM ends the program with 0 and leaves the socket to its owner', async () => {
  const code = new Promise((resolve) => activate?.once('exit', resolve))
  activate?.kill('SIGTERM')
  expect(await code).toBe(0)
})
