/**
 * Every command in README and docs that can run is run, in an empty clone of the last commit.
 * What cannot run says why in its mark. How commands are marked: session.ts.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { missingProgram, ROOT, run, runOk, skipWithout } from '../packaging/run.ts'
import { type CodeBlock, codeBlocks, documents } from './markdown.ts'
import { type Place, PORTS, runSession, steps, withPorts } from './session.ts'

/** Clone and installation, on a busy machine, ms. */
const CLONE_TIMEOUT_MS = 180_000
/** Loopback ports below the range that the system hands out by itself. */
const LOWEST_PORT = 20_000
const HIGHEST_PORT = 32_000

const files = documents().filter((file) => steps(codeBlocks(file)).some(({ language }) => language === 'sh'))
let work = ''
let place: Place

function missing(): string | undefined {
  const program = missingProgram('bash', 'git', 'npm', 'curl', 'python3', 'postmap')
  return program && `needs ${program}: apt-get install git curl python3 postfix`
}

/** Finds ports in a row that nobody uses. */
async function portsInARow(): Promise<number> {
  for (;;) {
    const first = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT))
    const free = await Promise.all(Array.from({ length: PORTS }, (_, at) => isFree(first + at)))
    if (free.every(Boolean)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

beforeAll(async () => {
  if (missing() !== undefined) return
  work = await mkdtemp(join(tmpdir(), 'mapgate-clone-'))
  const folder = join(work, 'clone')
  await runOk('git', ['clone', '--quiet', ROOT, folder])
  await runOk('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder })
  // What "installed" means in the documents. Postfix is not set up, as on a newcomer's machine.
  await mkdir(join(work, 'bin'))
  await writeFile(join(work, 'bin/mapgate'), `#!/bin/sh\nexec node '${folder}/dist/cli.js' "$@"\n`)
  await chmod(join(work, 'bin/mapgate'), 0o755)
  const firstPort = await portsInARow()
  const env = {
    PATH: `${work}/bin:${process.env.PATH}:/usr/sbin`,
    MAIL_CONFIG: undefined,
    CI: undefined,
    // Where commands look when nothing says otherwise is port 8466.
    MAPGATE_ADMIN: `http://127.0.0.1:${firstPort + 2}`,
  }
  place = { folder, firstPort, env }
}, CLONE_TIMEOUT_MS)

afterAll(async () => {
  if (work !== '') await rm(work, { recursive: true, force: true })
})

describe('the commands in', () => {
  beforeEach((context) => skipWithout(context, missing()))

  for (const file of files) {
    test(`${file} work when typed`, async () => {
      await run('git', ['clean', '-fdq'], { cwd: place.folder })
      const blocks = steps(codeBlocks(file))
      const session = await runSession(blocks, place)
      expect([session.status, session.stderr.slice(-2000)]).toEqual([0, expect.anything()])
      for (const [at, output] of expectedOutputs(file, blocks)) {
        for (const line of withPorts(output, place.firstPort).trim().split('\n'))
          expect(session.outputs[at]).toContain(line)
      }
    }, 180_000)
  }
})

/** The outputs that a document shows, each with the number of its step. */
function expectedOutputs(file: string, blocks: readonly CodeBlock[]): [at: number, text: string][] {
  return codeBlocks(file)
    .filter(({ language, mark }) => language === 'text' && mark === 'output')
    .map(({ line, text }) => [blocks.findLastIndex((block) => block.line < line), text])
}

test('every shell block is run, or says why it is not', () => {
  const shell = documents()
    .flatMap(codeBlocks)
    .filter(({ language }) => language === 'sh' || language === 'bash' || language === 'console')
  expect(shell.length).toBeGreaterThan(8)
  const unmarked = shell.filter(({ mark }) => mark !== 'run' && !/^skip=\S{10,}$/.test(mark))
  expect(unmarked.map(({ file, line }) => `${file}:${line}`)).toEqual([])
})

test('every link between the documents leads to a page and a heading that are there', async () => {
  const { existsSync, readFileSync } = await import('node:fs')
  const broken: string[] = []
  for (const file of documents()) {
    const text = readFileSync(join(ROOT, file), 'utf8').replace(/```[\s\S]*?```/g, '')
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const page = path === '' ? join(ROOT, file) : join(ROOT, file, '..', path)
      const there =
        existsSync(page) && (anchor === undefined || headings(readFileSync(page, 'utf8')).includes(anchor))
      if (!there) broken.push(`${file}: ${target}`)
    }
  }
  expect(broken).toEqual([])
})

/** The anchors that GitHub makes of headings. */
function headings(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
