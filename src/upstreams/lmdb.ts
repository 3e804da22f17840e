/**
 * The optional package lmdb: what is used of it, and how it is loaded.
 *
 * Its types are written down here, so that the program can be compiled where it is not installed.
 *
 * Source: https://github.com/kriszyp/lmdb-js#readme
 */
import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { UnusableFiles } from './own-folder.ts'

export interface LmdbRange<Key> {
  readonly start?: Key
  readonly end?: Key
  readonly exclusiveStart?: boolean
  readonly limit?: number
}

/** A named database of an environment. */
export interface LmdbTable<Value, Key> {
  get(key: Key): Value | undefined
  getKeys(range?: LmdbRange<Key>): Iterable<Key>
  getRange(range?: LmdbRange<Key>): Iterable<{ readonly key: Key; readonly value: Value }>
  putSync(key: Key, value: Value): void
  removeSync(key: Key): void
  clearSync(): void
}

/** An environment, and its main database. */
export interface LmdbRoot<Value, Key> extends LmdbTable<Value, Key> {
  openDB<V, K>(options: { readonly name: string; readonly encoding?: 'string' }): LmdbTable<V, K>
  /** Waits for whoever writes. What `work` has written is dropped when it throws. */
  transactionSync<T>(work: () => T): T
  /** Runs when nobody else writes. What `work` has written when it throws stays. */
  transaction<T>(work: () => T): Promise<T>
  /** Lets the next look-up see what others have written. */
  resetReadTxn(): void
  /** Resolves when what was committed is on disk. */
  readonly flushed: Promise<unknown>
  close(): Promise<void>
}

export interface LmdbOptions {
  /** A folder. */
  readonly path: string
  readonly encoding?: 'string'
  readonly maxDbs: number
  readonly noSubdir: false
  readonly permissionsMode: number
  /** False: no transaction of its own for each turn, whose failure nobody could catch. */
  readonly eventTurnBatching?: boolean
}

export interface Lmdb {
  open<Value, Key>(options: LmdbOptions): LmdbRoot<Value, Key>
}

/** Nothing is read or written any more. */
export class EnvironmentClosed extends Error {}

/**
 * An environment that is closed while others still have it.
 *
 * Once `close` of lmdb has begun, whoever reads makes a timer throw, which nobody can catch (npm lmdb 3.5.6, read.js, `resetReadTxn`),
 * and a transaction that waits writes a part of what it should (write.js, `_endWrites`). So closing waits for the transactions,
 * and whoever reads looks at `isOpen` first.
 */
export class LmdbEnvironment<Value, Key> {
  readonly root: LmdbRoot<Value, Key>
  readonly #transactions = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(root: LmdbRoot<Value, Key>) {
    this.root = root
  }

  get isOpen(): boolean {
    return this.#closing === undefined
  }

  /**
   * Runs when nobody else writes. What `work` has written when it throws stays.
   *
   * @throws EnvironmentClosed (rejects), and what made the commit fail.
   */
  async transaction<T>(work: () => T): Promise<T> {
    this.requireOpen()
    const transaction = this.root.transaction(work)
    this.#transactions.add(transaction)
    try {
      return await transaction
    } catch (error) {
      throw await causeOf(error)
    } finally {
      this.#transactions.delete(transaction)
    }
  }

  /** @throws EnvironmentClosed */
  requireOpen(): void {
    if (!this.isOpen) throw new EnvironmentClosed('it is closed')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#transactions)
    await this.root.close()
  }
}

/** What made a commit fail: a full disk, for example. Source: npm lmdb, `commitError`. */
function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> }
  const cause = commitError?.catch((cause: unknown) => cause)
  return Promise.race([cause ?? error, setImmediate(error)])
}

/**
 * Loads it, when it is needed and at once: tables are built without a pause.
 *
 * @param what Needs it: "a replica".
 * @throws Error where it is not installed, or not for this system; it says what to do.
 */
export function loadLmdb(what: string): Lmdb {
  try {
    return createRequire(import.meta.url)('lmdb') as Lmdb
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    throw new UnusableFiles(
      `${what} needs the package lmdb, which cannot be loaded here; install it with npm install lmdb (${why})`,
    )
  }
}
