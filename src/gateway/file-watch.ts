/**
 * Watches files for `reload: watch`: that of the configuration, and those that it names.
 *
 * Editors write a new file and rename it, and Kubernetes exchanges a link to its folder: so the
 * folders are watched, and each time the files that are reached by their paths are looked at. Where a part of
 * a path is a link, the folder of the link is watched, and that of what it leads to; where a folder is not there, the
 * nearest one above it. A file that is being written shows several changes at once; the last one counts.
 *
 * Lookups do not wait for it: the disk is looked at off the event loop, once at a time, and a folder is watched when it has just
 * answered.
 */
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Timer } from '../core/clock.ts'
import { messageOf } from '../core/system/error-code.ts'
import { Disk, type DiskCalls, type FilesOnDisk } from './files-on-disk.ts'

/** Time without a change after which a file counts as written, ms. Ours: editors and `cp` take less. */
const SETTLED_AFTER_MS = 200

/** Longest wait for that, ms: in a folder such as /run something changes all the time. Ours. */
const SETTLED_AT_LAST_MS = 2000

/** After this a disk counts as one that does not answer, ms. Ours: one that spins up takes some seconds. */
const LOOK_TIMEOUT_MS = 10_000

interface FileWatchOptions {
  readonly clock: Clock
  /** Of tests. */
  readonly disk?: DiskCalls
  /** Called when a file has changed. */
  readonly onChanged: () => void
  /** Called when a folder cannot be watched, or no longer. */
  readonly onTrouble: (folder: string, why: string) => void
}

/** A folder, and which one it was: one of the same path that was made again is another. */
interface WatchedFolder {
  readonly id: string
  /** Undefined where watching it failed. */
  readonly watcher: FSWatcher | undefined
}

export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #disk: Disk
  #files: readonly string[] = []
  #readAtMs = Number.POSITIVE_INFINITY
  readonly #watched = new Map<string, WatchedFolder>()
  /** What each file was when it was looked at last. */
  #seen: ReadonlyMap<string, string> = new Map()
  #timer: Timer | undefined
  /** When the first of the changes was seen that have not settled, ms. */
  #movingSinceMs: number | undefined
  /** While the disk is looked at. */
  #looking: Promise<void> | undefined
  #mustLook = false
  #late: Timer | undefined

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#disk = new Disk(options.disk)
  }

  /**
   * Watches these files from now on.
   *
   * @param readAtMs When the reading of them began, wall time, ms: what changed since counts as a change.
   * @returns Resolves when they are watched, which a disk that does not answer may put off for ever.
   */
  async follow(files: readonly string[], readAtMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (isDeepStrictEqual(this.#files, files)) return
    if (files.length === 0) return this.stop()
    this.#files = files
    this.#readAtMs = readAtMs
    await this.#look()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#late?.cancel()
    this.#files = []
    this.#seen = new Map()
    this.#watchFolders(new Map())
  }

  /** Watches these folders, and no other. @returns Whether some of them are new. */
  #watchFolders(folders: ReadonlyMap<string, string>): boolean {
    for (const [path, { watcher, id }] of this.#watched) {
      if (folders.get(path) === id) continue
      watcher?.close()
      this.#watched.delete(path)
    }
    const added = Array.from(folders).filter(([path]) => !this.#watched.has(path))
    for (const [path, id] of added) this.#watchFolder(path, id)
    return added.length > 0
  }

  #watchFolder(path: string, id: string): void {
    const failed = (error: unknown): void => {
      this.#watched.get(path)?.watcher?.close()
      this.#watched.set(path, { id, watcher: undefined })
      this.#options.onTrouble(path, messageOf(error))
    }
    try {
      const watcher = watch(path, { persistent: false }, () => this.#somethingMoved())
      this.#watched.set(path, { id, watcher })
      watcher.on('error', failed)
    } catch (error) {
      // Removed since it was looked at: there is another look.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) failed(error)
    }
  }

  #somethingMoved(): void {
    const { clock } = this.#options
    this.#timer?.cancel()
    const nowMs = clock.monotonicMs()
    this.#movingSinceMs ??= nowMs
    const restMs = this.#movingSinceMs + SETTLED_AT_LAST_MS - nowMs
    this.#timer = clock.after(Math.max(0, Math.min(SETTLED_AFTER_MS, restMs)), () => void this.#look())
  }

  /** One look at a time, since each may hold a thread for ever. */
  #look(): Promise<void> {
    this.#movingSinceMs = undefined
    this.#mustLook = true
    this.#looking ??= this.#lookWhileNeeded().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookWhileNeeded(): Promise<void> {
    const { clock, onTrouble } = this.#options
    while (this.#mustLook) {
      this.#mustLook = false
      const files = this.#files
      this.#late = clock.after(LOOK_TIMEOUT_MS, () =>
        onTrouble(dirname(this.#disk.path), 'its disk does not answer'),
      )
      const found = await this.#disk.look(files).finally(() => this.#late?.cancel())
      if (files === this.#files) this.#take(found)
    }
  }

  #take({ files, folders }: FilesOnDisk): void {
    const now = new Map<string, string>()
    let isFirst = false
    let isChanged = false
    for (const [file, { identity, changedAtMs }] of files) {
      const before = this.#seen.get(file)
      if (before === undefined) {
        isFirst = true
        now.set(file, changedAtMs > this.#readAtMs ? '' : identity)
      } else {
        // Gone for the moment: the program that removed it is going to put another one there.
        now.set(file, identity || before)
        isChanged ||= now.get(file) !== before
      }
    }
    this.#seen = now
    // Something may have changed before the folders were watched.
    if (this.#watchFolders(folders) || isFirst) this.#somethingMoved()
    if (isChanged) this.#options.onChanged()
  }
}
