/**
 * `mapgate query` against a gateway's admin API that is played by a real HTTP service, and
 * against servers on the wire.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CommandError } from '../../../src/commands/exit-codes.ts'
import { query } from '../../../src/commands/query/query.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { type HttpService, type Reply, startHttpService } from '../../support/http/http-service.ts'

const FOUND = { kind: 'found', value: 'a@x.example, b@x.example' }

async function gateway(): Promise<HttpService> {
  return startHttpService({ onTestFinished })
}

/** Answers by key, as the lookup route does. */
function answering(results: Readonly<Record<string, object>>): (request: { url: string }) => Reply {
  return ({ url }) => {
    const key = new URL(url, 'http://gateway.example').searchParams.get('key') ?? ''
    return { json: { table: 'aliases', key, result: results[key] ?? { kind: 'notfound' }, source: 'cache' } }
  }
}

describe('mapgate query TABLE KEY', () => {
  const cases: [name: string, result: object, exitCode: number, out: string, err: string][] = [
    ['prints a value and exits 0', FOUND, 0, 'a@x.example, b@x.example\n', ''],
    [
      'prints nothing to standard output for not found and exits 1',
      { kind: 'notfound' },
      1,
      '',
      'mapgate query: not found\n',
    ],
    [
      'exits 75 for a temporary failure',
      { kind: 'temporary', cause: 'timeout', reason: 'no answer in time' },
      75,
      '',
      'mapgate query: temporary (timeout): no answer in time\n',
    ],
    [
      'exits 77 for a permanent failure',
      { kind: 'permanent', cause: 'refused', reason: 'the service refused the request' },
      77,
      '',
      'mapgate query: permanent (refused): the service refused the request\n',
    ],
  ]
  for (const [name, result, exitCode, out, err] of cases) {
    test(name, async () => {
      const service = await gateway()
      service.otherwise = answering({ 'k@x.example': result })
      const io = recordIo()
      expect(await query('aliases', 'k@x.example', { admin: service.origin }, io)).toBe(exitCode)
      expect([io.out(), io.err()]).toEqual([out, err])
    })
  }

  test('an unknown table is a permanent failure that says which', async () => {
    const service = await gateway()
    service.otherwise = {
      status: 404,
      json: { title: 'Not Found', code: 'table-unknown', detail: 'there is no table "nosuch"' },
    }
    const io = recordIo()
    expect(await query('nosuch', 'k', { admin: service.origin }, io)).toBe(77)
    expect(io.err()).toBe('mapgate query: permanent (no-table): there is no table "nosuch"\n')
  })

  test('escapes every byte of a table and key that could mean something in a URL', async () => {
    const service = await gateway()
    service.otherwise = answering({})
    const options = { admin: service.origin, explain: true, bypassCache: true }
    await query('a/b?c', 'x+y &z=#%é', options, recordIo())
    expect(service.requests[0]?.url).toBe(
      '/api/v1/tables/a%2Fb%3Fc/lookup?key=x%2By%20%26z%3D%23%25%C3%A9&explain=true&cache=bypass',
    )
  })

  test('--json prints one object with the result and where it came from', async () => {
    const service = await gateway()
    service.otherwise = answering({ k: FOUND })
    const io = recordIo()
    await query('aliases', 'k', { admin: service.origin, json: true }, io)
    expect(JSON.parse(io.out())).toEqual({ key: 'k', ...FOUND, table: 'aliases', source: 'cache' })
  })

  test('--explain prints the steps and keeps the exit code of the result', async () => {
    const service = await gateway()
    const steps = [
      { step: 'key', key: 'k' },
      { step: 'answer', source: 'cache', result: { kind: 'notfound' } },
    ]
    service.otherwise = { json: { table: 'aliases', result: { kind: 'notfound' }, steps } }
    const io = recordIo()
    expect(await query('aliases', 'k', { admin: service.origin, explain: true }, io)).toBe(1)
    expect(io.out()).toBe('  1. key         searched as k\n  2. answer      from cache, not found\n')
  })

  test('--explain says who is shown what went over the wire, where a service was asked and nothing is shown', async () => {
    const service = await gateway()
    const request = {
      step: 'request',
      upstream: 'd',
      endpoint: '0:h',
      key: 'k',
      attempt: 'first',
      durationMs: 1,
    }
    const steps = [{ ...request, status: 404, result: { kind: 'notfound' } }]
    service.otherwise = { json: { table: 'aliases', result: { kind: 'notfound' }, steps } }
    const viewer = recordIo()
    await query('aliases', 'k', { admin: service.origin, explain: true }, viewer)
    expect(viewer.out().split('\n')[1]).toBe(
      "                 URL and body are shown to the role operator only: run this as root, or give an operator's token with --token-file",
    )
    const seen = [{ ...steps[0], exchange: { method: 'GET', url: 'http://h/k' } }]
    service.otherwise = { json: { table: 'aliases', result: { kind: 'notfound' }, steps: seen } }
    const operator = recordIo()
    await query('aliases', 'k', { admin: service.origin, explain: true }, operator)
    expect(operator.out()).not.toContain('role operator')
  })

  for (const body of [
    { text: 'hello' },
    { json: [] },
    { json: { result: { kind: 'found' } } },
    { json: { result: { kind: 'other' } } },
  ]) {
    test(`takes ${JSON.stringify(body)} for no gateway, not for "not found"`, async () => {
      const service = await gateway()
      service.otherwise = body
      await expect(query('aliases', 'k', { admin: service.origin }, recordIo())).rejects.toMatchObject({
        exitCode: 69,
        message: expect.stringContaining('is this the admin address of mapgate?'),
      })
    })
  }
})

