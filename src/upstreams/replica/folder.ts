/**
 * Where the copy of a table is: in a folder of its own, which the checks look at before anything opens it.
 */
import { dirname, join } from 'node:path'

/** Folder beside the cache file. */
const BESIDE_CACHE_FILE = 'replica'

/** @throws TypeError where the configuration names neither a folder nor a cache file. */
export function replicaFolder(
  directory: string | undefined,
  cacheFile: string | undefined,
  table: string,
): string {
  if (directory !== undefined) return join(directory, table)
  if (cacheFile === undefined) throw new TypeError('unchecked configuration: no folder for a replica')
  return join(dirname(cacheFile), BESIDE_CACHE_FILE, table)
}
