/**
 * The cache file of a gateway: which tables' answers go into it, and who is notified.
 */
import type { Clock } from '../core/clock.ts'
import type { Observability } from '../observability/observability.ts'
import { CacheFile } from '../persistence/cache-file.ts'
import type { RunningTables } from './running-table.ts'

export class StoredAnswers {
  readonly #file: CacheFile | undefined
  readonly #observability: Observability
  /** Resolves when the file is read. */
  loaded: Promise<void> = Promise.resolve()

  /** @param path Undefined: nothing is read or written. */
  constructor(path: string | undefined, clock: Clock, observability: Observability) {
    this.#observability = observability
    if (path === undefined) return
    this.#file = new CacheFile({
      path,
      clock,
      onWarning: (text) => observability.eventLog.fileTrouble('cache-file', path, text),
      onSaved: (wallMs) => {
        observability.counters.cacheFileSavedMs = wallMs
      },
    })
  }

  /** Reads the answers of the last run: a small file before the first lookup, the rest of a large one beside them. */
  load(tables: RunningTables): void {
    if (this.#file === undefined) return
    const { logging, observer } = this.#observability
    this.loaded = this.#file.load(storedTables(tables)).then(
      ({ loaded, expired, dropped }) => {
        const details = { loaded, expired, dropped: Object.fromEntries(dropped) }
        logging.logger.info({ event: 'cache-file', ...details }, 'cache file read')
      },
      (error) => observer.defect(error, 'the cache file'),
    )
  }

  /** Saves from time to time, whatever tables there are then. */
  saveRegularly(tables: () => RunningTables): void {
    this.#file?.saveRegularly(() => storedTables(tables()))
  }

  /** Answers were purged: the file follows soon. */
  saveSoon(tables: () => RunningTables): void {
    this.#file?.saveSoon(() => storedTables(tables()))
  }

  /** Ends the regular saves with a last one. */
  async saveLast(tables: RunningTables): Promise<void> {
    this.#file?.stop()
    await this.#file?.save(storedTables(tables))
  }
}

function storedTables(tables: RunningTables) {
  return Array.from(tables.values()).flatMap(({ config: { name, fingerprint, attributes }, store }) =>
    // What is stored by a hash of a secret stays in memory.
    store === undefined || (attributes?.secret.length ?? 0) > 0 ? [] : [{ name, fingerprint, store }],
  )
}
