/**
 * Looks at a folder that an upstream keeps files of its own in, before anything opens it: whether it can be made and written, for this
 * user alone, on a disk of this machine. Nothing is made, and a disk that does not answer is not waited for.
 *
 * Source: mkdir(2), chmod(2) (only the owner may change the mode), statfs(2), access(2).
 */
import type { Stats } from 'node:fs'
import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../core/system/error-code.ts'
import { whyNotLocal } from '../core/system/local-disk.ts'
import { LOAD_TIMEOUT_MS, withTimeout } from './read-file.ts'
import { type ThisUser, thisUser } from './this-user.ts'

/** Says why such a folder cannot be used, as the end of a sentence about its path; undefined where it can, or nobody knows yet. */
export type TryFolder = (folder: string) => Promise<string | undefined>

/** Folders that systemd makes, and gives to the user of the service, when it starts it (systemd.exec(5), StateDirectory= and RuntimeDirectory=). */
const MADE_AT_START = /^(?:\/run|\/var\/run|\/var\/lib\/mapgate)(?:\/|$)/

/** User of the superuser. */
const ROOT = 0

/** Who writes. */
type Writer = Pick<ThisUser, 'id' | 'shown' | 'runsAs' | 'mayWriteIn'>

/** @param look Of tests. */
export async function whyNoOwnFolder(
  folder: string,
  user: Writer = thisUser(),
  look = whyNot,
  timeoutMs = LOAD_TIMEOUT_MS,
): Promise<string | undefined> {
  try {
    return await withTimeout(look(folder, user), AbortSignal.timeout(timeoutMs))
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ETIMEDOUT')
      return `its disk does not answer within ${timeoutMs / 1000} s; is a network mount dead?`
    if (code === 'ENOTDIR') return 'a part of its path is a file; choose another path'
    if (code === 'ELOOP') return 'its links lead in a circle; choose another path'
    if (code === 'EACCES')
      return MADE_AT_START.test(folder) ? undefined : `${user.shown} may not look into its parents; ${ADVICE}`
    return undefined
  }
}

const ADVICE = 'give the folder to the user that mapgate runs as (chown), and check as that user'

async function whyNot(folder: string, user: Writer): Promise<string | undefined> {
  const stats = await statsOf(folder)
  if (stats === undefined) return whyNotMade(folder, user)
  if (!stats.isDirectory()) return 'is no folder; choose another path'
  const why = await whyNoDisk(folder)
  if (why !== undefined || MADE_AT_START.test(folder)) return why
  if (user.id === undefined || user.id === ROOT || user.id === stats.uid) return undefined
  return `belongs to user ${stats.uid}, and ${user.runsAs}; ${ADVICE}`
}

/** Looks at the nearest parent that is there. */
async function whyNotMade(folder: string, user: Writer): Promise<string | undefined> {
  let parent = dirname(folder)
  let stats = await statsOf(parent)
  while (stats === undefined && parent !== dirname(parent)) {
    parent = dirname(parent)
    stats = await statsOf(parent)
  }
  if (stats === undefined) return undefined
  if (!stats.isDirectory()) return `${parent} is no folder; choose another path`
  const why = await whyNoDisk(parent)
  if (why !== undefined || MADE_AT_START.test(folder)) return why
  if (await user.mayWriteIn(parent)) return undefined
  return `is not there, and ${user.shown} may make nothing in ${parent}; make it, and ${ADVICE}`
}

async function whyNoDisk(folder: string): Promise<string | undefined> {
  const { type } = await statfs(folder)
  const why = whyNotLocal(type)
  if (why !== undefined) return why
  const code = await access(folder, constants.W_OK).then(() => undefined, codeOf)
  return code === 'EROFS' ? 'is on a disk that is mounted read-only; choose another path' : undefined
}

/** Undefined where there is nothing. */
function statsOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
}
