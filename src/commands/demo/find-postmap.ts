/**
 * Finds Postfix's own lookup program, so that printed lines work when pasted.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { shellQuote } from './own-name.ts'

/** Where postmap is on systems that keep it out of an ordinary PATH. */
const SBIN = '/usr/sbin'

/** Where Postfix's configuration is unless somebody chose otherwise. Source: postconf(5), config_directory. */
const MAIN_CF = '/etc/postfix/main.cf'

/**
 * Tells the words that start postmap here; undefined when this machine has none.
 *
 * @param path PATH of the person's shell.
 * @param ownFolder A folder with an empty main.cf: postmap needs one, and where Postfix is
 *   installed but not set up there is none.
 */
export async function findPostmap(
  path: string | undefined,
  ownFolder: string,
  mainCf = MAIN_CF,
): Promise<string | undefined> {
  const file = await postmapFile(path)
  if (file === undefined) return undefined
  const word = foldersOf(path).includes(dirname(file)) ? 'postmap' : file
  return (await allows(mainCf, constants.R_OK)) ? word : `${word} -c ${shellQuote(ownFolder)}`
}

/** The program itself; undefined when this machine has none. */
export async function postmapFile(path: string | undefined): Promise<string | undefined> {
  for (const folder of [...foldersOf(path), SBIN]) {
    const file = join(folder, 'postmap')
    if (await allows(file, constants.X_OK)) return file
  }
  return undefined
}

function foldersOf(path: string | undefined): readonly string[] {
  return (path ?? '').split(delimiter).filter((folder) => folder !== '')
}

async function allows(file: string, mode: number): Promise<boolean> {
  try {
    await access(file, mode)
    return true
  } catch {
    // Not there, or not for this person: the same to them.
    return false
  }
}
