import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Lookup, Query } from '../../../src/core/lookup.ts'
import { found, type LookupResult, temporary } from '../../../src/core/result.ts'
import type { BatchEndpoint, Endpoint, Reply, SendOptions } from '../../../src/core/upstream.ts'
import { startTracing } from '../../../src/observability/start-tracing.ts'
import {
  formatTraceparent,
  newTraceparent,
  withBatchTraceparent,
  withTraceparent,
} from '../../../src/observability/trace-context.ts'

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/
const QUERY: Query = { protocol: 'socketmap', table: 'aliases', key: Buffer.from('bob@lighthouse.example') }
const REPLY: Reply = { result: found('x'), status: 200, evidence: 'good', retry: 'none' }

interface SentSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: { key: string; value: Record<string, unknown> }[]
}

/** A collector that takes OTLP over HTTP as JSON. */
async function collector(status = 200) {
  const bodies: string[] = []
  const paths: (string | undefined)[] = []
  const server = createServer(async (request, response) => {
    bodies.push(await bodyOf(request))
    paths.push(request.url)
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    text: () => bodies.join('\n'),
    spans: () => bodies.flatMap(spansOf),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function spansOf(body: string): SentSpan[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] }
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
}

function attributesOf(span: SentSpan | undefined): Record<string, unknown> {
  return Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]))
}

async function trace(otlp: string) {
  const failures: (Error | undefined)[] = []
  const tracing = await startTracing({
    otlp,
    version: '1.2.3',
    exportFailed: (error) => failures.push(error),
  })
  onTestFinished(() => tracing.stop())
  const sent: SendOptions[] = []
  const endpoint = tracing.endpoint('directory', {
    name: '0 dir.example',
    send: async (_key, options) => {
      sent.push(options)
      return REPLY
    },
  })
  return { tracing, failures, sent, endpoint }
}

async function askThrough(endpoint: Endpoint): Promise<LookupResult> {
  await endpoint.send('bob@lighthouse.example', { timeoutMs: 1000 })
  return temporary('timeout', 'no answer')
}

