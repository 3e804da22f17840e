/**
 * The cache file of the program: read at start, written from time to time and at stop.
 *
 * Nothing that happens to it stops a lookup: a file that cannot be used is set aside with a warning and
 * the start goes on cold; a file that cannot be written is reported, and tried again next time.
 */
import { accessSync, closeSync, constants, fstatSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Restoring } from '../core/cache/answer-store.ts'
import { freshnessState } from '../core/cache/freshness.ts'
import { type Clock, instant, type Timer } from '../core/clock.ts'
import { codeOf, codeOrName } from '../core/system/error-code.ts'
import { whyNoValue } from '../core/value/value-text.ts'
import { CacheFileError, CacheFileReader } from './cache-file-reader.ts'
import { type CacheFileTable, isNoFile, NotAFileError, writeCacheFile } from './cache-file-writer.ts'

/** Time between two saves, ms. Ours: what is lost at a power failure is asked again. */
const SAVE_EVERY_MS = 300_000

/** Longest time after a purge until the file is without what was purged, ms. Ours: many purges in a row cost one save. */
const SAVE_AFTER_PURGE_MS = 10_000

/**
 * How long the file is read before the first lookup is answered, ms. Ours: some ten thousand answers, the whole of most
 * files, so that only a large one is incomplete at first.
 */
const FIRST_SLICE_MS = 100

/** How long lookups wait for a further piece of the file, ms. Ours: a request of the network costs as much. */
const SLICE_MS = 5

interface CacheFileOptions {
  readonly path: string
  readonly clock: Clock
  /** Called after each complete save, and after a load, when the file was written: wall clock ms. */
  readonly onSaved?: (wallMs: number) => void
  /** One sentence that says what happened and what to do. */
  readonly onWarning: (message: string) => void
}

/** What became of the entries of a file. */
interface LoadReport {
  readonly loaded: number
  /** Of a table that is gone or whose answers are decided differently now, by table name. */
  readonly dropped: ReadonlyMap<string, number>
  /** Too old to be used, or with a value that no reply may have any more. */
  readonly expired: number
}

export class CacheFile {
  readonly #options: CacheFileOptions
  #loading: Promise<unknown> = Promise.resolve()
  #saving: Promise<number | undefined> = Promise.resolve(undefined)
  #timer: Timer | undefined
  #soon: Timer | undefined
  #state: 'open' | 'stopped' = 'open'

  constructor(options: CacheFileOptions) {
    this.#options = options
  }

  /**
   * Reads the file into the stores of the tables: the first {@link FIRST_SLICE_MS} before it returns, the rest in
   * pieces between lookups. What the tables learn meanwhile is newer than the file, and stays.
   *
   * An answer has aged since by the wall clock; if that was set back, it is still as old as it was
   * when the file was written. Nobody knows then how old it really is, which is too little to
   * know for a "not found": those are dropped as expired.
   */
  load(tables: readonly CacheFileTable[]): Promise<LoadReport> {
    const report = this.#load(tables)
    this.#loading = report.catch(() => {}) // reported to the caller
    return report
  }

