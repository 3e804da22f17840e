/**
 * What the core tells the outside about itself, as it happens. The implementation counts,
 * logs and publishes; the core does not know how.
 *
 * Methods on the cached path only add to plain numbers. None may throw.
 */

import type { Query } from '../lookup.ts'
import type { AnswerSource, LookupResult, TemporaryCause } from '../result.ts'
import type { StoreOperation, StoreResult } from '../store/store.ts'
import type { CacheOutcome, Explanation, TierOutcome } from './explain.ts'
import type { OutageRule } from './outage-rule.ts'

/** One for the whole program; lives on over reloads, so that counters do. */
export interface Observer {
  /** The observer of one table; '' stands for every table that is not configured. The same object for the same name. */
  table(name: string): TableObserver
  /** The observer of one upstream. The same object for the same name. */
  upstream(name: string): UpstreamObserver
  /** Of the store that the gateways share. */
  readonly tier: TierObserver
  /** An exception where none may be: a bug here. The lookup was answered as temporary. */
  defect(error: unknown, where: string): void
}

/** Called with what happens in one table. */
export interface TableObserver {
  /**
   * A lookup was answered. Called for every lookup, on the cached path too.
   *
   * @param durationMs From the question to its answer.
   * @param explanation What was done, for lookups that were not answered at once.
   */
  answered(
    query: Query,
    result: LookupResult,
    source: AnswerSource,
    durationMs: number,
    explanation: Explanation | undefined,
  ): void
  /** The answer store was asked for one search key. */
  cacheLooked(outcome: CacheOutcome): void
  /** The store that the gateways share was asked for one search key. */
  tierLooked(outcome: TierOutcome): void
  /** Answers were pushed out of the store by its bounds. */
  cacheEvicted(count: number): void
  /** The service of the table lost many keys, or that is over. */
  lossChanged(isHolding: boolean): void
  /** A list was taken over as the table's own copy, kept aside, or could not be. */
  replicaChanged(change: ReplicaChange): void
  /**
   * A client changed the table, or scanned it.
   *
   * @param durationMs From the request until it was committed, or failed.
   */
  storeAnswered(operation: StoreOperation, result: StoreResult['kind'], durationMs: number): void
  /** What clients wrote of the table cannot be read or written: its disk is full, failing or somebody else's. */
  storeFailed(error: unknown): void
  /** A lookup whose upstream had failed was answered by a rule for outages. */
  outageAnswered(rule: OutageRule): void
  /**
   * The canary of this table changed at one endpoint, or was asked for the first time.
   *
   * @param failure Why it is unreachable, in words.
   */
  canaryChanged(
    upstream: string,
    endpoint: string,
    state: 'up' | 'missing' | 'unreachable',
    failure?: string,
  ): void
}

/** What became of the list of a table that is kept here as a whole. */
export type ReplicaChange =
  /** `lost`: keys that the copy before had. */
  | {
      readonly kind: 'copied'
      readonly entries: number
      readonly lost: number
      readonly bytes: number
      readonly durationMs: number
      /** Of a first list: some of its keys. */
      readonly firstKeys?: readonly string[]
    }
  /** By changes: keys that are new or have another result, and keys that are gone. */
  | { readonly kind: 'changed'; readonly set: number; readonly gone: number }
  /** The whole list was asked for, since the changes could not be used. */
  | { readonly kind: 'whole'; readonly reason: string }
  /** `missing`: some of the keys that it lacks. */
  | {
      readonly kind: 'held'
      readonly entries: number
      readonly lost: number
      readonly missing?: readonly string[]
      readonly reason: string
    }
  | { readonly kind: 'failed'; readonly reason: string }

/** How one request to an endpoint ended. A closed set: it is a metric label. */
export type RequestOutcome =
  | 'found'
  | 'notfound'
  | 'notmodified'
  | 'temporary' // the service's own temporary answer: 5xx, 408, 425, 429
  | 'permanent'
  | 'timeout'
  | 'connect'
  | 'unreadable'
  | 'cancelled' // not wanted any more: the other request of a hedge won, or room was needed

/** What a question whose answer is known said about an endpoint. A closed set: it is a metric label. */
export type CheckVerdict = 'passed' | 'failed'

export type CircuitState = 'closed' | 'open' | 'half-open'

/** Requests for what an upstream fetches for itself began to fail, or that is over. */
export interface FetchChange {
  /** As in {@link FetchStatus}. */
  readonly what: string
  readonly state: 'failing' | 'valid'
  /** What happened, in words: the line of the log. */
  readonly text: string
  /** Why it fails. */
  readonly failure?: string
}