describe('traceparent', () => {
  test('has the form of W3C Trace Context', () => {
    expect(newTraceparent()).toMatch(TRACEPARENT)
    const counted = (size: number) => Buffer.from(Array.from({ length: size }, (_, at) => at)).toString('hex')
    expect(newTraceparent(counted)).toBe('00-000102030405060708090a0b0c0d0e0f-1011121314151617-00')
    expect(formatTraceparent('a'.repeat(32), 'b'.repeat(16), true)).toBe(
      `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    )
  })

  test('is another one each time', () => {
    // More than are made of the random bytes that are fetched at once.
    const some = Array.from({ length: 1000 }, () => newTraceparent())
    expect(new Set(some).size).toBe(1000)
    expect(some.every((one) => TRACEPARENT.test(one))).toBe(true)
  })

  test('goes with each request, and comes back with its reply', async () => {
    const sent: (string | undefined)[] = []
    const endpoint = withTraceparent({
      name: '0 dir.example',
      send: async (_key, options) => {
        sent.push(options.traceparent)
        return REPLY
      },
    })
    const replies = [await endpoint.send('a', { timeoutMs: 1 }), await endpoint.send('a', { timeoutMs: 1 })]
    expect(sent[0]).toMatch(TRACEPARENT)
    expect(sent[1]).not.toBe(sent[0])
    expect(replies).toEqual(sent.map((traceparent) => ({ ...REPLY, traceparent })))
    expect(endpoint.name).toBe('0 dir.example')
  })
})

/** Says the same to every key. */
function batchEndpoint(sent: (string | undefined)[]): BatchEndpoint {
  return {
    name: '0 dir.example',
    maxKeys: 10,
    send: async () => REPLY,
    sendMany: async (keys, options) => {
      sent.push(options.traceparent)
      return { replies: new Map(keys.map((key) => [key, REPLY])), overall: REPLY }
    },
  }
}

describe('a batch', () => {
  test('has one traceparent, which comes back with the reply to each key', async () => {
    const sent: (string | undefined)[] = []
    const endpoint = withBatchTraceparent(batchEndpoint(sent))
    const { replies, overall } = await endpoint.sendMany(['a', 'b'], { timeoutMs: 1 })
    expect(sent).toEqual([expect.stringMatching(TRACEPARENT)])
    expect([...replies.values(), overall].map(({ traceparent }) => traceparent)).toEqual(
      Array(3).fill(sent[0]),
    )
    expect(endpoint.maxKeys).toBe(10)
  })

  test('has one span, which says how many keys went and none of them', async () => {
    const { url, spans, text } = await collector()
    const { tracing } = await trace(url)
    const sent: (string | undefined)[] = []
    const endpoint = tracing.batchEndpoint('directory', batchEndpoint(sent))
    const { replies } = await endpoint.sendMany(['bob@a.example', 'eve@a.example'], { timeoutMs: 1 })
    await tracing.stop()
    expect(spans()).toHaveLength(1)
    const [span] = spans()
    expect(span?.attributes).toContainEqual({ key: 'mapgate.keys', value: { intValue: 2 } })
    expect(replies.get('eve@a.example')?.traceparent).toBe(`00-${span?.traceId}-${span?.spanId}-01`)
    expect(text()).not.toContain('a.example')
  })
})

describe('Tracing', () => {
  test('a lookup that takes time has a span, and its request one below it, without any key', async () => {
    const { url, spans, text, paths } = await collector()
    const { tracing, sent, endpoint } = await trace(`${url}/`)
    let traceId: string | undefined
    const inner: Lookup = {
      lookup: async () => {
        const result = await askThrough(endpoint)
        traceId = tracing.traceId()
        return result
      },
    }
    await tracing.lookup(inner).lookup(QUERY)
    await tracing.stop()
    const lookup = spans().find(({ name }) => name === 'lookup')
    const request = spans().find(({ name }) => name === 'request')
    expect(attributesOf(lookup)).toEqual({
      'mapgate.protocol': 'socketmap',
      'mapgate.table': 'aliases',
      'mapgate.result': 'temporary',
      'mapgate.cause': 'timeout',
    })
    expect(attributesOf(request)).toEqual({
      'mapgate.upstream': 'directory',
      'mapgate.endpoint': '0 dir.example',
      'mapgate.result': 'found',
      'http.response.status_code': 200,
    })
    expect(request?.parentSpanId).toBe(lookup?.spanId)
    expect(sent[0]?.traceparent).toBe(`00-${lookup?.traceId}-${request?.spanId}-01`)
    expect(traceId).toBe(lookup?.traceId)
    expect(paths).toEqual(['/v1/traces'])
    expect(text()).not.toContain('bob')
  })

  test('a lookup that is answered at once has no span, and a refresh behind it is a trace of its own', async () => {
    const { url, spans } = await collector()
    const { tracing, endpoint } = await trace(url)
    let refresh: Promise<unknown> = Promise.resolve()
    const inner: Lookup = {
      lookup: () => {
        refresh = Promise.resolve().then(() => askThrough(endpoint))
        return found('x')
      },
    }
    expect(tracing.lookup(inner).lookup(QUERY)).toEqual(found('x'))
    await refresh
    await tracing.stop()
    expect(spans().map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([['request', undefined]])
  })

  test('a request that breaks ends its span and rejects as before', async () => {
    const { url, spans } = await collector()
    const { tracing } = await trace(url)
    const broken = tracing.endpoint('directory', {
      name: '0',
      send: () => Promise.reject(new Error('a bug')),
    })
    await expect(broken.send('a', { timeoutMs: 1 })).rejects.toThrow('a bug')
    await tracing.stop()
    expect(spans()).toHaveLength(1)
  })

  test('spans that the collector refuses are reported, and nothing else happens', async () => {
    const { url } = await collector(400)
    const { tracing, failures, endpoint } = await trace(url)
    await endpoint.send('a', { timeoutMs: 1 })
    await tracing.stop()
    expect(failures).toHaveLength(1)
  })
})
