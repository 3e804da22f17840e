/**
 * What the user that runs this, or the one of the unit (unit-user.ts), may do with the sockets and files of a configuration.
 *
 * Source: access(2), chown(2) (a file may be given to a group of one's own).
 */
import { access, constants } from 'node:fs/promises'
import { codeOf } from '../core/system/error-code.ts'
import { LOAD_TIMEOUT_MS, withTimeout } from './read-file.ts'

/** User of the superuser, who may do all of it. */
const ROOT = 0

export interface ThisUser {
  /** Undefined on a system without. */
  readonly id: number | undefined
  /** The group that its files get; undefined where nobody knows. */
  readonly group: number | undefined
  /** Begins a sentence about what it may not do. */
  readonly shown: string
  /** That this is the user that counts, as a part of a sentence. */
  readonly runsAs: string
  /** Returns whether files can be made in a folder; true where nobody knows. */
  mayWriteIn(folder: string): Promise<boolean>
  /** Returns whether files can be given to a group. */
  mayGiveTo(group: number): boolean
  /** What keeps this user from a file that was read as another one; undefined where nothing does, or nobody knows. */
  whyUnreadable?(path: string): Promise<Unreadable | undefined>
}

export interface Unreadable {
  /** `may not read it`. */
  readonly may: string
  /** The folder that is closed, where it is not the file itself. */
  readonly folder?: string
}

/** For a configuration that is not used here: nothing is said about who may do what. */
export const ANY_USER: ThisUser = {
  id: undefined,
  group: undefined,
  shown: 'this user',
  runsAs: 'this is another user',
  mayWriteIn: async () => true,
  mayGiveTo: () => true,
}

export function thisUser(): ThisUser {
  const id = process.getuid?.()
  const group = process.getgid?.()
  const groups = [group, ...(process.getgroups?.() ?? [])]
  return {
    id,
    group,
    shown: `user ${id}`,
    runsAs: `this is user ${id}`,
    mayWriteIn: (folder) =>
      withTimeout(access(folder, constants.W_OK | constants.X_OK), AbortSignal.timeout(LOAD_TIMEOUT_MS)).then(
        () => true,
        (error: unknown) => codeOf(error) !== 'EACCES',
      ),
    mayGiveTo: (group) => id === undefined || id === ROOT || groups.includes(group),
  }
}
