/**
 * Watches the configuration file for `reload: watch`.
 *
 * Editors write a new file and rename it, and Kubernetes exchanges a link to its folder: so the
 * folder is watched, and each time the file that is reached by its path is looked at. Where a part of
 * the path is a link, the folder of the link is watched, and that of what it leads to. A file that is
 * being written shows several changes at once; the last one counts.
 */
import { type FSWatcher, lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock, Timer } from '../core/clock.ts'

/** Time without a change after which a file counts as written, ms. Ours: editors and `cp` take less. */
export const SETTLED_AFTER_MS = 200

export interface FileWatchOptions {
  readonly clock: Clock
  /** Is told that the file has changed. */
  readonly onChanged: () => void
  /** Is told that nothing is watched any more. */
  readonly onTrouble: (why: string) => void
}

export class FileWatch {
  readonly #options: FileWatchOptions
  #watching:
    | { readonly file: string; readonly watchers: readonly FSWatcher[]; readonly folders: string }
    | undefined
  #seen = ''
  #timer: Timer | undefined

  constructor(options: FileWatchOptions) {
    this.#options = options
  }

  /** Watches this file from now on, or nothing. */
  follow(file: string | undefined): void {
    if (this.#watching?.file === file) return
    this.stop()
    if (file === undefined) return
    this.#seen = identity(file)
    this.#watch(file)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#close()
  }

  #close(): void {
    for (const watcher of this.#watching?.watchers ?? []) watcher.close()
    this.#watching = undefined
  }

  #watch(file: string): void {
    const folders = foldersOnTheWay(file)
    const watchers: FSWatcher[] = []
    this.#watching = { file, watchers, folders: folders.join('\n') }
    try {
      for (const folder of folders) {
        const watcher = watch(folder, { persistent: false }, () => this.#somethingMoved())
        watchers.push(watcher)
        watcher.on('error', (error) => this.#failed(error))
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  #somethingMoved(): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(SETTLED_AFTER_MS, () => this.#look())
  }

  #look(): void {
    if (this.#watching === undefined) return
    const { file, folders } = this.#watching
    // A link leads elsewhere now.
    if (foldersOnTheWay(file).join('\n') !== folders) {
      this.#close()
      this.#watch(file)
    }
    const now = identity(file)
    // Gone for the moment: whoever took it away is going to put another one there.
    if (now === '' || now === this.#seen) return
    this.#seen = now
    this.#options.onChanged()
  }

  #failed(error: unknown): void {
    this.stop()
    this.#options.onTrouble(error instanceof Error ? error.message : String(error))
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
    path = resolve(dirname(link), readlinkSync(link), path.slice(link.length + 1))
  }
  return [...folders.add(dirname(path))]
}

/** The shortest leading part of an absolute path that is a link. */
function firstLink(path: string): string | undefined {
  for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) {
    if (isLink(path.slice(0, end))) return path.slice(0, end)
  }
  return isLink(path) ? path : undefined
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

/** Differs when the content may: the file itself, its size, its times. '' when there is none. */
function identity(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    // Gone or out of reach: to be looked at again with the next change.
    return ''
  }
}
