/**
 * The folders in which upstreams keep files of their own: noted while sections are checked, and looked at once all are.
 */

import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import type { Path } from '../../schema/tree.ts'
import type { TryFolder } from '../own-folder.ts'
import { CHECK_PROBLEMS } from './problems.ts'

interface NotedFolder {
  readonly scope: Scope
  readonly at: Path
  readonly folder: string
}

export class OwnFolders {
  readonly #noted: NotedFolder[] = []

  /** For the check of one section. @param scope Of that section. */
  of(scope: Scope): { readonly keepsFilesIn: (at: Path, folder: string) => void } {
    return { keepsFilesIn: (at, folder) => void this.#noted.push({ scope, at, folder }) }
  }

  /** Reports each that cannot be used. */
  async check(tryFolder: TryFolder): Promise<void> {
    const tried = this.#noted.map(async (noted) => ({ ...noted, why: await tryFolder(noted.folder) }))
    for (const { scope, at, folder, why } of await Promise.all(tried))
      if (why !== undefined)
        scope.error(at, problem(CHECK_PROBLEMS, 'folder-unusable', scope.show(at, folder), why))
  }
}
