/**
 * The optional package lmdb: what is used of it, and how it is loaded.
 *
 * Its types are written down here, so that the program can be compiled where it is not installed.
 *
 * Source: https://github.com/kriszyp/lmdb-js#readme
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { errorText } from '../core/system/error-code.ts'
import { UnusableFiles } from './own-folder.ts'

interface LmdbRange<Key> {
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
  /** Forgets readers of processes that have ended; returns how many. */
  readerCheck(): number
  /** A line of titles, then `pid thread txnid` of each reader. */
  readerList(): string
  close(): Promise<void>
}

interface LmdbOptions {
  /** A folder. */
  readonly path: string
  readonly encoding?: 'string'
  readonly maxDbs: number
  readonly noSubdir: false
  readonly permissionsMode: number
  /** False: no transaction of its own for each turn, whose failure nobody could catch. */
  readonly eventTurnBatching?: boolean
}

interface Lmdb {
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
   * @param before Is waited for, and nothing is written when it rejects.
   * @throws EnvironmentClosed (rejects), what `before` rejects with, and what made the commit fail.
   */
  async transaction<T>(work: () => T, before?: () => Promise<void>): Promise<T> {
    this.requireOpen()
    const transaction =
      before === undefined ? this.root.transaction(work) : before().then(() => this.root.transaction(work))
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

/**
 * The process that has an environment open beside this one; undefined where there is none. Called once this one has read.
 *
 * Each process that reads has a place in `lock.mdb` until it closes the environment, and a lock that ends with it, however
 * it ends. Two containers in which the program has the same process id do not see each other.
 * Source: npm lmdb 3.5.6, mdb.c, `MDB_reader` and `mdb_reader_check`.
 */
export function otherProcess(root: LmdbRoot<string, string>): number | undefined {
  root.readerCheck()
  const pids = root
    .readerList()
    .split('\n')
    .slice(1)
    .map((line) => Number.parseInt(line, 10))
  return pids.find((pid) => pid > 0 && pid !== process.pid)
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
    const why = errorText(error)
    throw new UnusableFiles(
      `${what} needs the package lmdb, which cannot be loaded here; install it with npm install lmdb (${why})`,
    )
  }
}

/** Where a database of lmdb says that it is one: MDB_MAGIC, little-endian, behind the head of its first page. Source: npm lmdb, mdb.c, `MDB_meta`. */
const MAGIC = Buffer.from('dec0efbe', 'hex')
const MAGIC_AT = 24

/** The two first pages, which every database has, bytes. Source: the same, `mdb_env_init_meta`; pages of 4 KiB at least. */
const MIN_BYTES = 8192

/**
 * LMDB ends the process by a signal where the file in its folder is something else, or cut short.
 *
 * @throws Error with what to do, in words; nothing where there is no file yet.
 */
export function requireDatabase(folder: string): void {
  const head = headOf(join(folder, 'data.mdb'))
  if (head.length === 0) return
  if (
    head.length < MIN_BYTES ||
    head.compare(MAGIC, 0, MAGIC.length, MAGIC_AT, MAGIC_AT + MAGIC.length) !== 0
  )
    throw new Error('its file data.mdb is damaged, or not a database; move it away, and a new one is made')
}

/** Empty where there is no file. */
function headOf(path: string): Buffer {
  const head = Buffer.alloc(MIN_BYTES)
  try {
    const file = openSync(path, 'r')
    try {
      return head.subarray(0, readSync(file, head))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return head.subarray(0, 0)
    throw error
  }
}

/** Says why it cannot be loaded, in words; undefined where it can. @param what Needs it. */
export function whyNoLmdb(what: string): string | undefined {
  try {
    loadLmdb(what)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
