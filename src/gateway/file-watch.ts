/**
 * Watches files for `reload: watch`: that of the configuration, and those that it names.
 *
 * Editors write a new file and rename it, and Kubernetes exchanges a link to its folder: so the
 * folders are watched, and each time the files that are reached by their paths are looked at. Where a part of
 * a path is a link, the folder of the link is watched, and that of what it leads to; where a folder is not there, the
 * nearest one above it. A file that is being written shows several changes at once; the last one counts.
 *
 * A path may be out of reach, or lead in a circle, at any moment: then there is nothing there.
 */
import { type FSWatcher, lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Timer } from '../core/clock.ts'

/** Time without a change after which a file counts as written, ms. Ours: editors and `cp` take less. */
export const SETTLED_AFTER_MS = 200

/** Longest wait for that, ms: in a folder such as /run something changes all the time. Ours. */
export const SETTLED_AT_LAST_MS = 2000

export interface FileWatchOptions {
  readonly clock: Clock
  /** Called when a file has changed. */
  readonly onChanged: () => void
  /** Called when a folder cannot be watched, or no longer. */
  readonly onTrouble: (folder: string, why: string) => void
}

/** A folder, and which one it was: one of the same path that was made anew is another. */
interface WatchedFolder {
  readonly id: string
  /** Undefined where watching it failed. */
  readonly watcher: FSWatcher | undefined
}

export class FileWatch {
  readonly #options: FileWatchOptions
  #files: readonly string[] = []
  readonly #watched = new Map<string, WatchedFolder>()
  /** What each file was when it was looked at last. */
  #seen: ReadonlyMap<string, string> = new Map()
  #timer: Timer | undefined
  /** When the first of the changes was seen that have not settled, ms. */
  #movingSinceMs: number | undefined

  constructor(options: FileWatchOptions) {
    this.#options = options
  }

  /**
   * Watches these files from now on.
   *
   * @param readAtMs When the reading of them began, wall time, ms: what changed since counts as a change.
   */
  follow(files: readonly string[], readAtMs = Number.POSITIVE_INFINITY): void {
    if (isDeepStrictEqual(this.#files, files)) return
    this.#files = files
    const identityNow = (file: string) => (changedAtMs(file) > readAtMs ? '' : identity(file))
    this.#seen = new Map(files.map((file) => [file, this.#seen.get(file) ?? identityNow(file)]))
    this.#watchFolders()
    if (files.length > 0) this.#somethingMoved()
  }

  stop(): void {
    this.#timer?.cancel()
    this.follow([])
  }

  /** Watches the folders on the way to every file, and no other. */
  #watchFolders(): void {
    const folders = new Map(this.#files.flatMap(foldersOnTheWay).map((path) => [path, folderIdentity(path)]))
    for (const [path, { watcher, id }] of this.#watched) {
      if (folders.get(path) === id) continue
      watcher?.close()
      this.#watched.delete(path)
    }
    for (const [path, id] of folders) if (!this.#watched.has(path)) this.#watchFolder(path, id)
  }

  #watchFolder(path: string, id: string): void {
    const failed = (error: unknown): void => {
      this.#watched.get(path)?.watcher?.close()
      this.#watched.set(path, { id, watcher: undefined })
      this.#options.onTrouble(path, error instanceof Error ? error.message : String(error))
    }
    try {
      const watcher = watch(path, { persistent: false }, () => this.#somethingMoved())
      this.#watched.set(path, { id, watcher })
      watcher.on('error', failed)
    } catch (error) {
      failed(error)
    }
  }

  #somethingMoved(): void {
    const { clock } = this.#options
    this.#timer?.cancel()
    const nowMs = clock.monotonicMs()
    this.#movingSinceMs ??= nowMs
    const restMs = this.#movingSinceMs + SETTLED_AT_LAST_MS - nowMs
    this.#timer = clock.after(Math.max(0, Math.min(SETTLED_AFTER_MS, restMs)), () => this.#look())
  }

  #look(): void {
    this.#movingSinceMs = undefined
    // A link may lead elsewhere now.
    this.#watchFolders()
    // Gone for the moment: the program that removed it is going to put another one there.
    const now = new Map(this.#files.map((file) => [file, identity(file) || (this.#seen.get(file) ?? '')]))
    if (isDeepStrictEqual(now, this.#seen)) return
    this.#seen = now
    this.#options.onChanged()
  }
}

/** Most links on the way to a file. Source: Linux, path_resolution(7). */
const MAX_LINKS = 40

/** The folder of each link on the way to a file, and that of the file itself. */
function foldersOnTheWay(file: string): string[] {
  const folders = new Set<string>()
  let path = file
  for (let links = 0; links < MAX_LINKS; links++) {
    const link = firstLink(path)
    if (link === undefined) break
    folders.add(dirname(link))
    const target = orNothing(() => readlinkSync(link))
    if (target === undefined) break
    path = resolve(dirname(link), target, path.slice(link.length + 1))
  }
  return [...folders.add(nearestFolder(dirname(path)))]
}

/** The folder, or the nearest one above it that is there. */
function nearestFolder(path: string): string {
  let folder = path
  while (folder !== '/' && folderIdentity(folder) === '') folder = dirname(folder)
  return folder
}

/** The shortest leading part of an absolute path that is a link. */
function firstLink(path: string): string | undefined {
  for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) {
    if (isLink(path.slice(0, end))) return path.slice(0, end)
  }
  return isLink(path) ? path : undefined
}

function isLink(path: string): boolean {
  return orNothing(() => lstatSync(path))?.isSymbolicLink() === true
}

/** Which folder a path leads to. '' when there is none. */
function folderIdentity(path: string): string {
  const stats = orNothing(() => statSync(path, { bigint: true }))
  return stats?.isDirectory() !== true ? '' : [stats.dev, stats.ino, stats.birthtimeNs].join(' ')
}

/** Differs when the content may: the file itself, its size, its times. '' when there is none. */
function identity(file: string): string {
  const stats = orNothing(() => statSync(file, { bigint: true }))
  return stats === undefined ? '' : [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}

/** When a file was changed last, wall time, ms; 0 when there is none. */
function changedAtMs(file: string): number {
  return orNothing(() => statSync(file))?.ctimeMs ?? 0
}

/** Gone, out of reach, or a circle of links: looked at again with the next change. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}
