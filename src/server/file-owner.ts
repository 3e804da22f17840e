/**
 * User and group names of a socket file, and how they are set.
 *
 * Names are looked up in /etc/passwd and /etc/group, as they were written by the machine's
 * administrator; for users of a directory service give the number.
 * Source: passwd(5), group(5).
 */
import { chmodSync, chownSync, readFileSync } from 'node:fs'
import { accountId } from '../core/system/account-file.ts'
import { codeOf } from '../core/system/error-code.ts'
import { ListenError } from './listen-error.ts'

/** Who may use a socket file. */
export interface FileAccess {
  /** Permission bits, such as 0o660. */
  readonly mode: number
  /** A name or a number; undefined leaves the process's own. */
  readonly owner: string | undefined
  readonly group: string | undefined
}

/** Numbers for names: -1 leaves what is there, as in chown(2). */
const UNCHANGED = -1

/** Sets owner and group, then the mode, so that no wrong owner ever has the wider mode. */
export function setAccess(path: string, access: FileAccess): void {
  const uid = access.owner === undefined ? UNCHANGED : idOf(access.owner, 'owner', '/etc/passwd')
  const gid = access.group === undefined ? UNCHANGED : idOf(access.group, 'group', '/etc/group')
  try {
    if (uid !== UNCHANGED || gid !== UNCHANGED) chownSync(path, uid, gid)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error
    throw new ListenError(notPermitted(access), { cause: error })
  }
  chmodSync(path, access.mode)
}

function notPermitted({ owner, group }: FileAccess): string {
  const how =
    owner === undefined
      ? `make the user of mapgate a member of the group (usermod -aG ${group} USER) and restart it`
      : 'start mapgate as that user, or with the capability CAP_CHOWN (AmbientCapabilities= in its systemd unit)'
  const what = [owner === undefined ? '' : `owner ${owner}`, group === undefined ? '' : `group ${group}`]
  return `not permitted to give the socket file the ${what.filter(Boolean).join(' and ')}; ${how}`
}

/** The number of a user or group: the third field of its line. */
function idOf(name: string, what: 'owner' | 'group', file: string): number {
  if (/^\d+$/.test(name)) return Number(name)
  const id = accountId(readFileSync(file, 'utf8'), name)
  if (id !== undefined) return id
  throw new ListenError(`${file} has no ${what} named "${name}"; check the name or give its number`)
}
