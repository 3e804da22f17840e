/**
 * One endpoint that is asked with access tokens, over real sockets. Time is moved by hand.
 */
import { expect, onTestFinished } from 'vitest'
import type { Cancellation } from '../../../../src/core/cancellation.ts'
import { HttpUpstreamPools } from '../../../../src/upstreams/http/pools.ts'
import { AccessTokens } from '../../../../src/upstreams/http-client/oauth/access-tokens.ts'
import type { OAuthSettings } from '../../../../src/upstreams/http-client/oauth/schema.ts'
import { isInvalidTokenUrl, parseTokenUrl } from '../../../../src/upstreams/http-client/oauth/token-url.ts'
import type { HttpUpstreamSettings } from '../../../../src/upstreams/http-client/settings.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { tableSettings, upstreamSettings } from '../../../support/http/http-endpoint.ts'
import type { Authorized } from '../../../support/http/token-server.ts'

export function oauth(url: string, changes: Partial<OAuthSettings> = {}): OAuthSettings {
  const tokenUrl = parseTokenUrl(url)
  if (isInvalidTokenUrl(tokenUrl)) throw new Error(tokenUrl.why)
  return {
    tokenUrl,
    clientId: 'mapgate',
    clientSecret: 'a-secret:ü',
    privateKey: undefined,
    keyId: undefined,
    assertionAudience: undefined,
    authentication: undefined,
    scope: undefined,
    audience: undefined,
    timeoutMs: 5000,
    ...changes,
  }
}

export interface Asking {
  readonly clock: ManualClock
  readonly tokens: AccessTokens
  /** What was counted and told, in order. */
  readonly events: string[]
  readonly settings: HttpUpstreamSettings
  ask(
    key?: string,
    options?: { timeoutMs?: number; signal?: Cancellation; sideEffects?: boolean },
  ): Promise<unknown>
  reconfigure(settings: HttpUpstreamSettings): void
}

export function asking(
  { service, tokens: server }: Authorized,
  changes: Partial<HttpUpstreamSettings> = {},
): Asking {
  const clock = new ManualClock()
  const events: string[] = []
  const settings = upstreamSettings([{ origin: service.origin }], {
    oauth: oauth(`${server.origin}/token`),
    ...changes,
  })
  const tokens = new AccessTokens(settings, {
    clock,
    random: () => 0,
    observer: {
      fetchChanged: ({ state, failure }) =>
        events.push(failure === undefined ? state : `${state}: ${failure}`),
    },
    onClientRefused: () => events.push('secrets are read again'),
    onToken: (text) => events.push(`hide ${text}`),
    onDefect: (error) => events.push(`defect: ${error}`),
  })
  const pools = new HttpUpstreamPools(settings, {
    clock,
    tokens,
    onCredentialsRefused: () => events.push('credentials refused'),
  })
  onTestFinished(async () => {
    await Promise.all([tokens.stop(), pools.destroy()])
    expect(clock.timers).toBe(0)
  })
  return {
    clock,
    tokens,
    events,
    settings,
    ask: async (key = 'a', { timeoutMs = 2000, signal, sideEffects = false } = {}) => {
      const endpoint = pools.endpoint(tableSettings({ sideEffects }), 0)
      return endpoint.send(key, { timeoutMs, ...(signal && { signal }) })
    },
    reconfigure: (after) => {
      pools.update(after)
      tokens.configure(after)
    },
  }
}

export const FOUND = { result: { kind: 'found', value: 'found' }, status: 200, evidence: 'good' }
