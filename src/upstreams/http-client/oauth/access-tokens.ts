/**
 * The access token of one upstream: fetched when it is needed, renewed before it ends, one request for all who wait.
 *
 *   none     -> fetched by whoever needs it first
 *   valid    -> renewed at about four fifths of its life, by a timer; used until shortly before its end
 *   failing  -> the last request failed: asked again after a second, or longer where the client was refused
 *
 * A failure is temporary and says nothing about the service. A token that the service refuses is dropped once; one that
 * was fetched for this reason is not dropped again for a minute, so that a service that takes none makes no loop.
 */
import type { CancelSignal } from '../../../core/cancellation.ts'
import { ageMs, type Clock } from '../../../core/clock.ts'
import type { UpstreamObserver } from '../../../core/observed/observer.ts'
import { temporaryFor } from '../../../core/reason.ts'
import type { Temporary } from '../../../core/result.ts'
import type { FetchStatus } from '../../../core/status.ts'
import { OwnFetch, RETRY_MS } from '../../own-fetch.ts'
import { Connections } from '../connection/connections.ts'
import type { HttpUpstreamSettings } from '../settings.ts'
import { OAUTH_REASONS } from './reasons.ts'
import {
  type AccessToken,
  requestToken,
  type TokenFailure,
  type TokenOutcome,
  type TokenReply,
} from './request-token.ts'
import type { OAuthSettings } from './schema.ts'

/** Part of its life after which a token is renewed. Ours: what is left bridges a short outage of the token endpoint. */
const RENEW_AFTER = 0.75

/** Random part of its life that is added to that. Ours: many gateways do not ask at once. */
const RENEW_SPREAD = 0.1

/** Shortest time until a token is renewed, ms. Ours: a token of no life makes no loop. */
const MIN_RENEW_MS = 1000

/** Longest time until a token is renewed, ms. Ours: whether the client is still taken is known after a day. */
const MAX_RENEW_MS = 86_400_000

/** Part of its life, at its end, in which a token is not used any more. Ours: the way to the service, and its clock. */
const UNUSED_PART = 0.1

/** Most of that part, ms. Ours: clocks that are further apart are wrong. */
const MAX_UNUSED_MS = 5000

/** Longest time between two requests after a client was refused, which doubles up to this, ms. Ours: wrong secrets in a row lock accounts. */
const MAX_REFUSED_RETRY_MS = 60_000

/** Shortest time between two tokens that are fetched because the service refused one, ms. Ours. */
const REFUSED_EVERY_MS = 60_000

/** Longest reply that is read, bytes. Ours: tokens with many claims have some thousand. */
const MAX_REPLY_BYTES = 65_536

interface AccessTokensParts {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Pick<UpstreamObserver, 'fetchChanged'>
  /** The token endpoint refused our client: its secret may have changed on disk. */
  readonly onClientRefused: () => void
  /** Called with a new token, which must not be shown. */
  readonly onToken: (text: string) => void
  readonly onDefect: (error: unknown) => void
}

/** Its state, as the status of the upstream has it. */
export interface TokenStatus extends FetchStatus {
  /** Requests for a token since the start of the program, by how they ended. */
  readonly requests: Readonly<Partial<Record<TokenOutcome, number>>>
}

/** Of a token that was fetched a moment ago. */
const NO_LIFE_LEFT = 'it has no life left; look at expires_in of its reply'

/** A token, or why there is none. */
export type TokenResult = { readonly token: string } | { readonly failure: Temporary }

/** {@link AccessTokens.forList}, also from another thread. */
export type Authorize = (refused: string | undefined) => Promise<TokenResult | undefined>

export class AccessTokens {
  readonly #parts: AccessTokensParts
  #settings: HttpUpstreamSettings
  #connections: Connections | undefined
  readonly #fetch: OwnFetch<AccessToken, TokenFailure>
  /** Requests since the start of the program, by how they ended. */
  readonly #requests = new Map<TokenOutcome, number>()
  /** When a token was last fetched because the service had refused one, monotonic ms. */
  #refusedAtMs = Number.NEGATIVE_INFINITY

