/**
 * A log that cannot be written costs lines and no answer. Needs `npm run build`, `script` of
 * util-linux and /dev/full.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))
const WAIT = { timeout: 20_000, interval: 50 }

const FILE = `
listeners: [ { protocol: socketmap, listen: "unix:FOLDER/socketmap" } ]
admin: { listen: "unix:FOLDER/admin" }
log: { level: debug }
cacheFile: FOLDER/cache
upstreams: { fixed: { entries: { a@x.example: b@x.example } } }
tables: { aliases: { upstream: fixed } }
`

interface Serving {
  readonly folder: string
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly lookup: () => Promise<unknown>
  readonly dropped: () => Promise<number>
}

/** Starts `command`, which runs `serve`; ready when a lookup is answered. */
async function serve(
  command: (folder: string) => readonly string[],
  stdio: (folder: string) => [stdout: number | 'pipe', stderr: number | 'pipe'],
): Promise<Serving> {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  writeFileSync(join(folder, 'mapgate.yaml'), FILE.replaceAll('FOLDER', folder))
  const [program = '', ...args] = command(folder)
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', ...stdio(folder)] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const client = new SocketmapClient({ address: { kind: 'unix', path: join(folder, 'socketmap') } })
  onTestFinished(() => client.close())
  const lookup = () => client.lookup('aliases', 'a@x.example')
  await vi.waitFor(() => expect(existsSync(join(folder, 'socketmap'))).toBe(true), WAIT)
  await vi.waitFor(async () => expect(await lookup()).toEqual(FOUND), WAIT)
  return { folder, child, ended, lookup, dropped: () => droppedLines(join(folder, 'admin')) }
}

const FOUND = { kind: 'found', value: 'b@x.example' }
const NODE = () => [process.execPath, CLI, 'serve']

function droppedLines(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path: '/metrics', headers: { host: 'localhost' } },
      async (response) => {
        const text = Buffer.concat(await response.toArray()).toString()
        resolve(Number(/^mapgate_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]))
      },
    )
    asked.once('error', reject)
    asked.end()
  })
}

test('a full disk behind output and error costs lines, also at the start and at the stop', async () => {
  const { child, ended, lookup, dropped } = await serve(NODE, () => [
    openSync('/dev/full', 'w'),
    openSync('/dev/full', 'w'),
  ])
  for (let n = 0; n < 100; n++) expect(await lookup()).toEqual(FOUND)
  // The admin API, which is asked, listens later than the lookups are answered.
  await vi.waitFor(async () => expect(await dropped()).toBeGreaterThan(50), WAIT)
  child.kill('SIGHUP')
  expect(await lookup()).toEqual(FOUND)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('readers of output and error that go away cost lines', async () => {
  const { child, ended, lookup, dropped } = await serve(NODE, () => ['pipe', 'pipe'])
  child.stdout?.destroy()
  child.stderr?.destroy()
  await vi.waitFor(async () => {
    expect(await lookup()).toEqual(FOUND)
    expect(await dropped()).toBeGreaterThan(10)
  }, WAIT)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('a log file at the limit of the size of files costs lines', async () => {
  const { folder, child, ended, lookup, dropped } = await serve(
    () => ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh', ...NODE()],
    (folder) => [openSync(join(folder, 'log'), 'a'), openSync(join(folder, 'errors'), 'a')],
  )
  await vi.waitFor(async () => {
    for (let n = 0; n < 50; n++) expect(await lookup()).toEqual(FOUND)
    expect(await dropped()).toBeGreaterThan(10)
  }, WAIT)
  expect(statSync(join(folder, 'log')).size).toBeLessThanOrEqual(8 * 1024)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('a terminal that is closed costs lines, and the program ends in order afterwards', async () => {
  const { folder, child, lookup, dropped } = await serve(
    (folder) => [
      'script',
      '-qfc',
      `trap "" HUP; '${process.execPath}' '${CLI}' serve & echo $! > ${folder}/pid; wait $!; echo $? > ${folder}/exit; wait`,
      '/dev/null',
    ],
    () => ['pipe', 'pipe'],
  )
  child.kill('SIGKILL')
  await vi.waitFor(async () => {
    expect(await lookup()).toEqual(FOUND)
    expect(await dropped()).toBeGreaterThan(10)
  }, WAIT)
  process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGTERM')
  await vi.waitFor(() => expect(readFileSync(join(folder, 'exit'), 'utf8')).toBe('0\n'), WAIT)
})

test('what a command has to tell and cannot write ends it with EX_IOERR', async () => {
  const child = spawn(process.execPath, [CLI, '--help'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  })
  let told = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, told]).toEqual([74, 'mapgate: standard output cannot be written (ENOSPC)\n'])
})
