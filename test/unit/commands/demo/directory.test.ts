/**
 * The HTTP directory of the demo, with the data of the examples.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDirectory } from '../../../../src/commands/demo/directory.ts'

const DATA = fileURLToPath(new URL('../../../../examples/directory', import.meta.url))

async function start(folder = DATA): Promise<string> {
  const server = createDirectory(folder)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answers: [path: string, status: number, body: unknown][] = [
  [
    '/domains',
    200,
    expect.arrayContaining([{ domain: 'harbour.example', kind: 'mailbox', since: '2023-10-16' }]),
  ],
  [
    '/aliases/sales@lighthouse.example',
    200,
    {
      address: 'sales@lighthouse.example',
      goto: ['bob@lighthouse.example', 'carol@lighthouse.example', 'orders@harbour.example'],
    },
  ],
  [
    '/aliases/%50ostmaster%40lighthouse.example?x=1',
    200,
    { address: 'postmaster@lighthouse.example', goto: ['alice@lighthouse.example'] },
  ],
  [
    '/users/d%C3%B6rte@lighthouse.example',
    200,
    {
      address: 'dörte@lighthouse.example',
      name: 'Dörte Leucht',
      mailbox: 'lighthouse.example/doerte/',
      quotaMiB: 1024,
    },
  ],
  ['/domains/harbour.example', 200, { domain: 'harbour.example', kind: 'mailbox', since: '2023-10-16' }],
  [
    '/transports/.partner.example',
    200,
    { key: '.partner.example', transport: 'smtp:[mx.partner.example]:25' },
  ],
  ['/access/spam.example', 200, { key: 'spam.example', action: 'REJECT 5.7.1 No mail from here' }],
  [
    '/',
    200,
    { routes: ['/aliases/{key}', '/users/{key}', '/domains/{key}', '/transports/{key}', '/access/{key}'] },
  ],
  ['/aliases/nobody@lighthouse.example', 404, { error: 'not found' }],
  ['/aliases/constructor', 404, { error: 'not found' }],
  ['/aliases/', 404, { error: 'not found' }],
  ['/aliases/a/b', 404, { error: 'no such route' }],
  ['/passwords/x', 404, { error: 'no such route' }],
  ['/aliases/%ff', 400, { error: 'the key is not percent-encoded UTF-8' }],
]

describe('the directory', () => {
  for (const [path, status, body] of answers) {
    test(`GET ${path} is ${status}`, async () => {
      const response = await fetch(`${await start()}${path}`)
      expect([response.status, await response.json()]).toEqual([status, body])
    })
  }

  test('an entry has a validator and a lifetime, and an unchanged one is 304', async () => {
    const url = `${await start()}/users/alice@lighthouse.example`
    const first = await fetch(url)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{16}"$/)
    expect(first.headers.get('cache-control')).toBe('max-age=60, stale-while-revalidate=300')
    const again = await fetch(url, { headers: { 'if-none-match': etag } })
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, ''])
    expect((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
  })

  test('"not found" is believed for a shorter time and has no validator', async () => {
    const response = await fetch(`${await start()}/users/nobody`)
    expect(response.headers.get('cache-control')).toBe('max-age=10')
    expect(response.headers.get('etag')).toBeNull()
  })

  test('HEAD has the header fields and no body, another method is 405', async () => {
    const url = `${await start()}/users/alice@lighthouse.example`
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, Number(head.headers.get('content-length')) > 0, await head.text()]).toEqual([
      200,
      true,
      '',
    ])
    const post = await fetch(url, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('an edit shows at once, and half a file is 503', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const url = `${await start(folder)}/aliases/a`
    expect((await fetch(url)).status).toBe(503)
    await writeFile(join(folder, 'aliases.json'), '{"a": ["b"]}')
    expect(await (await fetch(url)).json()).toEqual({ address: 'a', goto: ['b'] })
    await writeFile(join(folder, 'aliases.json'), '{"a": ')
    expect((await fetch(url)).status).toBe(503)
  })
})

describe('what has changed', () => {
  test('is told since the cursor of the list, and a cursor of another start is not known', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-directory-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const write = (entries: object) => writeFile(join(folder, 'aliases.json'), JSON.stringify(entries))
    await write({ a: ['1'], b: ['2'], c: ['3'] })
    const origin = await start(folder)
    const ask = async (path: string) => {
      const response = await fetch(origin + path)
      return [response.status, response.headers.get('x-cursor'), await response.json()] as const
    }
    const [, first] = await ask('/aliases')
    expect(await ask(`/changes/aliases?since=${first}`)).toEqual([200, first, []])
    await write({ a: ['1'], b: ['other'], d: ['4'] })
    const [, second, changed] = await ask(`/changes/aliases?since=${first}`)
    expect(changed).toEqual([
      { address: 'b', goto: ['other'] },
      { address: 'c', deleted: true },
      { address: 'd', goto: ['4'] },
    ])
    expect(await ask(`/changes/aliases?since=${second}`)).toEqual([200, second, []])
    expect((await ask('/aliases'))[1]).toBe(second)
    for (const cursor of ['', 'x-0', `${first}9`, '%2B'])
      expect((await ask(`/changes/aliases?since=${cursor}`))[0]).toBe(410)
    expect((await ask('/changes/nosuch?since=x'))[0]).toBe(404)
  })
})

describe('POST /policy', () => {
  const cases: [body: string, status: number, action: unknown][] = [
    [
      '{"sender":"ads@spam.example","recipient":"alice@lighthouse.example"}',
      200,
      'REJECT 5.7.1 No mail from here',
    ],
    ['{"sender":"Former@Lighthouse.example"}', 200, 'REJECT 5.1.6 This person has left the lighthouse'],
    ['{"sender":"alice@lighthouse.example"}', 204, undefined],
    ['{"sender":""}', 204, undefined],
    ['{"sender":1}', 400, undefined],
    ['{}', 400, undefined],
    ['', 400, undefined],
    [`{"sender":"${'x'.repeat(65_536)}"}`, 400, undefined],
  ]
  for (const [body, status, action] of cases) {
    test(`answers ${body.slice(0, 60)} by ${status}`, async () => {
      const reply = await fetch(`${await start()}/policy`, { method: 'POST', body })
      expect(reply.status).toBe(status)
      const text = await reply.text()
      if (status === 204) expect(text).toBe('')
      else expect(JSON.parse(text).action).toBe(action)
    })
  }
})

describe('POST /auth', () => {
  const cases: [body: string, status: number, reply: unknown][] = [
    [
      '{"user":"Alice@Lighthouse.example","password":"lantern"}',
      200,
      { result: 'ok', user: 'alice@lighthouse.example' },
    ],
    ['{"user":"alice@lighthouse.example","password":"foghorn"}', 401, { result: 'wrong' }],
    ['{"user":"alice@lighthouse.example","password":""}', 401, { result: 'wrong' }],
    ['{"user":"constructor","password":"lantern"}', 401, { result: 'wrong' }],
    [
      '{"user":"alice@lighthouse.example"}',
      400,
      { error: 'the body is no JSON object with the texts "user" and "password"' },
    ],
    ['null', 400, { error: 'the body is no JSON object with the texts "user" and "password"' }],
  ]
  for (const [body, status, expected] of cases) {
    test(`answers ${body.slice(0, 60)} by ${status}`, async () => {
      const reply = await fetch(`${await start()}/auth`, { method: 'POST', body })
      expect([reply.status, await reply.json()]).toEqual([status, expected])
    })
  }

  test('is the only way to the passwords', async () => {
    for (const path of ['/passwords', '/passwords/alice@lighthouse.example', '/changes/passwords'])
      expect((await fetch(`${await start()}${path}`)).status).toBe(404)
  })
})
