/**
 * A file that stays open for long, and the one that has its name: whoever removes or replaces the file leaves the program with one
 * that nobody else can open, and that is gone when the program ends. No write into it fails.
 *
 * The number of a file is not given to another one while it is open. Source: unlink(2).
 */
import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

export class OpenedFile {
  readonly path: string
  readonly #opened: { readonly dev: number; readonly ino: number }

  /** @throws Error of the system where there is no such file. */
  constructor(path: string) {
    this.path = path
    this.#opened = statSync(path)
  }

  /** What became of it; undefined while it has its name, and where the system does not say. Does not reject. */
  async fate(): Promise<'removed' | 'replaced' | undefined> {
    try {
      const { dev, ino } = await stat(this.path)
      return dev === this.#opened.dev && ino === this.#opened.ino ? undefined : 'replaced'
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return code === 'ENOENT' || code === 'ENOTDIR' ? 'removed' : undefined
    }
  }
}
