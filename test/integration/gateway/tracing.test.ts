/**
 * What a service and a collector get to know about the lookup that they are part of.
 */
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const yaml = (origin: string, more = '') => `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${origin}"], attempts: 1 } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
${more}`

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$/

test('a service gets a traceparent, and the log line of a failed lookup has the same', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { status: 500 }
  const gateway = await startGateway(t, yaml(service.origin))
  await gateway.socketmap().lookup('aliases', 'a')
  const traceparent = service.requests[0]?.headers.traceparent
  expect(traceparent).toMatch(TRACEPARENT)
  await expect.poll(() => JSON.stringify(gateway.log())).toContain(traceparent)
})

test('a collector gets a span for the lookup and one for its request, in one trace', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'b' }
  const collector = await startHttpService(t)
  const gateway = await startGateway(t, yaml(service.origin, `tracing: { otlp: "${collector.origin}" }`))
  await gateway.socketmap().lookup('aliases', 'a')
  await gateway.gateway.stop()
  const [, traceId] = TRACEPARENT.exec(String(service.requests[0]?.headers.traceparent)) ?? []
  expect(collector.requests[0]?.url).toBe('/v1/traces')
  const spans = JSON.parse(collector.requests[0]?.body ?? '').resourceSpans[0].scopeSpans[0].spans
  expect(spans.map(({ name }: { name: string }) => name).sort()).toEqual(['lookup', 'request'])
  for (const span of spans) expect(span.traceId).toBe(traceId)
})

test('a query of the URL of the collector stays behind the path', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'b' }
  const collector = await startHttpService(t)
  const gateway = await startGateway(
    t,
    yaml(service.origin, `tracing: { otlp: "${collector.origin}/base/?code=a%2Fb" }`),
  )
  await gateway.socketmap().lookup('aliases', 'a')
  await gateway.gateway.stop()
  expect(collector.requests[0]?.url).toBe('/base/v1/traces?code=a%2Fb')
})

/** A collector that takes connections and never answers, or whose port nobody listens on. */
async function collector(kind: 'hangs' | 'refuses'): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {}) // the gateway went away
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  if (kind === 'refuses') await new Promise((resolve) => server.close(resolve))
  else onTestFinished(() => void server.close())
  return `http://127.0.0.1:${port}`
}

for (const kind of ['hangs', 'refuses'] as const) {
  test(`a collector that ${kind} holds up no lookup, and the stop for its time-out at most`, async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'b' }
    const gateway = await startGateway(
      t,
      yaml(service.origin, `tracing: { otlp: "${await collector(kind)}" }`),
    )
    const client = gateway.socketmap()
    // Two spans each: more than may wait.
    const answers = await Promise.all(
      Array.from({ length: 1100 }, (_, n) => client.lookup('aliases', `user${n}`)),
    )
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['found']))
    const startMs = performance.now()
    await gateway.gateway.stop()
    // EXPORT_TIMEOUT_MS is 5 s.
    expect(performance.now() - startMs).toBeLessThan(9000)
  })
}
