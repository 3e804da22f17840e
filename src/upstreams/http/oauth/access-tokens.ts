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
import { ageMs, type Clock, type Timer } from '../../../core/clock.ts'
import type { UpstreamObserver } from '../../../core/observer.ts'
import { temporaryFor } from '../../../core/reason.ts'
import { STOPPING, type Temporary } from '../../../core/result.ts'
import type { TokenStatus } from '../../../core/status.ts'
import { Connections } from '../connection/connections.ts'
import type { HttpUpstreamSettings } from '../settings.ts'
import { OAUTH_REASONS } from './reasons.ts'
import { type AccessToken, requestToken, type TokenReply } from './request-token.ts'
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

/** Time between two requests after a failure, ms. Ours: recovery is seen within a second. */
const RETRY_MS = 1000

/** The same after a client was refused: doubled up to this, ms. Ours: wrong secrets in a row lock accounts. */
const MAX_REFUSED_RETRY_MS = 60_000

/** Shortest time between two tokens that are fetched because the service refused one, ms. Ours. */
const REFUSED_EVERY_MS = 60_000

/** Longest reply that is read, bytes. Ours: tokens with many claims have some thousand. */
const MAX_REPLY_BYTES = 65_536

export interface AccessTokensParts {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Pick<UpstreamObserver, 'tokenRequested' | 'tokenChanged'>
  /** The token endpoint refused our client: its secret may have changed on disk. */
  readonly onClientRefused: () => void
  /** Called with a new token, which must not be shown. */
  readonly onToken: (text: string) => void
  readonly onDefect: (error: unknown) => void
}

/** A token, or why there is none. */
export type TokenResult = { readonly token: string } | { readonly failure: Temporary }

/** {@link AccessTokens.forList}, also from another thread. */
export type Authorize = (refused: string | undefined) => Promise<TokenResult | undefined>

export class AccessTokens {
  readonly #parts: AccessTokensParts
  #settings: HttpUpstreamSettings
  #connections: Connections | undefined
  #token: AccessToken | undefined
  /** The request under way; another one takes its place when the settings change. */
  #fetching: Promise<TokenResult> | undefined
  #failure: Temporary | undefined
  #failuresInRow = 0
  /** Monotonic ms before which nothing is asked after a failure. */
  #quietUntilMs = Number.NEGATIVE_INFINITY
  /** When a token was last fetched because the service had refused one, monotonic ms. */
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #state: 'idle' | 'renewing' | 'stopped' = 'idle'

  constructor(settings: HttpUpstreamSettings, parts: AccessTokensParts) {
    this.#settings = settings
    this.#parts = parts
  }

  /** Whether the upstream is asked with tokens at all. */
  get areUsed(): boolean {
    return this.#settings.oauth !== undefined
  }

  /** The token in use; undefined where it has to be waited for. */
  get current(): string | undefined {
    const token = this.#token
    return token !== undefined && this.#usableForMs(token) > 0 ? token.text : undefined
  }

