/**
 * Settings of an HTTP upstream and table for tests: every default of the configuration, so that
 * a test names only what it is about.
 */
import { type Clock, systemClock } from '../../../src/core/clock.ts'
import { HttpUpstreamPools } from '../../../src/upstreams/http/pools.ts'
import type {
  EndpointSettings,
  HttpTableSettings,
  HttpUpstreamSettings,
  RequestSettings,
  ResponseSettings,
} from '../../../src/upstreams/http-client/settings.ts'
import type { Cleanup } from './http-service.ts'

export const requestSettings = (changes: Partial<RequestSettings> = {}): RequestSettings => ({
  method: 'GET',
  path: '/aliases/{key}',
  query: new Map(),
  headers: new Map(),
  json: undefined,
  form: undefined,
  ...changes,
})

export const responseSettings = (changes: Partial<ResponseSettings> = {}): ResponseSettings => ({
  value: undefined,
  action: undefined,
  text: undefined,
  user: undefined,
  foundMark: undefined,
  refused: undefined,
  refusedMark: undefined,
  error: undefined,
  missing: 'temporary',
  found: [200],
  notFound: [204, 404, 410],
  notFoundBody: 'notHtml',
  notFoundMark: undefined,
  idn: 'asIs',
  format: '{value}',
  separator: ', ',
  maxValues: 1000,
  ...changes,
})

export const tableSettings = (changes: Partial<HttpTableSettings> = {}): HttpTableSettings => ({
  name: 'aliases',
  request: requestSettings(),
  response: responseSettings(),
  sideEffects: false,
  ...changes,
})

export const upstreamSettings = (
  endpoints: readonly Partial<EndpointSettings>[],
  changes: Partial<HttpUpstreamSettings> = {},
): HttpUpstreamSettings => ({
  name: 'directory',
  endpoints: endpoints.map((endpoint) => ({
    url: endpoint.origin ?? 'http://localhost',
    origin: 'http://localhost',
    socketPath: undefined,
    pathPrefix: '',
    label: 'dir1.example',
    ...endpoint,
  })),
  headers: new Map(),
  host: undefined,
  timeoutMs: 2000,
  maxConcurrent: 64,
  maxConnectionAgeMs: 300_000,
  maxBodyBytes: 1_048_576,
  proxy: undefined,
  tls: undefined,
  oauth: undefined,
  ...changes,
})

/** Pools that end with the test. */
export function openPools(
  t: Cleanup,
  settings: HttpUpstreamSettings,
  clock: Clock = systemClock,
  onCredentialsRefused?: (endpoint: string, why: 'status' | 'tls') => void,
): HttpUpstreamPools {
  const pools = new HttpUpstreamPools(settings, {
    clock,
    ...(onCredentialsRefused === undefined ? {} : { onCredentialsRefused }),
  })
  t.onTestFinished(() => pools.destroy())
  return pools
}
