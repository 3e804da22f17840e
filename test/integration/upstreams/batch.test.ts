/**
 * Many keys in one request, from a real server.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { BatchReply } from '../../../src/core/upstream.ts'
import type { RequestSettings, ResponseSettings } from '../../../src/upstreams/http-client/settings.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import {
  openPools,
  requestSettings,
  responseSettings,
  tableSettings,
  upstreamSettings,
} from '../../support/http/http-endpoint.ts'
import { type Behaviour, type RecordedRequest, startHttpService } from '../../support/http/http-service.ts'

const t = { onTestFinished }
const KEYS = ['a@x.example', 'b@x.example']

interface Setup {
  readonly request?: Partial<RequestSettings>
  readonly response?: Partial<ResponseSettings>
  readonly results?: string
  readonly keys?: readonly string[]
}

async function ask(
  behaviour: Behaviour,
  setup: Setup = {},
): Promise<{ reply: BatchReply; request: RecordedRequest | undefined }> {
  const service = await startHttpService(t)
  service.otherwise = behaviour
  const pools = openPools(t, upstreamSettings([{ origin: service.origin, pathPrefix: '/v1' }]))
  const request = requestSettings({
    method: 'POST',
    path: '/{table}/batch',
    json: { keys: '{keys}' },
    ...setup.request,
  })
  const { form } = request
  const table = tableSettings({
    response: responseSettings(setup.response),
    batch: {
      ...request,
      form: typeof form === 'string' ? undefined : form,
      maxKeys: 3,
      maxWaitMs: 0,
      results: setup.results,
    },
  })
  const endpoint = pools.batchEndpoint(table, 0)
  if (endpoint === undefined) return expect.unreachable('no batch endpoint')
  const reply = await endpoint.sendMany(setup.keys ?? KEYS, { timeoutMs: 5000 })
  expect([...reply.replies.keys()]).toStrictEqual(setup.keys ?? KEYS)
  return { reply, request: service.requests[0] }
}

const [A, B] = KEYS as [string, string]

describe('a batch reply', () => {
  const cases: [sentence: string, behaviour: Behaviour, expected: string[], setup?: Setup][] = [
    ['may be an object by key', { json: { [B]: 'b', [A]: ['a', 'c'] } }, ['=a, c', '=b']],
    [
      'may spell the domain of a key otherwise',
      { json: { 'u@xn--bcher-kva.example': 'u', 'v@bücher.example': 'v', 'W@X.example': 'w' } },
      ['=u', '=v', '=w'],
      {
        keys: ['u@bücher.example', 'v@xn--bcher-kva.example', 'w@x.example'],
        response: { missing: 'notFound' },
      },
    ],
    ['may be an array in the order asked', { json: ['a', null] }, ['=a', 'notfound']],
    [
      'may have its results inside',
      { json: { data: { [A]: 'a', [B]: '' } } },
      ['=a', 'notfound'],
      { results: '$.data' },
    ],
    [
      'has its objects read as single replies',
      { json: [{ goto: ['a'] }, { goto: [] }] },
      ['=a', 'notfound'],
      { response: { value: '$.goto' } },
    ],
    [
      'has errors of single keys',
      { json: [{ goto: 'a' }, { error: 'x' }] },
      ['=a', 'temporary service'],
      { response: { value: '$.goto', error: '$.error' } },
    ],
    ['that leaves a key out does not know it', { json: { [A]: 'a' } }, ['=a', 'temporary unreadable']],
    [
      'that leaves a key out says not found where the table says so',
      { json: { [A]: 'a' } },
      ['=a', 'notfound'],
      { response: { missing: 'notFound' } },
    ],
    [
      'has no keys from its prototype',
      { json: {} },
      ['notfound'],
      { keys: ['constructor'], response: { missing: 'notFound' } },
    ],
    [
      'has objects only with a path to read them by',
      { json: [{ goto: 'a' }, 'b'] },
      ['temporary unreadable', '=b'],
    ],
    ['must have one element for each key', { json: ['a'] }, ['temporary unreadable', 'temporary unreadable']],
    ['must be an object or array', { json: 'a' }, ['temporary unreadable', 'temporary unreadable']],
    [
      'must have what the path points at',
      { json: {} },
      ['temporary unreadable', 'temporary unreadable'],
      { results: '$.data' },
    ],
    ['must be JSON', { text: 'a' }, ['temporary unreadable', 'temporary unreadable']],
    [
      'may be an error as a whole',
      { json: { error: 'x' } },
      ['temporary service', 'temporary service'],
      { response: { error: '$.error' } },
    ],
    [
      'of 404 says nothing about its keys',
      { status: 404, json: {} },
      ['temporary status', 'temporary status'],
    ],
    ['of 204 says nothing about its keys', { status: 204 }, ['temporary status', 'temporary status']],
    ['of 503 is temporary for all', { status: 503 }, ['temporary status', 'temporary status']],
    ['of 400 is refused for all', { status: 400 }, ['permanent refused', 'permanent refused']],
    ['that does not come is temporary for all', { act: 'reset' }, ['temporary connect', 'temporary connect']],
  ]
  for (const [sentence, behaviour, expected, setup] of cases) {
    test(sentence, async () => {
      const { reply } = await ask(behaviour, setup)
      expect(shown(reply)).toStrictEqual(expected)
      const firstFailure = expected.find((text) => /^(?:temporary|permanent)/.test(text))
      expect(shownResult(reply.overall)).toBe(firstFailure ?? expected[0])
    })
  }
})

test('the validators of a batch are of no use for its keys, its freshness is', async () => {
  const headers = { etag: '"v1"', 'cache-control': 'max-age=5' }
  const { reply } = await ask({ json: ['a', 'b'], headers })
  expect(
    Array.from(reply.replies.values(), ({ validators, caching }) => [validators, caching?.cacheControl]),
  ).toStrictEqual([
    [undefined, 'max-age=5'],
    [undefined, 'max-age=5'],
  ])
})

describe('a batch request', () => {
  test('has its keys as an array in JSON, and the table in its path', async () => {
    const { request } = await ask({ json: [] }, { request: { json: { q: ['{keys}', 'x'], t: '{table}' } } })
    expect(request?.url).toBe('/v1/aliases/batch')
    expect(JSON.parse(request?.body ?? '')).toStrictEqual({ q: [KEYS, 'x'], t: 'aliases' })
  })

  test('repeats a parameter for each key', async () => {
    const query = new Map([
      ['key', '{keys}'],
      ['last', '1'],
    ])
    const { request } = await ask(
      { json: [] },
      { request: { method: 'GET', json: undefined, query }, keys: ['a&b', 'c'] },
    )
    expect(request?.url).toBe('/v1/aliases/batch?key=a%26b&key=c&last=1')
  })

  test('repeats a form field for each key', async () => {
    const form = new Map([['key', '{keys}']])
    const { request } = await ask({ json: [] }, { request: { json: undefined, form }, keys: ['a&b', 'c'] })
    expect(request?.body).toBe('key=a%26b&key=c')
  })

  test('has as many keys as it may, and never more or none', async () => {
    await ask({ json: ['1', '2', '3'] }, { keys: ['a', 'b', 'c'] })
    await expect(ask({ json: [] }, { keys: ['a', 'b', 'c', 'd'] })).rejects.toThrow(RangeError)
    await expect(ask({ json: [] }, { keys: [] })).rejects.toThrow(RangeError)
  })

  test('cannot have text around its keys, or a part of one key', async () => {
    await expect(ask({ json: [] }, { request: { json: ['x{keys}'] } })).rejects.toThrow(/must stand alone/)
    await expect(ask({ json: [] }, { request: { path: '/{key}' } })).rejects.toThrow(/unknown placeholder/)
    await expect(ask({ json: [] }, { request: { path: '/{keys}' } })).rejects.toThrow(/unknown placeholder/)
  })

  test('is there only for a table with a batch route', async () => {
    const pools = openPools(t, upstreamSettings([{}]))
    expect(pools.batchEndpoint(tableSettings(), 0)).toBeUndefined()
  })
})

function shown({ replies }: BatchReply): string[] {
  return Array.from(replies.values(), shownResult)
}

function shownResult({ result }: BatchReply['overall']): string {
  if (result.kind === 'found') return `=${result.value}`
  return 'cause' in result ? `${result.kind} ${result.cause}` : result.kind
}

test('a table with a batch alone is asked by it, and says which key was left out', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { json: { [A]: 'a' } }
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${service.origin}"], attempts: 1 } }
tables: { aliases: { upstream: directory, batch: { path: /b, json: { keys: "{keys}" } } } }`,
  )
  expect(await gateway.socketmap().lookup('aliases', A)).toEqual({ kind: 'found', value: 'a' })
  expect(service.requests[0]?.url).toBe('/b')
  expect(await gateway.socketmap().lookup('aliases', B)).toMatchObject({
    kind: 'temporary',
    reason: "the service's batch reply has no result for this key; see response.missing",
  })
})
