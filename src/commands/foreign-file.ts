/**
 * Whether a file that nobody named may be read as one's own.
 *
 * In a folder of somebody else a `mapgate.yaml` could make root read one-line files as secrets and send
 * them, and its own token, to any address. As ssh(1) does with its files, only those count that nobody
 * else can have written: the file, its link, and the folders of both.
 */
import type { Stats } from 'node:fs'
import { lstat, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const ROOT_UID = 0

/** Permission bits. Source: inode(7). */
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002

/** @returns Why it is not one's own, in words that follow its name; undefined when it is. */
export async function whyForeign(file: string): Promise<string | undefined> {
  const target = await realpath(file)
  const looked = [
    { what: 'it', stats: await stat(target) },
    { what: 'its folder', stats: await stat(dirname(file)) },
    { what: 'the folder behind its link', stats: await stat(dirname(target)) },
  ]
  const link = await lstat(file)
  if (link.uid !== ROOT_UID && link.uid !== process.geteuid?.()) return 'it belongs to another user'
  for (const { what, stats } of looked) {
    const why = whyOthers(stats)
    if (why !== undefined) return `${what} ${why}`
  }
  return undefined
}

function whyOthers({ uid, gid, mode }: Stats): string | undefined {
  const own = process.geteuid?.()
  if (uid !== ROOT_UID && uid !== own) return 'belongs to another user'
  if ((mode & OTHERS_WRITE) !== 0) return 'can be written by everybody'
  // A group with the number of its only user is nobody else (login.defs(5), USERGROUPS_ENAB).
  const isPrivate = gid === ROOT_UID || (gid === own && gid === process.getegid?.())
  return (mode & GROUP_WRITE) !== 0 && !isPrivate ? 'can be written by its group' : undefined
}
