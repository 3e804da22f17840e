/**
 * A service that fails, and the endpoint that asks it.
 */
import { onTestFinished } from 'vitest'
import type { Reply as Outcome } from '../../../src/core/upstream.ts'
import type { HttpEndpoint } from '../../../src/upstreams/http/endpoint.ts'
import type { HttpTableSettings, HttpUpstreamSettings } from '../../../src/upstreams/http-client/settings.ts'
import { openPools, tableSettings, upstreamSettings } from '../../support/http/http-endpoint.ts'
import { type Behaviour, type HttpService, startHttpService } from '../../support/http/http-service.ts'

export const t = { onTestFinished }

export const LONG_MS = 20_000

export async function serviceAnd(
  behaviour: Behaviour,
  table: Partial<HttpTableSettings> = {},
  upstream: Partial<HttpUpstreamSettings> = {},
): Promise<{ service: HttpService; endpoint: HttpEndpoint }> {
  const service = await startHttpService(t)
  service.otherwise = behaviour
  const pools = openPools(t, upstreamSettings([{ origin: service.origin }], upstream))
  return { service, endpoint: pools.endpoint(tableSettings(table), 0) }
}

export function summary({ result, evidence, retry }: Outcome): string {
  return result.kind === 'temporary' ? `${result.cause} ${evidence} ${retry}` : result.kind
}

export function reasonOf({ result }: Outcome): string {
  return result.kind === 'temporary' ? result.reason : ''
}
