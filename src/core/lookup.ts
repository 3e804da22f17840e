/**
 * The one door to the lookups: listeners, the admin API and the library ask through it.
 */
import type { Explanation } from './explain.ts'
import type { LookupResult } from './result.ts'

/** Who asks. A closed set: it is a metric label. */
export type Protocol = 'socketmap' | 'tcp_table' | 'admin'

/** One question of a client. */
export interface Query {
  readonly protocol: Protocol
  /** A lookup table's name, as the client wrote it. */
  readonly table: string
  /** The key's bytes, as the client wrote them: any bytes, any case, perhaps none. */
  readonly key: Buffer
}

/** How to answer one question, for callers that want more than the answer. */
export interface LookupOptions {
  /** Collects every step. Absent on the mail path's cached answers, which stay free of it. */
  readonly explanation?: Explanation
  /** `bypass` asks the service although an answer is stored, and stores what it says. Default `use`. */
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