  constructor(settings: HttpUpstreamSettings, parts: AccessTokensParts) {
    const { clock, random, observer, onClientRefused, onDefect } = parts
    this.#settings = settings
    this.#parts = parts
    this.#fetch = new OwnFetch<AccessToken, TokenFailure>({
      what: 'token',
      title: 'access token',
      texts: {
        failing: 'the token endpoint gives no access token',
        valid: 'there is a new access token',
      },
      endpoint: () => this.#endpointName,
      isNeeded: () => this.areUsed,
      request: () => this.#request(),
      isUsable: (token) => this.#usableForMs(token) > 0,
      renewInMs({ lifetimeMs, askedAt }) {
        const dueMs = lifetimeMs * (RENEW_AFTER + RENEW_SPREAD * random()) - ageMs(clock, askedAt)
        return Math.min(MAX_RENEW_MS, Math.max(MIN_RENEW_MS, dueMs))
      },
      retryMs: ({ outcome }, before) =>
        outcome === 'refused' ? Math.min(MAX_REFUSED_RETRY_MS, RETRY_MS * 2 ** before) : RETRY_MS,
      shown({ lifetimeMs, askedAt }) {
        const leftMs = lifetimeMs - ageMs(clock, askedAt)
        return leftMs > 0 ? { expiresAtMs: Math.round(clock.wallMs() + leftMs) } : undefined
      },
      onFailure({ outcome }) {
        if (outcome === 'refused') onClientRefused()
      },
      clock,
      observer,
      onDefect,
    })
  }

  /** Whether the upstream is asked with tokens at all. */
  get areUsed(): boolean {
    return this.#settings.oauth !== undefined
  }

  /** The token in use; undefined where it has to be waited for. */
  get current(): string | undefined {
    return this.#fetch.current?.text
  }

  /** Takes over changed settings. A token is kept as long as the same client asks the same place for the same. */
  configure(settings: HttpUpstreamSettings): void {
    const before = this.#settings
    this.#settings = settings
    if (wholeText(before) === wholeText(settings)) return
    if (tokenText(before) !== tokenText(settings)) this.#fetch.drop()
    void this.#connections?.close()
    this.#connections = undefined
    this.#fetch.restart()
  }

  /** Keeps a token ready from now on. */
  start(): void {
    this.#fetch.start()
  }

  /** Waits for a token. Does not reject. */
  async get(timeoutMs: number, signal: CancelSignal | undefined): Promise<TokenResult> {
    const { current } = this
    if (current !== undefined) return { token: current }
    const reply = await this.#fetch.wait(timeoutMs, signal)
    if (reply === undefined) return { failure: temporaryFor(OAUTH_REASONS.tokenWaited, this.#endpointName) }
    return 'value' in reply ? { token: reply.value.text } : { failure: reply.failure }
  }

  /** The service refused a token: the next one who needs one gets another, but for a minute not a third. */
  refuse(token: string): void {
    if (this.#fetch.newest?.text !== token) return
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs - this.#refusedAtMs < REFUSED_EVERY_MS) return
    this.#refusedAtMs = nowMs
    this.#fetch.drop()
    void this.#fetch.fetch()
  }

  /**
   * For a page of a list: a token, or undefined where the upstream is asked without.
   *
   * @param refused The token that the service did not take for this page.
   */
  async forList(refused: string | undefined): Promise<TokenResult | undefined> {
    const { oauth } = this.#settings
    if (oauth === undefined) return undefined
    if (refused !== undefined) this.refuse(refused)
    return this.get(oauth.timeoutMs, undefined)
  }

  /** As every kind shows it. */
  fetches(): readonly FetchStatus[] {
    return this.areUsed ? [this.#fetch.status()] : []
  }

  status(): TokenStatus | undefined {
    if (!this.areUsed) return undefined
    return { ...this.#fetch.status(), requests: Object.fromEntries(this.#requests) }
  }

  /** For `mapgate check --ask`: fetches a token, if none is in use. */
  async tryFetches(): Promise<readonly FetchStatus[]> {
    const { oauth } = this.#settings
    if (oauth === undefined) return []
    await this.get(oauth.timeoutMs, undefined)
    const status = this.#fetch.status()
    return [status.state === 'none' ? { ...status, lastFailure: NO_LIFE_LEFT } : status]
  }

  troubles(): readonly string[] {
    if (!this.areUsed) return []
    const { expiresAtMs, lastFailure } = this.#fetch.status()
    if (lastFailure === undefined) return []
    if (expiresAtMs === undefined) return [lastFailure]
    const end = new Date(expiresAtMs).toISOString()
    return [`the access token ends at ${end} and is not renewed: ${lastFailure}`]
  }

  /** Nothing is fetched any more. */
  async stop(): Promise<void> {
    this.#fetch.stop()
    await this.#connections?.destroy()
  }

  get #endpointName(): string {
    return this.#settings.oauth?.tokenUrl.endpoint.label ?? ''
  }

  #usableForMs({ askedAt, lifetimeMs }: AccessToken): number {
    const unusedMs = Math.min(lifetimeMs * UNUSED_PART, MAX_UNUSED_MS)
    return lifetimeMs - unusedMs - ageMs(this.#parts.clock, askedAt)
  }

  async #request(): Promise<TokenReply> {
    const { clock, onToken } = this.#parts
    const { oauth } = this.#settings
    if (oauth === undefined) throw new TypeError('no token is needed')
    this.#connections ??= new Connections(
      oauth.tokenUrl.endpoint,
      connectionSettings(this.#settings, oauth),
      clock,
    )
    const reply = await requestToken(oauth, this.#connections, clock)
    this.#requests.set(reply.outcome, (this.#requests.get(reply.outcome) ?? 0) + 1)
    if (reply.outcome === 'ok') onToken(reply.value.text)
    return reply
  }
}

/** The connections of the upstream's own settings, with limits of their own. */
function connectionSettings(settings: HttpUpstreamSettings, oauth: OAuthSettings): HttpUpstreamSettings {
  const { tls } = settings
  return {
    ...settings,
    endpoints: [oauth.tokenUrl.endpoint],
    timeoutMs: oauth.timeoutMs,
    maxConcurrent: 1,
    maxBodyBytes: MAX_REPLY_BYTES,
    tls: tls && { ...tls, serverName: undefined },
  }
}

/** Everything that decides how a token is asked for. Held by nobody: it contains secrets. */
function wholeText({ oauth, tls, proxy }: HttpUpstreamSettings): string {
  return JSON.stringify([oauth, tls, proxy])
}

/** What decides which token it is. */
function tokenText({ oauth }: HttpUpstreamSettings): string {
  return JSON.stringify(oauth && [oauth.tokenUrl.url, oauth.clientId, oauth.scope, oauth.audience])
}
