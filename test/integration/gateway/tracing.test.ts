/**
 * What a service and a collector are told about the lookup that they are part of.
 */
import { expect, test } from 'vitest'
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
