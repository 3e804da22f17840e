/**
 * The kind `jwks`: an issuer whose tokens are checked here. README.md beside this file is its manual page.
 *
 * Over a reload the keys stay as long as they are fetched at the same place in the same way.
 */
import { isDeepStrictEqual } from 'node:util'
import type { FetchStatus } from '../../core/status.ts'
import { readTls } from '../http-client/connection/read-tls.ts'
import type { TlsSettings } from '../http-client/settings.ts'
import type {
  Probe,
  SharedUpstream,
  TableUpstream,
  UpstreamKind,
  UpstreamParts,
  UpstreamSettings,
  UpstreamTable,
} from '../kind.ts'
import { jwksConfiguration } from './configuration.ts'
import type { KeysPlace } from './fetch-keys.ts'
import { KeySet } from './key-set.ts'
import { JWKS_METRICS, type JwksStatus } from './metrics.ts'
import { JWKS_REASONS } from './reasons.ts'
import type { JwksKeys, JwtRules } from './schema.ts'
import { REFUSALS } from './token-check.ts'
import { type TokenOutcome, TokenTable } from './token-table.ts'

/** As it is configured: with the names of its files. */
export interface JwksSettings extends UpstreamSettings, Omit<JwksKeys, 'tls'> {
  readonly tls: TlsSettings | undefined
}

export interface JwksTable extends UpstreamTable {
  readonly jwt?: JwtRules | undefined
}

export const jwks: UpstreamKind<JwksSettings, JwksTable> = {
  name: jwksConfiguration.name,
  configuration: jwksConfiguration,
  cached: false,
  metrics: JWKS_METRICS,
  reasons: { JWKS_REASONS },
  needs: () => ({ descriptors: 1, heapBytes: 0 }),
  async plan(settings, running, parts) {
    const tls = await readTls(settings.tls, parts.readFile)
    const { url, timeoutMs } = settings.jwks
    const place = { name: settings.name, url, timeoutMs, tls, proxy: settings.proxy }
    return new TokenIssuer(settings, place, running instanceof TokenIssuer ? running : undefined, parts)
  },
}

class TokenIssuer implements SharedUpstream<JwksTable> {
  readonly kind: UpstreamKind = jwks
  readonly settings: JwksSettings
  readonly #place: KeysPlace
  readonly #keys: KeySet
  /** What came of tokens since the start of the program. */
  readonly #counts: Map<TokenOutcome, number>
  readonly #parts: UpstreamParts

  constructor(
    settings: JwksSettings,
    place: KeysPlace,
    running: TokenIssuer | undefined,
    parts: UpstreamParts,
  ) {
    const { clock, random, observer } = parts
    const { name, jwks: times } = settings
    this.settings = settings
    this.#place = place
    this.#parts = parts
    const outcomes: readonly TokenOutcome[] = ['good', 'unknown', ...REFUSALS]
    this.#counts = running === undefined ? new Map(outcomes.map((one) => [one, 0])) : running.#counts
    this.#keys =
      running !== undefined && isDeepStrictEqual(running.#place, place)
        ? running.#keys
        : new KeySet(place, times, {
            clock,
            random,
            observer: observer.upstream(name),
            onDefect: (error) => observer.defect(error, `the keys of upstream ${name}`),
          })
  }

  configure(): void {
    this.#keys.times = this.settings.jwks
  }

  isSameFor(other: SharedUpstream): boolean {
    return other instanceof TokenIssuer && other.#keys === this.#keys
  }

  changedFiles(running: SharedUpstream): readonly string[] {
    if (!(running instanceof TokenIssuer) || !isDeepStrictEqual(running.settings.tls, this.settings.tls))
      return []
    const isChanged = !isDeepStrictEqual(running.#place.tls, this.#place.tls)
    return isChanged ? [`upstream ${this.settings.name}: a file of tls changed`] : []
  }

  forTable({ name: table, jwt: rules }: JwksTable): TableUpstream {
    if (rules === undefined) throw new TypeError(`unchecked configuration: table ${table} has no jwt`)
    const { clock } = this.#parts
    const counts = this.#counts
    const onChecked = (outcome: TokenOutcome) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    const { name } = this.settings
    return {
      upstream: new TokenTable({ name, rules, keys: this.#keys, clock, onChecked }),
      start: () => this.#keys.start(),
      stop: () => {},
      canaries: () => [],
    }
  }

  probes(): readonly Probe[] {
    return []
  }

  tryFetches(): Promise<readonly FetchStatus[]> {
    return this.#keys.tryFetches()
  }

  troubles(): readonly string[] {
    return this.#keys.troubles()
  }

  status(): JwksStatus {
    const { name } = this.settings
    const fetch = this.#keys.status()
    const keys = { ...fetch, keys: this.#keys.count, tokens: Object.fromEntries(this.#counts) }
    return { name, kind: this.kind.name, inFlight: 0, queued: 0, fetches: [fetch], keys, endpoints: [] }
  }

  abort(): void {
    void this.#keys.stop()
  }

  async close(other: SharedUpstream | undefined): Promise<void> {
    if (other === undefined || !this.isSameFor(other)) await this.#keys.stop()
  }

  destroy(): Promise<void> {
    return this.#keys.stop()
  }
}
