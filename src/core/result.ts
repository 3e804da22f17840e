/**
 * What a lookup tells the mail server: the four kinds of result, and their causes.
 *
 * A lookup returns a value and does not throw. The difference that matters most is the
 * one between `notfound`, which lets Postfix reject a recipient, and `temporary`, which
 * only makes it wait: not knowing is never "not found".
 */

import type { OthersAnswered, OthersQuestion } from './resilience/others-answered.ts'

/** The outcome of one lookup. */
export type LookupResult = Found | NotFound | Temporary | Permanent

/** The key exists. */
export interface Found {
  readonly kind: 'found'
  /** One line of text, never empty: Postfix does not accept an empty result. */
  readonly value: string
}

/** The service said, just now, that the key does not exist; or the key cannot exist. */
export interface NotFound {
  readonly kind: 'notfound'
}

/** Nobody knows at the moment. Postfix asks again later, the mail waits. */
export interface Temporary {
  readonly kind: 'temporary'
  readonly cause: TemporaryCause
  /** {@link Reason} */
  readonly reason: Reason
  readonly scope?: FailureScope
}

/** Asking again will not help before somebody changes something. Postfix defers the mail. */
export interface Permanent {
  readonly kind: 'permanent'
  readonly cause: PermanentCause
  /** {@link Reason} */
  readonly reason: Reason
  readonly scope?: FailureScope
}

/**
 * Present where the status says that everybody gets it, whatever was asked: 502, 503, 504 and 401. All other statuses may be
 * about one question: a firewall answers 403 to what looks like an attack, a service 500 to what it was not written for.
 */
export type FailureScope = 'service'

/**
 * A sentence for the mail log that says what an operator should do: one line of printable
 * ASCII, at most {@link MAX_REASON_BYTES} bytes, never with a key, a URL or a secret in it.
 */
export type Reason = string

/** Longest reason, in bytes. Source: Postfix logs the first 200 bytes of a socketmap reason. */
export const MAX_REASON_BYTES = 200

/** Why a lookup has no answer at the moment. */
export type TemporaryCause =
  | 'timeout' // no answer before the deadline
  | 'connect' // refused, reset, DNS, TLS
  | 'status' // the service answered 5xx, 408, 425, 429 or an unexpected 2xx
  | 'unreadable' // not decodable, too large, control characters, not what `value` selects
  | 'service' // the service's own error field says so
  | 'circuit' // every endpoint's circuit is open
  | 'canary' // "not found" from a service that does not know its canary
  | 'overload' // shed here: limiter or queue full
  | 'stopping' // asked while draining
  | 'too-long' // found, but longer than the client accepts
  | 'token' // no access token for the service
  | 'replica' // the table's own copy alone answers, and there is none or it is too old
  | 'defect' // a bug here; see the log

/** Why asking again will not help. */
export type PermanentCause =
  | 'no-table' // a table name that is not configured, or not on this listener
  | 'bad-request' // a request that is not part of the protocol
  | 'refused' // the service answered with another 4xx or a redirect

export const NOT_FOUND: NotFound = Object.freeze({ kind: 'notfound' })

/** An exception where none may be: a bug here, told with its stack in the log. */
export const DEFECT: Temporary = Object.freeze({
  kind: 'temporary',
  cause: 'defect',
  reason: 'internal error: see the log of mapgate',
})

/** One text for all who answer for tables: an operator searches for it. */
export const NO_TABLE: Permanent = Object.freeze({
  kind: 'permanent',
  cause: 'no-table',
  reason: 'no such table; check its name in main.cf',
})

/** The result of questions that are not answered before the program ends. */
export const STOPPING: Temporary = Object.freeze({
  kind: 'temporary',
  cause: 'stopping',
  reason: 'mapgate is stopping; ask again',
})

export function found(value: string): Found {
  return { kind: 'found', value }
}

export function notFound(): NotFound {
  return NOT_FOUND
}

export function temporary(cause: TemporaryCause, reason: Reason): Temporary {
  return { kind: 'temporary', cause, reason: printableReason(reason) }
}

export function permanent(cause: PermanentCause, reason: Reason): Permanent {
  return { kind: 'permanent', cause, reason: printableReason(reason) }
}

/** The same failure, of the whole service. */
export function ofService<F extends Temporary | Permanent>(failure: F): F {
  return { ...failure, scope: 'service' }
}

/** Causes that do not depend on what was asked. */
const CAUSES_OF_SERVICE: ReadonlySet<string> = new Set<TemporaryCause>([
  'timeout',
  'connect',
  'circuit',
  'token',
  'replica',
])

/** Returns whether a failure says by itself that the service fails, and not this question. */
export function isOfService({ cause, scope }: Temporary | Permanent): boolean {
  return scope === 'service' || CAUSES_OF_SERVICE.has(cause)
}

/** Tells a failure from an answer. */
export function isFailure(result: LookupResult): result is Temporary | Permanent {
  return result.kind === 'temporary' || result.kind === 'permanent'
}

/** Makes any text a {@link Reason}: every other byte becomes `?`, and the end is cut. */
function printableReason(text: string): Reason {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON_BYTES)
}

/**
 * Where an answer came from: `cache`, `stale`, `shared` (another gateway stored it), `upstream` (somebody was asked), `filtered`, `shed`, `refused`, `unknown`
 * (nobody knows: "not found" by whenUnknown), or the word of an upstream kind that knows its answers itself. A closed set in each program: it is a metric label.
 */
export type AnswerSource = string

/** A result and where it came from. */
export interface Sourced {
  readonly result: LookupResult
  readonly source: AnswerSource
  /** With a failure: which of several failed. Absent where a table asks only one. */
  readonly failedAt?: FailedSource
}

/** What failed in a lookup, as far as the rules for outages look at it. */
export interface FailedSource {
  /** As `Upstream` has it (upstream.ts). */
  answersOthers(question: OthersQuestion): OthersAnswered | Promise<OthersAnswered>
}

/** What an answer of each source costs, from nothing to a request. */
const COST: Readonly<Record<string, number>> = {
  refused: 0,
  filtered: 1,
  cache: 3,
  stale: 4,
  shared: 5,
  shed: 6,
  upstream: 7,
  unknown: 8,
}

/** Of an upstream that knows its answers itself: nothing was asked, and no store was looked at. */
const OWN_COST = 2

/** The source that a lookup with several steps is counted under: the most expensive of them. */
export function costlier(a: AnswerSource, b: AnswerSource): AnswerSource {
  return (COST[a] ?? OWN_COST) >= (COST[b] ?? OWN_COST) ? a : b
}

/** Closes a `switch` over a union: does not compile while a member is left out. */
export function unreachable(value: never): never {
  throw new TypeError(`not a member of the union: ${JSON.stringify(value)}`)
}
