/**
 * The entries of a store on disk: an LMDB environment.
 *
 *   entries   [table, key]              [expires, value]
 *   expiry    [expires, table, key]     bytes: which entry goes first
 *   totals                              [entries, bytes]
 *
 * All three change in one transaction, which is answered when it is committed: whoever kills the program loses nothing that
 * was acknowledged. Only a crash of the whole machine may take the last second.
 *
 * Each write removes some entries that have expired; when a bound is reached, those that expire first go.
 * Source: http://www.lmdb.tech/doc/; npm lmdb.
 */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  MAX_PAGE_BYTES,
  type StoreBounds,
  type StoredEntry,
  type StorePage,
  type StoreTotals,
} from '../../core/store/store.ts'
import { errorText } from '../../core/system/error-code.ts'
import { LmdbEnvironment, type LmdbRoot, type LmdbTable, loadLmdb, requireDatabase } from '../lmdb.ts'
import { OpenedFile } from '../opened-file.ts'
import { ownFolder, UnusableFiles } from '../own-folder.ts'

/** Expired entries that one write removes. Ours: more than one write adds, so that they end. */
const SWEPT_BY_A_WRITE = 16

/** Bytes of an entry besides its key and its value. Ours: both of its records, roughly. */
const ENTRY_BYTES = 100

/** How often, at most, a write looks whether the file still has its name, ms. Ours: what is lost meanwhile is little. */
const LOOK_EVERY_MS = 10_000

/** Entries that a purge or a scan looks at in one go, before others have their turn. Ours. */
const BATCH = 256

const TOTALS = 'totals'

type EntryKey = [table: string, key: string]
type Entry = [expiresAtMs: number, value: string]
type ExpiryKey = [expiresAtMs: number, table: string, key: string]

export class StoreFile {
  readonly #environment: LmdbEnvironment<[number, number], string>
  readonly #root: LmdbRoot<[number, number], string>
  readonly #entries: LmdbTable<Entry, EntryKey>
  readonly #expiry: LmdbTable<number, ExpiryKey>
  readonly #opened: OpenedFile
  #evicted = 0
  /** Wall clock ms. */
  #lookedAtMs = 0
  #trouble: string | undefined
  /** As the configuration in use has them. */
  bounds: StoreBounds
  /** Called for each entry that is dropped before its time. */
  onFull = (): void => {}
  /** Called when a write has seen that it goes with the process, each time. */
  onLost = (_trouble: string): void => {}

  private constructor(root: LmdbRoot<[number, number], string>, folder: string, bounds: StoreBounds) {
    this.#opened = new OpenedFile(join(folder, 'data.mdb'))
    this.#environment = new LmdbEnvironment(root)
    this.#root = root
    this.#entries = root.openDB<Entry, EntryKey>({ name: 'entries' })
    this.#expiry = root.openDB<number, ExpiryKey>({ name: 'expiry' })
    this.bounds = bounds
  }

  /**
   * Opens the store in a folder, which is made when it is not there.
   *
   * @throws Error (rejects) with a sentence that tells the operator what to do.
   */
  static async open(folder: string, bounds: StoreBounds): Promise<StoreFile> {
    const { open } = loadLmdb('a store')
    try {
      await ownFolder(folder)
      requireDatabase(folder)
      const options = {
        path: folder,
        maxDbs: 3,
        noSubdir: false,
        permissionsMode: 0o600,
        eventTurnBatching: false,
      } as const
      return new StoreFile(open<[number, number], string>(options), folder, bounds)
    } catch (error) {
      throw new UnusableFiles(`the folder of the store, ${folder}, cannot be used: ${errorText(error)}`)
    }
  }

  get isOpen(): boolean {
    return this.#environment.isOpen
  }

  /** What is wrong with the file; undefined while nothing is. Entries are read and written all the same. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  totals(): StoreTotals {
    const [entries, bytes] = this.#root.get(TOTALS) ?? [0, 0]
    return { entries, bytes, evicted: this.#evicted }
  }

  get(table: string, key: string, nowMs: number): string | undefined {
    const entry = this.#entries.get([table, key])
    return entry === undefined || entry[0] <= nowMs ? undefined : entry[1]
  }

  /** At most `limit` entries behind a key, or the first ones. Looks at some at a time: many may have expired. */
  async page(table: string, after: string | undefined, limit: number, nowMs: number): Promise<StorePage> {
    const entries: StoredEntry[] = []
    let bytes = 0
    let from = after
    for (;;) {
      this.#environment.requireOpen()
      let looked = 0
      for (const { key, value: entry } of this.#entries.getRange({ ...rangeOf(table, from), limit: BATCH })) {
        if (key[0] !== table) return { kind: 'page', entries, hasMore: false }
        looked++
        from = key[1]
        const [expiresAtMs, value] = entry
        if (expiresAtMs <= nowMs) continue
        if (entries.length === limit || bytes > MAX_PAGE_BYTES)
          return { kind: 'page', entries, hasMore: true }
        entries.push({ key: key[1], value, expiresAtMs })
        bytes += key[1].length + value.length
      }
      if (looked < BATCH) return { kind: 'page', entries, hasMore: false }
      await setImmediate()
    }
  }

