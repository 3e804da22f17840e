/**
 * What the user of the systemd unit may do, for root's `mapgate check`: root may read and write everything, and the service then
 * does not start.
 *
 * Only owner, group and mode are looked at, and no access control lists.
 *
 * Source: inode(7), path_resolution(7), systemd.exec(5) (User=, Group=, SupplementaryGroups=).
 */
import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { accountId } from '../core/system/account-file.ts'
import { LOAD_TIMEOUT_MS, type ReadFile, withTimeout } from './read-file.ts'
import type { ThisUser } from './this-user.ts'

/** Where an administrator changes the unit (systemctl edit mapgate). */
const DROP_INS = '/etc/systemd/system/mapgate.service.d'

/** Source: User= and Group= of packaging/systemd/mapgate.service. */
const NAME = 'mapgate'

const ROOT = 0

const READ = 4
const WRITE_AND_ENTER = 3
const ENTER = 1

interface Account {
  readonly name: string
  readonly id: number
  readonly groups: readonly number[]
}

/** The user of the unit; undefined where there is none on this machine, or it is root. */
export async function unitUser(readFile: ReadFile, dropIns = DROP_INS): Promise<ThisUser | undefined> {
  const settings = await settingsIn(dropIns, readFile)
  const name = settings.get('User')?.at(-1) ?? NAME
  const users = await readFile('/etc/passwd').catch(() => '')
  const id = accountId(users, name)
  if (id === undefined || id === ROOT) return undefined
  const groups = await readFile('/etc/group').catch(() => '')
  const named = [settings.get('Group')?.at(-1) ?? NAME, ...(settings.get('SupplementaryGroups') ?? [])]
  const own = named.flatMap((group) => accountId(groups, group) ?? [])
  return asUser({ name, id, groups: [...own, ...memberships(groups, name)] })
}

/** The values of the settings that say who runs the service, by name; an empty one takes those before it back (systemd.syntax(7)). */
async function settingsIn(folder: string, readFile: ReadFile): Promise<Map<string, string[]>> {
  const files = await readdir(folder).catch(() => [])
  const settings = new Map<string, string[]>()
  for (const file of files.filter((one) => one.endsWith('.conf')).sort()) {
    const text = await readFile(join(folder, file)).catch(() => '')
    for (const [, key = '', value = ''] of text.matchAll(
      /^(User|Group|SupplementaryGroups)[ \t]*=[ \t]*(.*)$/gm,
    ))
      settings.set(key, value === '' ? [] : [...(settings.get(key) ?? []), ...value.trim().split(/\s+/)])
  }
  return settings
}

/** The groups that name a user among their members. Source: group(5). */
function memberships(groups: string, name: string): readonly number[] {
  return groups.split('\n').flatMap((line) => {
    const [, , id, members = ''] = line.split(':')
    return members.split(',').includes(name) ? [Number(id)] : []
  })
}

function asUser({ name, id, groups }: Account): ThisUser {
  const may = (stats: Stats, bits: number): boolean => {
    const shift = stats.uid === id ? 6 : groups.includes(stats.gid) ? 3 : 0
    return ((stats.mode >> shift) & bits) === bits
  }
  const closedFolder = async (path: string): Promise<string | undefined> => {
    for (const folder of foldersTo(path)) if (!may(await stat(folder), ENTER)) return folder
    return undefined
  }
  return {
    id,
    group: groups[0],
    shown: `user ${name}`,
    runsAs: `the service runs as user ${name}`,
    mayWriteIn: (folder) =>
      looked(
        async () => (await closedFolder(folder)) === undefined && may(await stat(folder), WRITE_AND_ENTER),
        true,
      ),
    mayGiveTo: (group) => groups.includes(group),
    whyUnreadable: (path) =>
      looked(async () => {
        const closed = (await closedFolder(path)) ?? (await closedFolder(await realpath(path)))
        if (closed !== undefined) return { may: `may not look into ${closed}`, folder: closed }
        return may(await stat(path), READ) ? undefined : { may: 'may not read it' }
      }, undefined),
  }
}

/** The folders that are passed on the way to a file, from the root. */
function foldersTo(path: string): readonly string[] {
  const above = dirname(path)
  return above === path ? [] : [...foldersTo(above), above]
}

/** @param unknown Where it cannot be looked at. */
function looked<T>(look: () => Promise<T>, unknown: T): Promise<T> {
  return withTimeout(look(), AbortSignal.timeout(LOAD_TIMEOUT_MS)).catch(() => unknown)
}
