/**
 * Who may use the file of a unix socket: owner and group must be there.
 */
import { accountId } from '../../core/account-file.ts'
import type { ReadFile } from '../read-file.ts'

/** What a section with a unix socket says. */
export interface SocketAccess {
  readonly owner?: string | undefined
  readonly group?: string | undefined
  readonly mode: number
}

export interface AccessFinding {
  readonly key: 'owner' | 'group' | 'mode'
  readonly what: string
  readonly level: 'error' | 'warning'
}

/** Where names of users and groups come from. */
const ACCOUNT_FILES = { owner: '/etc/passwd', group: '/etc/group' } as const

/** Write permission of anybody, which connecting needs (unix(7)). */
const WRITE_BITS = 0o222

/** Tries the names. A file of names that cannot be read says nothing about them. */
export async function trySocketAccess(access: SocketAccess, readFile: ReadFile): Promise<AccessFinding[]> {
  const findings: AccessFinding[] = []
  for (const key of ['owner', 'group'] as const) {
    const name = access[key]
    if (name === undefined || /^\d+$/.test(name)) continue
    const text = await readFile(ACCOUNT_FILES[key]).catch(() => undefined)
    if (text === undefined || accountId(text, name) !== undefined) continue
    const what = `${ACCOUNT_FILES[key]} has no ${key} of this name; check it, or give its number`
    findings.push({ key, what, level: 'error' })
  }
  if ((access.mode & WRITE_BITS) === 0) {
    findings.push({ key: 'mode', what: 'lets nobody connect: that needs write permission', level: 'warning' })
  }
  return findings
}
