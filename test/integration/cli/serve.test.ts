/**
 * `mapgate serve` as a process: signals, and what is reported about a bad file. Needs `npm run build`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))

const FILE = `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
upstreams:
  fixed: { entries: { a@x.example: [b@x.example] } }
tables:
  aliases: { upstream: fixed }
`

interface Serving {
  readonly child: ChildProcess
  readonly file: string
  readonly port: number
  /** Resolves when the log holds a text. */
  readonly logged: (text: string) => Promise<void>
  readonly ended: Promise<number | null>
}

async function serve(text = FILE): Promise<Serving> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'mapgate.yaml')
  await writeFile(file, text)
  // Found as the default file of its folder.
  const child = spawn(process.execPath, [CLI, 'serve'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let log = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const logged = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!log.includes(text)) return
        child.stdout?.off('data', look)
        resolve()
      }
      child.stdout?.on('data', look)
      look()
    })
  await logged('"ready"')
  const port = Number(/127\.0\.0\.1:([1-9]\d*)/.exec(log)?.[1])
  return { child, file, port, logged, ended }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends it with 0`, async () => {
    const { child, ended } = await serve()
    child.kill(signal)
    expect(await ended).toBe(0)
  })
}

test('a lookup under way is answered before SIGTERM ends it', async () => {
  let answerNow = (): void => {}
  const service = createServer((_request, response) => {
    answerNow = () => response.setHeader('content-type', 'application/json').end('"b@x.example"')
    child.kill('SIGTERM')
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    service.close()
  })
  const bound = service.address()
  const servicePort = typeof bound === 'object' ? bound?.port : undefined
  const { child, port, logged, ended } = await serve(
    FILE.replace(
      'entries: { a@x.example: [b@x.example] }',
      `endpoints: ["http://127.0.0.1:${servicePort}"]`,
    ).replace('upstream: fixed', 'upstream: fixed, request: { path: "/{key}" }'),
  )
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${port}` })
  onTestFinished(() => client.close())
  const answer = client.lookup('aliases', 'a@x.example')
  await logged('"draining"')
  answerNow()
  expect(await answer).toEqual({ kind: 'found', value: 'b@x.example' })
  expect(await ended).toBe(0)
})

test('SIGHUP takes a good file over, and keeps answering with a bad one', async () => {
  const { child, file, port, logged, ended } = await serve()
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${port}` })
  onTestFinished(() => client.close())
  expect(await client.lookup('aliases', 'a@x.example')).toEqual({ kind: 'found', value: 'b@x.example' })

  await writeFile(file, FILE.replace('b@x.example', 'c@x.example'))
  child.kill('SIGHUP')
  await logged('configuration reloaded')
  expect(await client.lookup('aliases', 'a@x.example')).toEqual({ kind: 'found', value: 'c@x.example' })

  await writeFile(file, `${FILE}tabels: {}\n`)
  child.kill('SIGHUP')
  await logged('tabels')
  expect(await client.lookup('aliases', 'a@x.example')).toEqual({ kind: 'found', value: 'c@x.example' })

  client.close()
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})
