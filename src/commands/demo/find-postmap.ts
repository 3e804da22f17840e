/**
 * Finds Postfix's own lookup program, so that printed lines work when pasted.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Where postmap is on systems that keep it out of an ordinary PATH. */
const SBIN = '/usr/sbin'

/** How postmap is started here, if it is. */
export async function findPostmap(path: string | undefined): Promise<string | undefined> {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of [...folders, SBIN]) {
    const file = join(folder, 'postmap')
    try {
      await access(file, constants.X_OK)
      return folders.includes(folder) ? 'postmap' : file
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}
