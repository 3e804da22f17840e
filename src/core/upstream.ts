/**
 * What the core asks: upstreams, and the endpoints that an HTTP upstream consists of.
 *
 * An {@link Upstream} is what a table knows: one question, one answer. An {@link Endpoint}
 * is one place that can be asked; limiter, attempts and circuit breaker are between them.
 */
import type { Attributes } from './attributes.ts'
import type { CancelSignal } from './cancellation.ts'
import type { Explanation, HttpExchange } from './observed/explain.ts'
import type { OthersAnswered, OthersQuestion } from './resilience/others-answered.ts'
import type { AnswerSource, LookupResult } from './result.ts'

/**
 * One question to an upstream: a search key, and how long the answer is worth waiting for.
 *
 * The same object goes all the way down, so that who waits for it is known wherever it holds something.
 */
export interface Question {
  /** The table that asks. */
  readonly table: string
  /** A normalised key or partial key. */
  readonly key: string
  /** What the client said besides the key; some of it may be secret. */
  readonly attributes?: Attributes
  /** Monotonic ms after which nobody waits any more. */
  readonly deadlineMs: number
  /** Validators of the stored answer, for a conditional request (RFC 9110 section 13). */
  readonly validators?: Validators
  /** An answer to this question is stored, though it must not be used any more. */
  readonly wasAnswered?: boolean
  /** Of the lookup that asks; all questions of one lookup have the same. */
  readonly explanation?: Explanation
  /**
   * False for a refresh ahead of need, which must not take a waiting lookup's slot. Read it when it is
   * needed and never copy it: it changes when the last one gives up, or the first one joins.
   */
  readonly hasWaiters: boolean
  /**
   * Calls `listener` whenever the last one who waited has given up before the answer came, so that
   * the slot of this question may go to another. May happen again when somebody joined meanwhile.
   */
  onAbandoned(listener: () => void): void
}

/** What an upstream answered: the one result that every layer between a table and its service hands up. */
export interface Answer {
  /** `notmodified` only in answer to validators: the stored answer is current again (304). */
  readonly result: LookupResult | { readonly kind: 'notmodified' }
  /** True when the service itself was asked and this is its own word, so that it may be stored. */
  readonly storable: boolean
  /** What the reply said about its own freshness, absent when it said nothing. */
  readonly caching?: CachingHeaders
  readonly validators?: Validators
  /** Which endpoint answered: its position in the list of the upstream. */
  readonly endpoint?: number
  readonly source: AnswerSource
  /** The service asks that this key is not asked for again before, ms (Retry-After); half a minute at most. */
  readonly retryAfterMs?: number
}

/** RFC 9110 section 8.8: how to ask whether a stored answer is still current. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

/** The caching fields of a reply, as received. RFC 9111 section 5. */
export interface CachingHeaders {
  readonly cacheControl?: string
  readonly expires?: string
  readonly age?: string
  readonly date?: string
  readonly vary?: string
}

/** What a table looks keys up in. */
export interface Upstream {
  readonly name: string
  readonly health: ServiceHealth
  /** Answers at once, or by a promise that does not reject and settles by the question's deadline. */
  ask(question: Question): Answer | Promise<Answer>
  /** Returns whether a key fits into no request, so that it is "not found" whether the service answers or not. */
  needsNoRequest(key: string): boolean
  /**
   * Returns whether a stored "not found" of one endpoint may be used now: not while its canary is
   * missing. Always true where there is no canary.
   *
   * @param endpoint Position in the list of the upstream.
   */
  trustsNegative(endpoint: number): boolean
}

/** What is seen of the service behind an upstream. */
export interface ServiceHealth {
  /** When it was last seen to be well again after it failed, monotonic ms: what failed before then says nothing any more. */
  readonly recoveredAtMs: number
  /** When anybody's lookup last got a good reply, monotonic ms. Its own canary is none: it may be answered from a memory. */
  readonly goodAtMs: number
  /**
   * True while it answers nobody, not even a question whose answer is known: requests that are under way are not worth
   * waiting for.
   */
  readonly isFailing: boolean
  /**
   * Returns whether it answers others while a lookup fails, which may ask it a question whose answer is known. A promise does
   * not reject.
   */
  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered>
}

