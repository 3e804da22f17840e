/**
 * The one shape of asking, whether it is a gateway's admin API or a server on the wire.
 */
import type { LookupResult } from '../../core/result.ts'
import type { AdminOptions } from '../admin-target.ts'

/** The options of `mapgate query`. */
export interface QueryOptions extends AdminOptions {
  readonly explain?: boolean
  readonly json?: boolean
  /** Ask the service even if an answer is stored. */
  readonly bypassCache?: boolean
}

/** Asks one table. */
export interface LookupClient {
  /**
   * Asks for one key.
   *
   * @throws CommandError when nobody can be asked, or what was replied is no answer.
   */
  ask(key: Buffer): Promise<LookupReply>
  /** Asks a question that is more than a key. Absent where keys are asked for. */
  askAttributes?(attributes: ReadonlyMap<string, string>): Promise<LookupReply>
  /** Attributes that are not to be seen by others. */
  readonly secretAttributes?: readonly string[] | undefined
  /** Closes the connections. */
  close(): Promise<void>
}

/** What came back for one key. */
export interface LookupReply {
  readonly result: LookupResult
  /** Further facts for `--json`: where the answer came from, the steps. */
  readonly details: Readonly<Record<string, unknown>>
  /** With `--explain`: the steps, as the admin API sent them. */
  readonly steps?: readonly unknown[]
}
