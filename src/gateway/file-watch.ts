/**
 * Watches the configuration file for `reload: watch`.
 *
 * Editors write a new file and rename it, and Kubernetes exchanges a link to its folder: so the
 * folder is watched, and each time the file that is reached by its path is looked at. A file that
 * is being written shows several changes at once; the last one counts.
 */
import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
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
  #watching: { readonly file: string; readonly watcher: FSWatcher } | undefined
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
    try {
      const watcher = watch(dirname(file), { persistent: false }, () => this.#somethingMoved())
      watcher.on('error', (error) => this.#failed(error))
      this.#watching = { file, watcher }
    } catch (error) {
      this.#failed(error)
    }
  }

  stop(): void {
    this.#timer?.cancel()
    this.#watching?.watcher.close()
    this.#watching = undefined
  }

  #somethingMoved(): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(SETTLED_AFTER_MS, () => this.#look())
  }

  #look(): void {
    if (this.#watching === undefined) return
    const now = identity(this.#watching.file)
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
