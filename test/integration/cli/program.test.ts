/**
 * The compiled program as a process: exit codes, output channels, the demo with its printed lines,
 * and signals. Needs `npm run build`, which `npm test` runs first.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const CLI = join(ROOT, 'dist/cli.js')

/** As in a person's own shell: what npm sets for the test run would change how the demo calls itself. */
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|MAPGATE_)/.test(name)),
)

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(command: string, args: readonly string[], stdin = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(command, [...args], { cwd: ROOT, env: ENV }, (_error, out, err) => {
      resolve({ code: child.exitCode, out, err })
    })
    // A program that reads nothing may have ended by now.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin)
  })
}

const mapgate = (...args: string[]): Promise<Ran> => run(process.execPath, [CLI, ...args])

/** Starts a long command and resolves when it has printed a text; it is ended with the test. */
async function startUntil(
  args: readonly string[],
  text: string,
): Promise<{ child: ChildProcess; out: () => string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    env: ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let out = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      out += chunk.toString()
      if (out.includes(text)) resolve()
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('close', () => reject(new Error(`ended before it printed "${text}":\n${out}`)))
  })
  return { child, out: () => out, ended }
}

/** A first port whose five are free now. */
async function freePort(): Promise<number> {
  const { freeDemoPort } = await import('../../../src/commands/demo/ports.ts')
  const port = await freeDemoPort(30_000 + (process.pid % 20_000))
  expect(port).toBeDefined()
  return port ?? 0
}

describe('a folder in which nothing can be kept', () => {
  const kept: [what: string, config: object][] = [
    [
      'store',
      {
        upstreams: { learned: { store: { directory: 'FOLDER' } } },
        tables: { verify: { upstream: 'learned' } },
      },
    ],
    [
      'replica',
      {
        upstreams: { directory: { endpoints: ['http://127.0.0.1:1'] } },
        tables: {
          users: {
            upstream: 'directory',
            request: { path: '/{key}' },
            replica: { path: '/', directory: 'FOLDER' },
          },
        },
      },
    ],
  ]
  for (const [what, config] of kept)
    test(`for a ${what}, on no disk, is a problem with its place, and exits 78`, async () => {
      expect(await serve(config, '/proc/mapgate/x')).toEqual({
        code: 78,
        out: '',
        err: expect.stringMatching(
          `^\\S+:1:\\d+: \\S+\\.directory: "/proc/mapgate/x\\S*": it is on proc; take a folder on a local disk\nmapgate serve: not started: 1 problem in the configuration\n$`,
        ),
      })
    })

  for (const [what, config] of kept)
    test(`for a ${what} whose file is damaged is one line, and exits 69`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      await mkdir(join(folder, 'users'))
      for (const place of [folder, join(folder, 'users')])
        await writeFile(join(place, 'data.mdb'), 'no database '.repeat(1000))
      expect(await serve(config, folder)).toEqual({
        code: 69,
        out: '',
        err: expect.stringMatching(
          `^mapgate serve: the folder of the ${what}, ${folder}\\S*, cannot be used: its file data\\.mdb is damaged, or not a database; move it away, and a new one is made\n$`,
        ),
      })
    })
})

/** @param place Instead of FOLDER. */
async function serve(config: object, place: string) {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'mapgate.yaml')
  const listeners = [{ protocol: 'socketmap', listen: 'inet:127.0.0.1:0' }]
  const text = JSON.stringify({ listeners, ...config, log: { level: 'silent' } })
  await writeFile(file, text.replace('FOLDER', place))
  return await mapgate('serve', '-c', file)
}

describe('the program', () => {
  const cases: [args: string[], code: number, channel: 'out' | 'err', says: string][] = [
    [['--version'], 0, 'out', 'mapgate '],
    [['--help'], 0, 'out', 'Every command has its own help'],
    [['qeury'], 64, 'err', 'Did you mean query?'],
    [['status', '--admin', 'unix:/nonexistent'], 69, 'err', 'there is no such socket'],
    [['serve', '-c', '/nonexistent.yaml'], 78, 'err', '/nonexistent.yaml'],
    [['check', '-c', 'examples/demo.yaml'], 0, 'out', 'examples/demo.yaml: fine: 7 tables'],
  ]
  for (const [args, code, channel, says] of cases) {
    test(`mapgate ${args.join(' ')} exits ${code}`, async () => {
      const ran = await mapgate(...args)
      expect(ran.code).toBe(code)
      expect(ran[channel]).toContain(says)
      expect(ran[channel === 'out' ? 'err' : 'out']).toBe('')
    })
  }

  test('serve prints every problem of a bad configuration and exits 78', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'mapgate.yaml')
    await writeFile(file, 'listeners: []\nupstraems: {}\ntabels: {}\n')
    const { code, out, err } = await mapgate('serve', '-c', file)
    expect([code, out]).toEqual([78, ''])
    expect(err).toContain(`${file}:2:1: `)
    expect(err).toContain(`${file}:3:1: `)
    expect(err).toMatch(/mapgate serve: not started: \d+ problems in the configuration\n$/)
  })
})

describe('mapgate demo', () => {
  test('every printed line works when pasted, and SIGTERM ends it with 0 and its directory too', async () => {
    const port = await freePort()
    const { child, out, ended } = await startUntil(['demo', '--port', String(port)], 'Ctrl-C ends the demo.')
    const lines = [...out().matchAll(/^ {2}((?:\S*postmap|node|curl) .*)$/gm)].map((match) => match[1] ?? '')
    const tried = lines.filter((line) => !line.includes('--watch'))
    expect(tried.length).toBeGreaterThanOrEqual(15)
    for (const line of tried) {
      if (line.startsWith('postmap') && out().includes('which is not installed here')) continue
      const { code, out: said } = await run('/bin/sh', ['-c', line])
      expect({ line, code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/\S/) })
    }
    const directory = Number(/process (\d+)/.exec(out())?.[1])
    expect(() => process.kill(directory, 0)).not.toThrow()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(() => process.kill(directory, 0)).toThrow(/ESRCH/)
  }, 60_000)

  test('keys from standard input are answered in order, over the API and over the wire', async () => {
    const port = await freePort()
    await startUntil(['demo', '--port', String(port)], 'Ctrl-C ends the demo.')
    const keys = 'info@lighthouse.example\nnobody@lighthouse.example\npostmaster@lighthouse.example\n'
    const expected =
      'info@lighthouse.example\tbob@lighthouse.example\npostmaster@lighthouse.example\talice@lighthouse.example\n'
    for (const target of [
      ['aliases', '-', '--admin', `http://127.0.0.1:${port + 2}`],
      [`socketmap:inet:127.0.0.1:${port}:aliases`, '-'],
      [`tcp:127.0.0.1:${port + 1}`, '-'],
    ]) {
      const { code, out } = await run(process.execPath, [CLI, 'query', ...target], keys)
      expect([code, out]).toEqual([0, expected])
    }
    const unknown = await mapgate('query', `socketmap:inet:127.0.0.1:${port}:nosuch`, 'k')
    expect(unknown.code).toBe(77)
  })

  test('a taken port is named, with a choice that works', async () => {
    const port = await freePort()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port + 2, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const { code, err } = await mapgate('demo', '--port', String(port))
    expect(code).toBe(69)
    expect(err).toMatch(new RegExp(`port ${port + 2} of 127\\.0\\.0\\.1 is taken, .* demo --port \\d+\\n$`))
  })
})