describe('mapgate query TABLE -', () => {
  test('prints KEY<TAB>VALUE for the found keys in the order of the input', async () => {
    const service = await gateway()
    service.otherwise = answering({
      a: { kind: 'found', value: '1' },
      b: { kind: 'found', value: '2' },
      '': { kind: 'found', value: 'empty' },
    })
    const io = recordIo({ stdin: ['a\nb', '\nnone\n', '\na'] })
    expect(await query('aliases', '-', { admin: service.origin }, io)).toBe(0)
    expect(io.out()).toBe('a\t1\nb\t2\n\tempty\na\t1\n')
    expect(io.err()).toBe('')
  })

  test('keeps the order although a later answer is there first', async () => {
    const service = await gateway()
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    service.otherwise = (request) => {
      const reply = answering({ a: { kind: 'found', value: '1' }, b: { kind: 'found', value: '2' } })(request)
      if (request.url.includes('key=a')) return { ...reply, after: held }
      release()
      return reply
    }
    const io = recordIo({ stdin: ['a\nb\n'] })
    await query('aliases', '-', { admin: service.origin }, io)
    expect(io.out()).toBe('a\t1\nb\t2\n')
  })

  test('answers a thousand keys in order', async () => {
    const service = await gateway()
    service.otherwise = ({ url }) => ({
      json: { result: { kind: 'found', value: url.slice(url.indexOf('=') + 1) } },
    })
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`)
    const io = recordIo({ stdin: [keys.join('\n')] })
    await query('aliases', '-', { admin: service.origin }, io)
    expect(io.out()).toBe(keys.map((key) => `${key}\t${key}\n`).join(''))
  })

  test('no key found exits 1', async () => {
    const service = await gateway()
    service.otherwise = answering({})
    expect(await query('aliases', '-', { admin: service.origin }, recordIo({ stdin: ['a\nb\n'] }))).toBe(1)
  })

  const failing: [kind: string, exitCode: number][] = [
    ['temporary', 75],
    ['permanent', 77],
  ]
  for (const [kind, exitCode] of failing) {
    test(`a ${kind} key is reported, the next is asked, and the exit code is ${exitCode}`, async () => {
      const service = await gateway()
      service.otherwise = answering({
        a: { kind, cause: 'status', reason: 'why' },
        b: { kind: 'found', value: '2' },
      })
      const io = recordIo({ stdin: ['a\nb\n'] })
      expect(await query('aliases', '-', { admin: service.origin }, io)).toBe(exitCode)
      expect(io.out()).toBe('b\t2\n')
      expect(io.err()).toBe(`mapgate query: "a": ${kind} (status): why\n`)
    })
  }

  test('prints and asks for the bytes of a key that is not UTF-8', async () => {
    const service = await gateway()
    service.otherwise = { json: { result: { kind: 'found', value: 'v' } } }
    const io = recordIo({ stdin: [Buffer.from([0xff, 0x0a])] })
    await query('aliases', '-', { admin: service.origin }, io)
    expect(service.requests[0]?.url).toContain('key=%FF')
    expect(io.outBytes()).toEqual(Buffer.from([0xff, 0x09, 0x76, 0x0a]))
  })

  test('--json prints one object a line, --explain the key above its steps', async () => {
    const service = await gateway()
    const steps = [{ step: 'key', key: 'k' }]
    service.otherwise = { json: { result: { kind: 'notfound' }, steps } }
    const json = recordIo({ stdin: ['a\nb\n'] })
    await query('aliases', '-', { admin: service.origin, json: true }, json)
    expect(
      json
        .out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).key),
    ).toEqual(['a', 'b'])
    const explain = recordIo({ stdin: ['a\n'] })
    await query('aliases', '-', { admin: service.origin, explain: true }, explain)
    expect(explain.out()).toBe('a\n  1. key         searched as k\n')
  })

  test('stops with one error when the gateway is gone', async () => {
    const io = recordIo({ stdin: [Array.from({ length: 200 }, (_, i) => `k${i}`).join('\n')] })
    await expect(query('aliases', '-', { admin: 'unix:/nonexistent/socket' }, io)).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('unix:/nonexistent/socket: there is no such socket'),
    })
  })

  test('a line too long for any listener is refused, the longest one is asked', async () => {
    const service = await gateway()
    service.otherwise = answering({})
    const line = (bytes: number): ReturnType<typeof recordIo> => recordIo({ stdin: ['x'.repeat(bytes)] })
    await expect(
      query('aliases', '-', { admin: service.origin }, line(128 * 1024 + 1)),
    ).rejects.toMatchObject({ exitCode: 64 })
    expect(service.requests).toEqual([])
  })
})

describe('mapgate query over the wire', () => {
  /** A server that sends the same bytes for each request. */
  async function wireServer(reply: string): Promise<{ port: number; received: string[] }> {
    const received: string[] = []
    const server = createServer((socket) => {
      socket.on('data', (chunk) => {
        received.push(chunk.toString())
        socket.write(reply)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const address = server.address()
    return { port: typeof address === 'object' && address !== null ? address.port : 0, received }
  }

  test('asks a socketmap server and prints its value', async () => {
    const { port, received } = await wireServer('6:OK v w,')
    const io = recordIo()
    expect(await query(`socketmap:inet:127.0.0.1:${port}:aliases`, 'a b', {}, io)).toBe(0)
    expect([received, io.out()]).toEqual([['11:aliases a b,'], 'v w\n'])
  })

  test('asks a tcp_table server and prints its value', async () => {
    const { port, received } = await wireServer('200 v%20w\n')
    const io = recordIo()
    expect(await query(`tcp:127.0.0.1:${port}`, 'a b', {}, io)).toBe(0)
    expect([received, io.out()]).toEqual([['get a%20b\n'], 'v w\n'])
  })

  test.each([
    ['10:OK a\x1b[2J\x07b,', 'a\\x1b[2J\\x07b\n', ''],
    ['13:TEMP a\x1b]0;x\x07b,', '', 'mapgate query: temporary (service): a?]0;x?b\n'],
  ])('what would steer a terminal does not reach it: %j', async (reply, out, err) => {
    const { port } = await wireServer(reply)
    const io = recordIo()
    await query(`socketmap:inet:127.0.0.1:${port}:t`, 'k', {}, io)
    expect(io.out()).toBe(out)
    expect(io.err()).toBe(err)
  })

  const failures: [reply: string, exitCode: number][] = [
    ['9:NOTFOUND ,', 1],
    ['8:TEMP why,', 75],
    ['8:PERM why,', 77],
    ['4:what,', 75],
  ]
  for (const [reply, exitCode] of failures) {
    test(`${reply} exits ${exitCode}`, async () => {
      const { port } = await wireServer(reply)
      const io = recordIo()
      expect(await query(`socketmap:inet:127.0.0.1:${port}:t`, 'k', {}, io)).toBe(exitCode)
      expect(io.out()).toBe('')
    })
  }

  test('a server that is not there is unreachable, with the address as it was typed', async () => {
    const target = 'socketmap:unix:no/such/socket:aliases'
    const error = await query(target, 'k', {}, recordIo({ cwd: '/' })).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({
      exitCode: 69,
      message: `${target}: cannot connect to the server: ENOENT; is a server running there?`,
    })
  })

  test.skipIf(process.geteuid?.() !== 0)('a socket that this user may not open says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const target = `socketmap:unix:${folder}/s:aliases`
    process.seteuid?.(65_534)
    try {
      await expect(query(target, 'k', {}, recordIo({ cwd: '/' }))).rejects.toMatchObject({
        exitCode: 69,
        message: `${target}: cannot connect to the server: EACCES; this user may not open that socket: ask as root, or as a member of its group`,
      })
    } finally {
      process.seteuid?.(0)
    }
  })

  test('--json has the result and no table', async () => {
    const { port } = await wireServer('200 v\n')
    const io = recordIo()
    await query(`tcp:127.0.0.1:${port}`, 'k', { json: true }, io)
    expect(JSON.parse(io.out())).toEqual({ key: 'k', kind: 'found', value: 'v' })
  })

  test('a wrong spelling says what is expected', async () => {
    await expect(query('socketmap:127.0.0.1:8464:aliases', 'k', {}, recordIo())).rejects.toMatchObject({
      exitCode: 64,
      message: expect.stringContaining('socketmap:inet:HOST:PORT:NAME'),
    })
  })

  for (const options of [{ explain: true }, { bypassCache: true }]) {
    test(`${JSON.stringify(options)} is refused: the wire has no such thing`, async () => {
      await expect(query('tcp:127.0.0.1:1', 'k', options, recordIo())).rejects.toMatchObject({ exitCode: 64 })
    })
  }
})

describe('what a foreign server says', () => {
  /** A server of socketmap that answers everything with the same text. */
  async function saying(reply: string): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {}) // the client went away
      socket.on('data', () => socket.write(`${Buffer.byteLength(reply)}:${reply},`))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return `socketmap:inet:127.0.0.1:${(server.address() as { port: number }).port}:aliases`
  }

  for (const reply of ['OK a\x1b[31m', 'TEMP no\x1b[31m', 'PERM no\x1b]0;x\x07']) {
    test(`${JSON.stringify(reply)} brings no escape sequence to a terminal`, async () => {
      const io = recordIo()
      await query(await saying(reply), 'a', {}, io)
      expect(io.out() + io.err()).not.toMatch(/[\x1b\x07]/)
      expect(io.out() + io.err()).toMatch(/a\\x1b|no\?/)
    })
  }
})
