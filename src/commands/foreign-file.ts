/**
 * Whether a file that nobody named may be read as one's own.
 *
 * In a folder of somebody else a `mapgate.yaml` could make root read one-line files as secrets and send
 * them, and its own token, to any address. As sshd(8) does with its files (StrictModes), only those count that nobody
 * else can have put there: the file, each link on the way to it, their folders, and the folders above those.
 */
import type { Stats } from 'node:fs'
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

const ROOT_UID = 0

/** Permission bits. Source: inode(7). */
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002
const STICKY = 0o1000

/** Most links from a name to its file. Source: path_resolution(7), as Linux has it. */
const MAX_LINKS = 40

/** @returns Why it is not one's own, in words that follow its name; undefined when it is. */
export async function whyForeign(file: string): Promise<string | undefined> {
  let name = file
  for (let links = 0; links <= MAX_LINKS; links++) {
    const folder = await realpath(dirname(name))
    const stats = await lstat(join(folder, basename(name)))
    const isLink = stats.isSymbolicLink()
    // The permission bits of a link mean nothing (symlink(7)).
    const why = isLink ? whyOwned(stats) : whyOthers(stats)
    if (why !== undefined) return `it ${why}`
    const whyFolder = await whyForeignFolder(
      folder,
      links === 0 ? 'its folder' : 'the folder behind its link',
    )
    if (whyFolder !== undefined || !isLink) return whyFolder
    name = resolve(folder, await readlink(join(folder, basename(name))))
  }
  return 'it is a link without end'
}

/** @param what The folder in words. */
async function whyForeignFolder(folder: string, what: string): Promise<string | undefined> {
  const why = whyOthers(await stat(folder))
  if (why !== undefined) return `${what} ${why}`
  for (let above = dirname(folder), below = folder; above !== below; below = above, above = dirname(above)) {
    const stats = await stat(above)
    // Where it is sticky, as /tmp, nobody can exchange what belongs to another (inode(7)).
    const whyAbove = (stats.mode & STICKY) === 0 ? whyOthers(stats) : whyOwned(stats)
    if (whyAbove !== undefined) return `${above}, above ${what}, ${whyAbove}`
  }
  return undefined
}

function whyOwned({ uid }: Pick<Stats, 'uid'>): string | undefined {
  return uid === ROOT_UID || uid === process.geteuid?.() ? undefined : 'belongs to another user'
}

function whyOthers({ uid, gid, mode }: Stats): string | undefined {
  const whose = whyOwned({ uid })
  if (whose !== undefined) return whose
  if ((mode & OTHERS_WRITE) !== 0) return 'can be written by everybody'
  // A group with the number of its only user is nobody else (login.defs(5), USERGROUPS_ENAB).
  const own = process.geteuid?.()
  const isPrivate = gid === ROOT_UID || (gid === own && gid === process.getegid?.())
  return (mode & GROUP_WRITE) !== 0 && !isPrivate ? 'can be written by its group' : undefined
}
