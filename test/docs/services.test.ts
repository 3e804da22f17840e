/**
 * The example services in four languages, each behind a gateway with the configuration of
 * docs/service.md: one contract for all.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import { missingProgram, ROOT, runOk, skipWithout } from '../packaging/run.ts'
import { until } from '../support/postfix/until.ts'
import { configurations } from './markdown.ts'

const FOLDER = join(ROOT, 'examples/services')
const TOKEN = 'the-token-of-the-tests-0123'
const MAX_LINES = 80
/** Compiling Go takes its time on a busy machine, ms. */
const START_TIMEOUT_MS = 90_000

interface Language {
  readonly name: string
  readonly file: string
  readonly command: readonly [program: string, ...args: string[]]
  readonly missing: () => string | undefined
  /** It tells what has changed since a cursor, too. */
  readonly hasChanges: boolean
}

const PROGRAMS: readonly Language[] = [
  {
    name: 'TypeScript',
    file: 'service.ts',
    // Node.js before 22.18 runs no TypeScript by itself: there the types are taken out by npx.
    command: 'typescript' in process.features ? [process.execPath] : ['npx', '-y', '-p', 'node@24', 'node'],
    missing: () => undefined,
    hasChanges: true,
  },
  {
    name: 'Python',
    file: 'service.py',
    command: ['python3'],
    missing: () => missingProgram('python3') && 'needs python3: apt-get install python3',
    hasChanges: true,
  },
  {
    name: 'PHP',
    file: 'service.php',
    command: ['php', '-S', '127.0.0.1:0'],
    missing: () => missingProgram('php') && 'needs php: apt-get install php-cli',
    hasChanges: false,
  },
  {
    name: 'Go',
    file: 'service.go',
    command: ['go', 'run'],
    missing: () => missingProgram('go') && 'needs go: apt-get install golang-go',
    hasChanges: false,
  },
]

