/**
 * `check --ask` against real HTTP services.
 */
import { describe, expect, test } from 'vitest'
import { askCanaries } from '../../../src/commands/check/ask.ts'
import { cachingSentence } from '../../../src/commands/check/caching-sentence.ts'
import type { CacheConfig } from '../../../src/config/config.ts'
import { found } from '../../../src/core/result.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

/** Durations differ from run to run. */
const untimed = (text: string) => text.replace(/\d+ ms$/gm, 'N ms')

describe('check --ask', () => {
  const config = (origins: string[], more = '') => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { directory: { endpoints: [${origins.map((origin) => `"${origin}"`).join(', ')}] } }
tables:
  aliases:
    upstream: directory
    request: { path: "/{key}" }
    canary: { key: Postmaster }
    cache: { ttl: 60s, staleIfError: 1d }
${more}`

  test('asks each endpoint its canary, and tells what the caching headers would do', async (t) => {
    const good = await startHttpService(t)
    good.route('/postmaster', {
      text: 'ops',
      headers: { 'cache-control': 'max-age=0, private', etag: '"1"' },
    })
    const broken = await startHttpService(t)
    broken.otherwise = { status: 404 }
    const io = recordIo()
    expect(await askCanaries(await parseConfig(config([good.origin, broken.origin]), 'm.yaml'), io)).toBe(
      false,
    )
    expect(untimed(io.out())).toBe(
      `aliases  directory 0:127.0.0.1:${good.port}  found "ops", HTTP 200, N ms
    Cache-Control: max-age=0, private is not followed (honorCacheControl: false); used for 60 s, and up to 24 h longer in an outage; its validator saves bodies on refresh
aliases  directory 1:127.0.0.1:${broken.port}  NOT FOUND: the endpoint does not know its canary; check the path and the deployment, HTTP 404, N ms
`,
    )
  })

  test('hides a secret that the service gives back, also one that is cut off', async (t) => {
    const service = await startHttpService(t)
    const file = config([service.origin]).replace(
      'endpoints:',
      'headers: { authorization: "Bearer s3cret-of-the-directory" }, endpoints:',
    )
    for (const before of ['token:', 'x'.repeat(190)]) {
      service.otherwise = { text: `${before}s3cret-of-the-directory` }
      const io = recordIo()
      expect(await askCanaries(await parseConfig(file, 'm.yaml'), io)).toBe(true)
      expect(io.out()).toContain(`found "${before}***"`)
    }
  })

  test('says which table it could not ask about, and succeeds when all are found', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'ops' }
    const more = `  other: { upstream: directory, request: { path: "/other/{key}" } }\n`
    const io = recordIo()
    expect(await askCanaries(await parseConfig(config([service.origin], more), 'm.yaml'), io)).toBe(true)
    expect(io.out()).toContain('other  directory  not asked: it has no canary\n')
  })

  test('asks by the batch route where lookups take it', async (t) => {
    const service = await startHttpService(t)
    service.route('/postmaster', { text: 'ops' })
    service.route('/many', { json: [null] })
    const batch = '    batch: { path: /many, json: "{keys}" }\n'
    const io = recordIo()
    expect(await askCanaries(await parseConfig(config([service.origin], batch), 'm.yaml'), io)).toBe(false)
    expect(service.requests.map(({ body }) => body)).toEqual(['["postmaster"]'])
    expect(io.out()).toContain('NOT FOUND')
  })

  test('tells why an endpoint could not be asked', async (t) => {
    const service = await startHttpService(t)
    await service.stop()
    const io = recordIo()
    expect(await askCanaries(await parseConfig(config([service.origin]), 'm.yaml'), io)).toBe(false)
    expect(io.out()).toContain('temporary: the service refuses connections')
  })
})

describe('the sentence about caching', () => {
  const cache: CacheConfig = {
    ttlMs: 60_000,
    negativeTtlMs: 10_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    staleAfterMs: 1000,
    staleNotFound: undefined,
    jitter: 0.1,
    honorCacheControl: true,
    minTtlMs: 10_000,
    maxTtlMs: 3_600_000,
    maxEntries: 1,
    maxNegativeEntries: 1,
    maxBytes: 1,
  }
  const sentence = (settings: CacheConfig | undefined, caching?: Record<string, string>) =>
    cachingSentence(
      settings,
      { result: found('x'), evidence: 'good', retry: 'none', caching },
      Date.UTC(2026, 0, 1),
    )

  const cases: [
    name: string,
    settings: CacheConfig | undefined,
    caching: Record<string, string> | undefined,
    says: string,
  ][] = [
    ['nothing is stored', undefined, { cacheControl: 'max-age=9' }, 'nothing is stored (cache: off)'],
    [
      'the table decides',
      cache,
      undefined,
      'it says nothing about caching: used for 60 s, not used in an outage',
    ],
    [
      'the service decides',
      cache,
      { cacheControl: 'max-age=300, stale-if-error=600' },
      'Cache-Control: max-age=300, stale-if-error=600: used for 5 min, and up to 10 min longer in an outage',
    ],
    [
      'minTtl binds it',
      cache,
      { cacheControl: 'max-age=1' },
      'Cache-Control: max-age=1: used for 10 s, not used in an outage',
    ],
    [
      'it forbids storing',
      cache,
      { cacheControl: 'no-store' },
      'Cache-Control: no-store: never stored, so it cannot help in an outage',
    ],
    ['it varies', cache, { vary: 'Accept' }, 'Vary: Accept: never stored, so it cannot help in an outage'],
    ['it has expired', cache, { expires: '0' }, 'Expires: 0: used for 10 s, not used in an outage'],
    [
      'it is ignored',
      { ...cache, honorCacheControl: false },
      undefined,
      'it says nothing about caching; used for 60 s, not used in an outage',
    ],
    [
      'a field is no text',
      cache,
      { cacheControl: 'x="\x1b[31m"' },
      'Cache-Control: x="?[31m": used for 60 s, not used in an outage',
    ],
  ]
  for (const [name, settings, caching, says] of cases) {
    test(name, () => expect(sentence(settings, caching)).toBe(says))
  }
})

describe('check --ask with a replica', () => {
  const config = (origin: string, replica: string) => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { directory: { endpoints: ["${origin}"] } }
tables:
  mailboxes:
    upstream: directory
    request: { path: "/mailboxes/{key}" }
    replica: { path: /mailboxes, directory: /nonexistent, ${replica} }
`
  async function ask(origin: string, replica = '') {
    const io = recordIo()
    const isGood = await askCanaries(await parseConfig(config(origin, replica), 'm.yaml'), io)
    return { isGood, out: io.out().replace(/\d+(?:\.\d+)? m?s\b/g, 'N ms') }
  }

  test('shows the list, and compares 20 of its entries with single replies', async (t) => {
    const service = await startHttpService(t)
    const list = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`u${at}@a.example`, `box${at}/`]))
    service.otherwise = ({ url }) =>
      url === '/mailboxes'
        ? { json: list }
        : { json: list[decodeURIComponent(url.slice('/mailboxes/'.length))] }
    expect(await ask(service.origin)).toEqual({
      isGood: true,
      out: `mailboxes  directory  not asked: it has no canary
mailboxes  directory  list: 30 entries, ${JSON.stringify(list).length} B, N ms
    first: "u0@a.example" "box0/", "u1@a.example" "box1/", "u2@a.example" "box2/"
    20 of 20 are the same by the route for single keys, N ms
`,
    })
  })

  test('says what is different, twice there, unusable or no list at all', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = ({ url }) =>
      url === '/mailboxes'
        ? {
            text: '{"a@a.example":"a/","A@a.example":"b/","b@a.example":{}}',
            headers: { 'content-type': 'application/json' },
          }
        : { json: 'a/' }
    const bad = await ask(service.origin)
    expect(bad.isGood).toBe(false)
    expect(bad.out).toContain(`    NOT USABLE: 1 key occurs more than once
    NOT USABLE: 1 entries cannot be used: entry 3 of the list: the service's reply has a value that is neither text nor a plain number
    1 of 2 are the same by the route for single keys, N ms
    DIFFERENT: "a@a.example": the list has "b/", the route for single keys has "a/"; both must say the same
`)
    service.otherwise = ({ url }) =>
      url === '/mailboxes' ? { json: { 'a@a.example': 'a/' } } : { status: 404 }
    expect((await ask(service.origin)).out).toContain(
      'DIFFERENT: "a@a.example": the list has "a/", the route for single keys says "not found"; both must say the same\n',
    )
    service.otherwise = ({ url }) =>
      url === '/mailboxes' ? { json: { 'a@a.example': 'a/' } } : { status: 500 }
    expect((await ask(service.origin)).out).toContain(
      'DIFFERENT: "a@a.example": the list has "a/", the route for single keys fails: the service answered 500; both must say the same\n',
    )
    service.otherwise = { status: 500 }
    expect(await ask(service.origin)).toMatchObject({
      isGood: false,
      out: expect.stringContaining('NOT USABLE: the list route answered 500'),
    })
    service.otherwise = { json: {} }
    expect((await ask(service.origin)).out).toContain('NOT USABLE: a list without entries is kept aside')
  })

  test('asks what has changed since the list', async (t) => {
    const service = await startHttpService(t)
    const list = { 'a@a.example': 'a/', 'A@a.example': 'a/' }
    service.route('/mailboxes', { json: list, headers: { 'x-cursor': 'c/1' } })
    service.route('/mailboxes/a%40a.example', { json: 'a/' })
    service.route('/changes?since=c%2F1', { json: { 'b@a.example': null }, headers: { 'x-cursor': 'c/2' } })
    const settings = 'changes: "/changes?since={cursor}", cursor: x-cursor'
    expect(await ask(service.origin, settings)).toEqual({
      isGood: true,
      out: `mailboxes  directory  not asked: it has no canary
mailboxes  directory  list: 2 entries, ${JSON.stringify(list).length} B, N ms
    first: "a@a.example" "a/", "a@a.example" "a/"
    1 key occurs more than once with the same value, which counts once
    changes since then: 1 entry, N ms
    2 of 2 are the same by the route for single keys, N ms
`,
    })
    service.route('/changes?since=c%2F1', { status: 410 })
    expect(await ask(service.origin, settings)).toMatchObject({
      isGood: false,
      out: expect.stringContaining(
        'NOT USABLE: changes: the service does not know the cursor any more (410)',
      ),
    })
    service.route('/mailboxes', { json: list })
    expect((await ask(service.origin, settings)).out).toContain(
      'NOT USABLE: changes: the list has no cursor where replica.cursor points',
    )
  })
})