/** Called with what happens at one upstream. */
export interface UpstreamObserver {
  requestEnded(endpoint: string, outcome: RequestOutcome, durationMs: number): void
  retried(): void
  hedged(): void
  /** A lookup was turned away: no place was free, or the program is overloaded. */
  shed(): void
  /** @param lastFailure How the last request ended that spoke against the endpoint, in words. */
  circuitChanged(endpoint: string, state: 'open' | 'closed', lastFailure?: string): void
  /** A question whose answer is known was asked, since lookups had failed or the circuit is open. */
  endpointChecked(endpoint: string, verdict: CheckVerdict): void
  fetchChanged(change: FetchChange): void
  /**
   * Something is wrong that an operator has to see to. May be called for each time that it happens: one line per episode.
   *
   * @param what One word, as in {@link FetchChange}.
   * @param text What is wrong, and what to do.
   */
  troubled(what: string, text: string): void
}

/** How a question to the store that the gateways share failed. A closed set: it is a metric label. */
export type TierFailure =
  | 'timeout' // no reply in time
  | 'error' // refused, cut, or an error of the store
  | 'skipped' // not asked, since it failed just before
  | 'unreadable' // damaged, of another version, or from the future

/** What became of an answer that was to be stored there. A closed set: it is a metric label. */
export type TierWrite = 'stored' | 'dropped' | 'failed'

/** Called with what happens at the store that the gateways share. None may throw. */
export interface TierObserver {
  /** It replied to a question. @param bytes Of the entry; 0 where it had none. */
  replied(durationMs: number, bytes: number): void
  failed(failure: TierFailure): void
  /** @param bytes Of the entries, where they were stored. */
  wrote(outcome: TierWrite, count: number, bytes: number): void
  /** A purge of another gateway, or of a service, was applied here. */
  purged(): void
  /** An entry was pushed into the copies of gateways that have another list, and not into the one here. */
  foreignEntry(): void
  /** The store has a purge, or a floor, from so far in the future that somebody has made it up. Called for each that is read. */
  fromFuture(): void
  /** @param why Set when it is not used any more. */
  changed(isUp: boolean, why: string): void
}

/** Why a new connection was refused. A closed set: it is a metric label. */
type RefusalReason =
  | 'allow' // the address is in no allowed network
  | 'limit' // the listener is full, or descriptors run out, and none of its connections is idle
  | 'address-limit' // the client address has all its connections, and none of them is idle

/** Called with what happens at one listener. None may throw, and those for every connection only add to plain numbers. */
export interface ListenerObserver {
  connectionOpened(): void
  /** An idle or stalled connection was closed to make room. */
  connectionShed(): void
  connectionRefused(reason: RefusalReason): void
  /** @param kind What went wrong on a connection: an error of its protocol, or one of those that every listener has. */
  protocolError(kind: string): void
  /** A request that was meant as a lookup was refused before it became one. It is an answer like others. */
  lookupRefused(query: Query, result: LookupResult): void
  /** A change of a table, or a look through it, was refused: it cannot be written at this listener. */
  changeRefused(table: string): void
  /**
   * A request that is for another server was not answered by it, and the client told to ask again.
   *
   * @param cause That of the result.
   * @param text What is wrong, and what to do.
   */
  passFailed(cause: TemporaryCause, text: string): void
  /** A connection could not be accepted. Accepting goes on. */
  acceptFailed(error: Error): void
  /** An exception where none may be: a bug. The request was answered as temporary. */
  defect(error: unknown): void
}

/** Observes nothing. */
export const silentListenerObserver: ListenerObserver = {
  connectionOpened: () => {},
  connectionShed: () => {},
  connectionRefused: () => {},
  protocolError: () => {},
  lookupRefused: () => {},
  changeRefused: () => {},
  passFailed: () => {},
  acceptFailed: () => {},
  defect: () => {},
}

/** Observes nothing: for the library and for tests. */
export const silentObserver: Observer = {
  table: () => silentTable,
  upstream: () => silentUpstream,
  tier: {
    replied: () => {},
    failed: () => {},
    wrote: () => {},
    purged: () => {},
    foreignEntry: () => {},
    fromFuture: () => {},
    changed: () => {},
  },
  defect: () => {},
}

const silentTable: TableObserver = {
  answered: () => {},
  cacheLooked: () => {},
  tierLooked: () => {},
  cacheEvicted: () => {},
  outageAnswered: () => {},
  lossChanged: () => {},
  replicaChanged: () => {},
  canaryChanged: () => {},
  storeAnswered: () => {},
  storeFailed: () => {},
}

const silentUpstream: UpstreamObserver = {
  requestEnded: () => {},
  retried: () => {},
  hedged: () => {},
  shed: () => {},
  circuitChanged: () => {},
  endpointChecked: () => {},
  fetchChanged: () => {},
  troubled: () => {},
}