/** Starts a service on a free port. */
async function start(
  { file, command: [program, ...args] }: Language,
  directory: string,
): Promise<[ChildProcess, string]> {
  const child = spawn(program, [...args, join(FOLDER, file)], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: '0',
      TOKEN,
      DIRECTORY: directory,
      GOFLAGS: '-mod=mod',
      GO111MODULE: 'off',
    },
    // A group of its own: `go run` and `npx` start the service as their child.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const port = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} does not listen: ${output}`)), START_TIMEOUT_MS)
    const read = (text: Buffer) => {
      output += text
      const listening = /(?:listening on port |http:\/\/127\.0\.0\.1:)(\d+)/.exec(output)?.[1]
      if (listening === undefined) return
      clearTimeout(timer)
      resolve(listening)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${output}`)))
  })
  return [child, port]
}

function end({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

describe.each(PROGRAMS)('the example service in $name', (language) => {
  let child: ChildProcess | undefined
  let origin = ''
  let gateway: Gateway | undefined

  beforeAll(async () => {
    if (language.missing() !== undefined) return
    const [started, port] = await start(language, join(ROOT, 'examples/directory/aliases.json'))
    child = started
    origin = `http://127.0.0.1:${port}`
    const [block] = configurations('docs/service.md')
    const text = (block?.text ?? '')
      .replace('http://127.0.0.1:8470', origin)
      .replace('127.0.0.1:8464', '127.0.0.1:0')
    const load = () => parseConfig(`${text}log: { level: silent }\n`, 'service.yaml', { env: { TOKEN } })
    gateway = await Gateway.start({ load, version: 'test' })
  }, START_TIMEOUT_MS)

  afterAll(async () => {
    await gateway?.stop()
    if (child !== undefined) end(child)
  })

  beforeEach((context) => {
    // A compiler for one example is no condition of CI: what is skipped is said in the last line.
    if (language.name === 'Go' && language.missing() !== undefined) context.skip(language.missing())
    skipWithout(context, language.missing())
  })

  const ask = async (key: string) => {
    const result = await gateway?.lookup({ protocol: 'socketmap', table: 'aliases', key: Buffer.from(key) })
    return result?.kind === 'found' ? result.value : result?.kind
  }

  test(`is complete in under ${MAX_LINES} lines`, async () => {
    const lines = (await readFile(join(FOLDER, language.file), 'utf8')).split('\n').length
    expect(lines).toBeLessThan(MAX_LINES)
  })

  test('answers with every address of a list', async () => {
    expect(await ask('sales@lighthouse.example')).toBe(
      'bob@lighthouse.example, carol@lighthouse.example, orders@harbour.example',
    )
  })

  test('says "not found" for an address that it does not have, and for an empty list', async () => {
    expect(await ask('nobody@lighthouse.example')).toBe('notfound')
    expect(await ask('former@lighthouse.example')).toBe('notfound')
  })

  test('takes a key with reserved characters as the address that it is', async () => {
    expect(await ask('a/b?c=d&e#f%20@lighthouse.example')).toBe('notfound')
  })

  test('never says 404 for what is not an unknown address', async () => {
    const authorization = { authorization: `Bearer ${TOKEN}` }
    const status = async (path: string, headers: Record<string, string>) =>
      (await fetch(origin + path, { headers })).status
    expect(await status('/aliases/sales@lighthouse.example', {})).toBe(401)
    expect(await status('/users/sales@lighthouse.example', authorization)).toBe(400)
    expect(await status('/aliases/', authorization)).toBe(400)
  })

  /** The gateway of the page, with a replica. */
  async function replicated(context: TestContext, address: string, replica: string) {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-service-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [block] = configurations('docs/service.md')
    const text = (block?.text ?? '')
      .replace('http://127.0.0.1:8470', address)
      .replace('127.0.0.1:8464', '127.0.0.1:0')
      .replace(
        /(\n +)canary:/,
        `$1replica: { path: /aliases, authoritative: true, directory: ${folder}, ${replica} }$1canary:`,
      )
    const load = () => parseConfig(`${text}log: { level: silent }\n`, 'service.yaml', { env: { TOKEN } })
    const copying = await Gateway.start({ load, version: 'test' })
    context.onTestFinished(() => copying.stop())
    const status = () => copying.status().tables[0]?.replica
    await until('a copy', () => (status()?.state === 'ready' ? true : undefined))
    const lookup = (key: string) =>
      copying.lookup({ protocol: 'socketmap', table: 'aliases', key: Buffer.from(key) })
    return { copying, status, lookup }
  }

  test('lists everything for a replica, which answers as single replies do', async (context) => {
    const { lookup } = await replicated(context, origin, '')
    expect(await lookup('sales@lighthouse.example')).toEqual({
      kind: 'found',
      value: 'bob@lighthouse.example, carol@lighthouse.example, orders@harbour.example',
    })
    expect(await lookup('former@lighthouse.example')).toEqual({ kind: 'notfound' })
    expect(await lookup('nobody@lighthouse.example')).toEqual({ kind: 'notfound' })
  })

  const testOfChanges = language.hasChanges ? test : () => {}
  testOfChanges('tells a replica what has changed', async (context: TestContext) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-service-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'aliases.json')
    const aliases = JSON.parse(await readFile(join(ROOT, 'examples/directory/aliases.json'), 'utf8'))
    await writeFile(file, JSON.stringify(aliases))
    const [changing, port] = await start(language, file)
    context.onTestFinished(() => end(changing))
    const settings = 'changes: "/changes?since={cursor}", cursor: x-cursor'
    const { copying, status, lookup } = await replicated(context, `http://127.0.0.1:${port}`, settings)
    const { 'sales@lighthouse.example': _, ...others } = aliases
    await writeFile(file, JSON.stringify({ ...others, 'new@lighthouse.example': ['a@harbour.example'] }))
    copying.tables.purge('aliases', { kind: 'key', key: Buffer.from('new@lighthouse.example') })
    await until('the changes', () => (status()?.changes?.rounds === 1 ? true : undefined))
    expect(status()?.changes).toMatchObject({ set: 1, gone: 1, unusable: 0 })
    expect(await lookup('new@lighthouse.example')).toEqual({ kind: 'found', value: 'a@harbour.example' })
    expect(await lookup('sales@lighthouse.example')).toEqual({ kind: 'notfound' })
    const unknown = await fetch(`http://127.0.0.1:${port}/changes?since=unknown`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    expect(unknown.status).toBe(410)
  })

  test('says "cannot tell" when its data is away', async (context) => {
    const [broken, port] = await start(language, '/nowhere/aliases.json')
    context.onTestFinished(() => end(broken))
    const response = await fetch(`http://127.0.0.1:${port}/aliases/sales@lighthouse.example`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    expect(response.status).toBe(503)
  })
})

test('the Go example is formatted as Go has it', async (context) => {
  if (missingProgram('gofmt') !== undefined) context.skip('needs go: apt-get install golang-go')
  expect(await runOk('gofmt', ['-l', FOLDER])).toBe('')
})