  async #load(tables: readonly CacheFileTable[]): Promise<LoadReport> {
    const { clock, onSaved } = this.#options
    this.#tryFolder()
    const fd = this.#open()
    if (fd === undefined) return NOTHING
    const targets = new Map(tables.map((table) => [table.name, restorable(table)]))
    try {
      if (isNoFile(fstatSync(fd))) {
        this.#noFile()
        return NOTHING
      }
      const reading = fill(new CacheFileReader(fd), targets, clock)
      let untilMs = clock.monotonicMs() + FIRST_SLICE_MS
      for (;;) {
        const { done, value } = reading.next()
        if (done === true) {
          onSaved?.(value.savedWallMs)
          return value.report
        }
        if (clock.monotonicMs() < untilMs) continue
        await nextTurn()
        untilMs = clock.monotonicMs() + SLICE_MS
      }
    } catch (error) {
      if (error instanceof CacheFileError || error instanceof RangeError) this.#setAside(error.message)
      else if (error instanceof Error && 'syscall' in error) this.#unreadable(error)
      else throw error
      return NOTHING
    } finally {
      closeSync(fd)
      for (const { restoring } of targets.values()) restoring.end()
    }
  }

  /**
   * Writes all answers. One save at a time: a second one waits for the first, and all for the file to be read.
   *
   * @returns How many answers were written, undefined when it failed; the old file is then still there.
   */
  save(tables: readonly CacheFileTable[]): Promise<number | undefined> {
    this.#saving = Promise.all([this.#saving, this.#loading]).then(() => this.#write(tables))
    return this.#saving
  }

  /** Saves every {@link SAVE_EVERY_MS}, whatever tables there are then. */
  saveRegularly(tables: () => readonly CacheFileTable[]): void {
    this.#timer = this.#options.clock.after(SAVE_EVERY_MS, () => {
      void this.save(tables()).then(() => {
        if (this.#timer !== undefined) this.saveRegularly(tables)
      })
    })
  }

  /** Answers were purged: saves within {@link SAVE_AFTER_PURGE_MS}, so that no crash brings them back. */
  saveSoon(tables: () => readonly CacheFileTable[]): void {
    if (this.#state === 'stopped') return
    this.#soon ??= this.#options.clock.after(SAVE_AFTER_PURGE_MS, () => {
      this.#soon = undefined
      void this.save(tables())
    })
  }

  /** Ends the saves that nobody asked for by {@link save}. */
  stop(): void {
    this.#state = 'stopped'
    this.#timer?.cancel()
    this.#timer = undefined
    this.#soon?.cancel()
    this.#soon = undefined
  }

  /** Says now what the first save would say. */
  #tryFolder(): void {
    try {
      accessSync(dirname(this.#options.path), constants.W_OK | constants.X_OK)
    } catch (error) {
      this.#unwritable(error)
    }
  }

  #open(): number | undefined {
    try {
      // Opening a pipe that nobody writes to would wait (open(2)).
      return openSync(this.#options.path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#unreadable(error)
      return undefined
    }
  }

  #unreadable(error: unknown): void {
    const { path, onWarning } = this.#options
    onWarning(`the cache file ${path} cannot be read (${codeOrName(error)}); started with an empty cache`)
  }

  #unwritable(error: unknown): void {
    const { path, onWarning } = this.#options
    if (error instanceof NotAFileError) this.#noFile()
    else {
      onWarning(
        `the cache file ${path} cannot be written (${codeOrName(error)}); see to its directory and disk space`,
      )
    }
  }

  #noFile(): void {
    const { path, onWarning } = this.#options
    onWarning(`the cache file ${path} is not a file, and was left alone; no answer is kept over a restart`)
  }

  #setAside(why: string): void {
    const { path, clock, onWarning } = this.#options
    const aside = `${path}.damaged-${clock.wallMs()}`
    try {
      renameSync(path, aside)
      onWarning(
        `the cache file ${path} was not used: ${why}; set aside as ${aside}, started with an empty cache`,
      )
    } catch (error) {
      onWarning(
        `the cache file ${path} was not used: ${why}; it could not be set aside (${codeOrName(error)}), started with an empty cache`,
      )
    }
  }

  async #write(tables: readonly CacheFileTable[]): Promise<number | undefined> {
    const { path, clock } = this.#options
    const startedWallMs = clock.wallMs()
    try {
      const count = await writeCacheFile(path, tables, clock)
      this.#options.onSaved?.(startedWallMs)
      return count
    } catch (error) {
      this.#unwritable(error)
      return undefined
    }
  }
}

const NOTHING: LoadReport = { loaded: 0, dropped: new Map(), expired: 0 }

/** A table that answers of the file go to. */
interface Target extends CacheFileTable {
  readonly restoring: Restoring
}

function restorable(table: CacheFileTable): Target {
  return { ...table, restoring: table.store.beginRestoring() }
}

interface Filled {
  readonly report: LoadReport
  readonly savedWallMs: number
}

/** Fills the stores, block by block; all of them are emptied when the file turns out to contradict itself. */
function* fill(
  reader: CacheFileReader,
  targets: ReadonlyMap<string, Target>,
  clock: Clock,
): Generator<void, Filled> {
  const savedWallMs = yield* reader.check()
  const now = instant(clock)
  const setBack = now.wallMs < savedWallMs
  const sinceMs = Math.max(0, now.wallMs - savedWallMs)
  const dropped = new Map<string, number>()
  let loaded = 0
  let expired = 0
  try {
    yield* reader.read((name, fingerprint) => {
      const target = targets.get(name)
      if (target?.fingerprint !== fingerprint) {
        return () => dropped.set(name, (dropped.get(name) ?? 0) + 1)
      }
      return (entry) => {
        entry.ageMs += sinceMs
        entry.foundForMs += sinceMs
        const isUnknownAge = setBack && entry.value === undefined
        // An older version may have taken what is refused now.
        const isNoValue = entry.value !== undefined && whyNoValue(entry.value) !== undefined
        if (isUnknownAge || isNoValue || freshnessState(entry, entry.ageMs) === 'expired') {
          expired++
          return
        }
        target.restoring.add(entry.storeKey, entry, now)
        loaded++
      }
    })
  } catch (error) {
    for (const { store } of targets.values()) store.purge({ kind: 'all' })
    throw error
  }
  return { report: { loaded, dropped, expired }, savedWallMs }
}
