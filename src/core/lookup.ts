/**
 * The one door to the lookups: listeners, the admin API and the library ask through it.
 */
import type { Attributes } from './attributes.ts'
import type { Explanation } from './observed/explain.ts'
import type { Found, LookupResult } from './result.ts'

/** One question of a client. */
export interface Query {
  /** The name of a registered protocol, or {@link ADMIN_PROTOCOL}. A closed set: it is a metric label. */
  readonly protocol: string
  /** A lookup table's name, as the client wrote it. */
  readonly table: string
  /** The key's bytes, as the client wrote them: any bytes, any case, perhaps none. */
  readonly key: Buffer
  /** True: the client tries partial keys itself, so only this key is looked for, whatever the table's `search` is. */
  readonly exact?: boolean
  /** What the client said besides, where its protocol has more than a key. */
  readonly attributes?: Attributes
  /** The client that waits for the answer; absent where everything can be told. */
  readonly client?: QueryClient
}

/** What the admin API asks as. */
export const ADMIN_PROTOCOL = 'admin'

/** The client of a lookup, as far as it decides what it can be told. */
export interface QueryClient {
  /**
   * Returns what this client will read instead of a found value: the same result, or a failure where
   * it would not read the value, such as one that is too long for it. It is part of the answer, so that
   * what is counted, logged, traced and explained is what was sent.
   */
  deliverable(result: Found): LookupResult
  /**
   * What the reply to a result does at the client, in a word of a closed set: a metric label. Absent where "found" and
   * "not found" say it all.
   */
  replyKind?(result: LookupResult): string
}

/** How to answer one question, for callers that want more than the answer. */
export interface LookupOptions {
  /** Collects every step. Absent on the mail path's cached answers, which stay free of it. */
  readonly explanation?: Explanation
  /** `bypass` asks the service even if an answer is stored, and stores what it says. Default `use`. */
  readonly cache?: 'use' | 'bypass'
}

/** Answers lookups. */
export interface Lookup {
  /**
   * Answers one question: synchronously when the answer is available so (cached, static, filtered or
   * refused), else by a promise that resolves before the table's deadline.
   *
   * It neither throws nor rejects: a defect is answered as temporary.
   */
  lookup(query: Query, options?: LookupOptions): LookupResult | Promise<LookupResult>
}