  /** Resolves when it is committed. */
  async put(table: string, key: string, value: string, expiresAtMs: number, nowMs: number): Promise<void> {
    await this.#transaction(() => {
      this.#remove(table, key)
      const bytes = ENTRY_BYTES + Buffer.byteLength(key) + Buffer.byteLength(value)
      this.#entries.putSync([table, key], [expiresAtMs, value])
      this.#expiry.putSync([expiresAtMs, table, key], bytes)
      this.#count(1, bytes)
      this.#makeRoom(nowMs)
    })
    if (Math.abs(nowMs - this.#lookedAtMs) < LOOK_EVERY_MS) return
    this.#lookedAtMs = nowMs
    await this.#look()
  }

  /** Resolves when it is committed: whether there was one. */
  delete(table: string, key: string, nowMs: number): Promise<boolean> {
    return this.#transaction(() => {
      const wasThere = this.get(table, key, nowMs) !== undefined
      this.#remove(table, key)
      return wasThere
    })
  }

  /** Removes the entries of a table that `isMeant`, some at a time. @returns How many. */
  async purge(table: string, isMeant: (key: string) => boolean): Promise<number> {
    let removed = 0
    let after: string | undefined
    for (;;) {
      this.#environment.requireOpen()
      const keys = this.#keys(table, after)
      await this.#transaction(() => {
        for (const key of keys) if (isMeant(key) && this.#remove(table, key)) removed++
      })
      after = keys.at(-1)
      if (keys.length < BATCH) return removed
    }
  }

  /** Waits for the writes that are under way. */
  close(): Promise<void> {
    return this.#environment.close()
  }

  #keys(table: string, after: string | undefined): readonly string[] {
    const range = { ...rangeOf(table, after), limit: BATCH }
    return Array.from(this.#entries.getKeys(range)).flatMap(([name, key]) => (name === table ? [key] : []))
  }

  /** Does not reject. */
  async #look(): Promise<void> {
    const fate = await this.#opened.fate()
    this.#trouble =
      fate &&
      `its file ${this.#opened.path} was ${fate} while it was open: what Postfix writes is lost when mapgate ends; restart mapgate`
    if (this.#trouble !== undefined) this.onLost(this.#trouble)
  }

  /** Drops what has expired, some of it, and what is too much. */
  #makeRoom(nowMs: number): void {
    const { maxEntries, maxBytes } = this.bounds
    for (let n = 0; ; n++) {
      const [first] = Array.from(this.#expiry.getKeys({ limit: 1 }))
      if (first === undefined) return
      const { entries, bytes } = this.totals()
      const isTooMuch = entries > maxEntries || bytes > maxBytes
      const isOver = first[0] <= nowMs && n < SWEPT_BY_A_WRITE
      if (!isTooMuch && !isOver) return
      if (first[0] > nowMs) this.#drop()
      this.#remove(first[1], first[2])
    }
  }

  #drop(): void {
    this.#evicted++
    this.onFull()
  }

  #remove(table: string, key: string): boolean {
    const old = this.#entries.get([table, key])
    if (old === undefined) return false
    const place: ExpiryKey = [old[0], table, key]
    const bytes = this.#expiry.get(place) ?? 0
    this.#entries.removeSync([table, key])
    this.#expiry.removeSync(place)
    this.#count(-1, -bytes)
    return true
  }

  #count(entries: number, bytes: number): void {
    const before = this.totals()
    this.#root.putSync(TOTALS, [before.entries + entries, before.bytes + bytes])
  }

  async #transaction<T>(work: () => T): Promise<T> {
    const result = await this.#environment.transaction(work)
    // The next look-up sees it.
    if (this.isOpen) this.#root.resetReadTxn()
    return result
  }
}

function rangeOf(table: string, after: string | undefined) {
  const start: EntryKey | [string] = after === undefined ? [table] : [table, after]
  return { start: start as EntryKey, exclusiveStart: after !== undefined }
}