  /** Takes over changed settings. A token is kept as long as the same client asks the same place for the same. */
  configure(settings: HttpUpstreamSettings): void {
    const before = this.#settings
    this.#settings = settings
    if (wholeText(before) === wholeText(settings)) return
    if (tokenText(before) !== tokenText(settings)) this.#token = undefined
    this.#fetching = undefined
    this.#failure = undefined
    this.#failuresInRow = 0
    this.#quietUntilMs = Number.NEGATIVE_INFINITY
    void this.#connections?.close()
    this.#connections = undefined
    if (this.#state === 'renewing') this.#renewLater()
  }

  /** Keeps a token ready from now on. */
  start(): void {
    if (this.#state !== 'idle' || !this.areUsed) return
    this.#state = 'renewing'
    if (this.current === undefined) void this.#fetch()
    else this.#renewLater()
  }

  /** Waits for a token. Does not reject. */
  async get(timeoutMs: number, signal: CancelSignal | undefined): Promise<TokenResult> {
    const { current } = this
    if (current !== undefined) return { token: current }
    if (this.#state === 'stopped') return { failure: STOPPING }
    const { clock } = this.#parts
    const isQuiet = this.#fetching === undefined && clock.monotonicMs() < this.#quietUntilMs
    if (isQuiet && this.#failure !== undefined) return { failure: this.#failure }
    return waitFor(clock, this.#fetch(), timeoutMs, signal, () =>
      temporaryFor(OAUTH_REASONS.tokenWaited, this.#endpointName),
    )
  }

  /** The service refused a token: the next one who needs one gets another, but for a minute not a third. */
  refuse(token: string): void {
    if (this.#token?.text !== token) return
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs - this.#refusedAtMs < REFUSED_EVERY_MS) return
    this.#refusedAtMs = nowMs
    this.#token = undefined
    void this.#fetch()
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

  status(): TokenStatus | undefined {
    if (!this.areUsed) return undefined
    const token = this.#token
    const leftMs = token === undefined ? 0 : token.lifetimeMs - ageMs(this.#parts.clock, token.askedAt)
    return {
      endpoint: this.#endpointName,
      state: this.#failure !== undefined ? 'failing' : leftMs > 0 ? 'valid' : 'none',
      ...(leftMs > 0 && { expiresAtMs: Math.round(this.#parts.clock.wallMs() + leftMs) }),
      ...(this.#failure !== undefined && { lastFailure: this.#failure.reason }),
    }
  }

  /** Nothing is fetched any more. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#connections?.destroy()
  }

  get #endpointName(): string {
    return this.#settings.oauth?.tokenUrl.endpoint.label ?? ''
  }

  #usableForMs({ askedAt, lifetimeMs }: AccessToken): number {
    const unusedMs = Math.min(MAX_UNUSED_MS, lifetimeMs * UNUSED_PART)
    return lifetimeMs - unusedMs - ageMs(this.#parts.clock, askedAt)
  }

  /** One request, whoever asks. */
  #fetch(): Promise<TokenResult> {
    const { oauth } = this.#settings
    if (this.#fetching !== undefined) return this.#fetching
    if (oauth === undefined || this.#state === 'stopped') return Promise.resolve({ failure: STOPPING })
    this.#timer?.cancel()
    const fetching = this.#request(oauth, () => this.#fetching === fetching)
    this.#fetching = fetching
    return fetching
  }

  async #request(oauth: OAuthSettings, isWanted: () => boolean): Promise<TokenResult> {
    const { clock, observer, onToken } = this.#parts
    this.#connections ??= new Connections(
      oauth.tokenUrl.endpoint,
      connectionSettings(this.#settings, oauth),
      clock,
    )
    const startedMs = clock.monotonicMs()
    const reply = await requestToken(oauth, this.#connections, clock)
    if (reply.outcome === 'ok') onToken(reply.token.text)
    const result = reply.outcome === 'ok' ? { token: reply.token.text } : { failure: reply.failure }
    // Of other settings, or too late: whoever waited for it may still use it.
    if (!isWanted() || this.#state === 'stopped') return result
    observer.tokenRequested(reply.outcome, clock.monotonicMs() - startedMs)
    this.#fetching = undefined
    this.#take(reply)
    if (this.#state === 'renewing') this.#renewLater()
    return result
  }

  #take(reply: TokenReply): void {
    const { clock, observer, onClientRefused, onDefect } = this.#parts
    const wasFailing = this.#failure !== undefined
    if (reply.outcome === 'ok') {
      this.#token = reply.token
      this.#failure = undefined
      this.#failuresInRow = 0
      if (wasFailing) observer.tokenChanged('valid')
      return
    }
    if (reply.defect !== undefined) onDefect(reply.defect)
    this.#failure = reply.failure
    const isRefused = reply.outcome === 'refused'
    const retryMs = isRefused ? Math.min(MAX_REFUSED_RETRY_MS, RETRY_MS * 2 ** this.#failuresInRow) : RETRY_MS
    this.#failuresInRow++
    this.#quietUntilMs = clock.monotonicMs() + retryMs
    if (!wasFailing) observer.tokenChanged('failing', reply.failure.reason)
    if (isRefused) onClientRefused()
  }

  #renewLater(): void {
    const { clock, random } = this.#parts
    this.#timer?.cancel()
    this.#timer = undefined
    if (!this.areUsed) return
    this.#timer = clock.after(this.#renewInMs(random()), () => void this.#fetch())
  }

  #renewInMs(random: number): number {
    const { clock } = this.#parts
    if (this.#failure !== undefined) return Math.max(0, this.#quietUntilMs - clock.monotonicMs())
    const token = this.#token
    if (token === undefined) return 0
    const dueMs = token.lifetimeMs * (RENEW_AFTER + RENEW_SPREAD * random) - ageMs(clock, token.askedAt)
    return Math.min(MAX_RENEW_MS, Math.max(MIN_RENEW_MS, dueMs))
  }
}

/** What a promise resolves with, or the failure where it takes too long or is not waited for any more. */
function waitFor(
  clock: Clock,
  fetching: Promise<TokenResult>,
  timeoutMs: number,
  signal: CancelSignal | undefined,
  onGivenUp: () => Temporary,
): Promise<TokenResult> {
  return new Promise((resolve) => {
    const end = (result: TokenResult): void => {
      timer.cancel()
      signal?.removeEventListener('abort', giveUp)
      resolve(result)
    }
    const giveUp = (): void => end({ failure: onGivenUp() })
    const timer = clock.after(timeoutMs, giveUp)
    signal?.addEventListener('abort', giveUp)
    void fetching.then(end)
  })
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