/** Of an upstream that nobody watches, since it is in this process or tells of its failures itself. */
export const UNWATCHED: ServiceHealth = {
  recoveredAtMs: Number.NEGATIVE_INFINITY,
  goodAtMs: Number.NEGATIVE_INFINITY,
  isFailing: false,
  answersOthers: () => undefined,
}

/** One place that can be asked: one URL of an HTTP upstream, for one table. */
export interface Endpoint {
  /** Index and host, the `endpoint` label of the metrics. */
  readonly name: string
  /**
   * Sends one request. Rejects only for a defect: every failure of network or service is a {@link Reply}.
   *
   * @param key A normalised key or partial key.
   */
  send(key: string, options: SendOptions): Promise<Reply>
  /** The reply to a key that fits into no request; undefined for one that is sent. Absent: every key is sent. */
  unsent?(key: string): Reply | undefined
}

/** An {@link Endpoint} that also takes many keys in one request. */
export interface BatchEndpoint extends Endpoint {
  /** Most keys of one request. */
  readonly maxKeys: number
  /**
   * Sends one request for many keys. Rejects only for a defect. Validators are not used.
   *
   * @param keys Different normalised keys, 1 to `maxKeys`.
   */
  sendMany(keys: readonly string[], options: SendOptions): Promise<BatchReply>
}

/** What one endpoint replied to many keys. */
export interface BatchReply {
  /** One for each key that was asked; all the same when the request failed as a whole. */
  readonly replies: ReadonlyMap<string, Reply>
  /** What a circuit breaker and further attempts go by: the first failure, else any answer. */
  readonly overall: Reply
}

/** How to send one request. */
export interface SendOptions {
  /** Longest time until the whole reply has arrived, ms. */
  readonly timeoutMs: number
  readonly validators?: Validators
  /** Of the question; absent where it has a key and nothing more. */
  readonly attributes?: Attributes
  /** Aborted when the reply is not wanted any more; it is then answered as a time-out. */
  readonly signal?: CancelSignal
  /** W3C Trace Context: sent as the header of that name. */
  readonly traceparent?: string
  /** The reply shall have its {@link Reply.exchange}. */
  readonly keepExchange?: boolean
}

/**
 * What a reply says about who sent it. What a stranger puts into a key must not look like a service that is down.
 *
 *   good       it answers as it should
 *   endpoint   refused, reset, unreachable, TLS, no reply at all, 502, 503, 504: the endpoint or the way to it fails
 *   key        500 and other 5xx, an unreadable or too large body, an error field: it may fail for this key only
 *   none       nothing: a credential, a rate limit, a request that was ended from here
 */
export type Evidence = 'good' | 'endpoint' | 'key' | 'none'

/** What one endpoint replied, or how it failed. */
export interface Reply {
  readonly result: LookupResult | { readonly kind: 'notmodified' }
  /** HTTP status, absent when none arrived. */
  readonly status?: number
  readonly evidence: Evidence
  /**
   * What may follow: `none` nothing; `not-sent` the connection failed before the request was sent, any other
   * endpoint may be asked at once; `any` another attempt may help; `other-endpoint` only another endpoint may (401, 403).
   */
  readonly retry: 'none' | 'not-sent' | 'any' | 'other-endpoint'
  /** From Retry-After, ms from now: not to be asked for this key before. */
  readonly retryAfterMs?: number
  readonly caching?: CachingHeaders
  readonly validators?: Validators
  /** What `response.value` selected, before `response.format`; only kept for explanations. */
  readonly selected?: readonly string[]
  /** The header of that name that was sent, for explanations. */
  readonly traceparent?: string
  /** What went over the wire, where somebody asked for it. */
  readonly exchange?: HttpExchange
  /** True where nothing was sent, since something other than the service failed before: it says nothing about the endpoint. */
  readonly isUnsent?: true
  /** The key lacks a part that the request template needs: nothing was sent, the result is not found. */
  readonly suppressed?: string
}
