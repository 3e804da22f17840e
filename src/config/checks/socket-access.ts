/**
 * Where the file of a unix socket goes, and who may use it: its folder, owner and group must be there.
 */
import { dirname } from 'node:path'
import { accountId } from '../../core/system/account-file.ts'
import type { LookAtPath, ReadFile } from '../read-file.ts'

/** What a section with a unix socket says. */
interface SocketAccess {
  /** Path of the socket. */
  readonly path: string
  readonly owner?: string | undefined
  readonly group?: string | undefined
  readonly mode: number
}

interface AccessFinding {
  readonly key: 'listen' | 'owner' | 'group' | 'mode'
  readonly what: string
  readonly level: 'error' | 'warning'
}

/** Where names of users and groups come from. */
const ACCOUNT_FILES = { owner: '/etc/passwd', group: '/etc/group' } as const

/** Largest number of a user or group. Source: chown(2), where 2^32 - 1 is -1 and means "as it is". */
const MAX_ACCOUNT_ID = 4_294_967_294

/** Write permission of anybody, which connecting needs (unix(7)). */
const WRITE_BITS = 0o222

/** Folders that systemd makes when it starts a service (systemd.exec(5), RuntimeDirectory= and StateDirectory=). */
const MADE_AT_START = /^(?:\/run|\/var\/run|\/var\/lib\/mapgate)(?:\/|$)/

/** Tries folder and names. A file of names that cannot be read says nothing about them. */
export async function trySocketAccess(
  access: SocketAccess,
  readFile: ReadFile,
  lookAt: LookAtPath,
): Promise<AccessFinding[]> {
  const findings: AccessFinding[] = []
  const noFolder = await whyNoFolder(access.path, lookAt)
  if (noFolder !== undefined) findings.push({ key: 'listen', what: noFolder, level: 'error' })
  if ((await lookAt(access.path)) === 'file')
    findings.push({ key: 'listen', what: 'is a file and not a socket; choose another path', level: 'error' })
  for (const key of ['owner', 'group'] as const) {
    const name = access[key]
    const what = name === undefined ? undefined : await whyNoAccount(key, name, readFile)
    if (what !== undefined) findings.push({ key, what, level: 'error' })
  }
  if ((access.mode & WRITE_BITS) === 0) {
    findings.push({ key: 'mode', what: 'lets nobody connect: that needs write permission', level: 'warning' })
  }
  return findings
}

/** Why nothing can be made at a path; undefined where it can, or nobody knows yet. */
export async function whyNoFolder(path: string, lookAt: LookAtPath): Promise<string | undefined> {
  const folder = dirname(path)
  if (MADE_AT_START.test(folder)) return undefined
  const kind = await lookAt(folder)
  if (kind === 'missing') return `there is no folder ${folder}; create it`
  return kind === 'file' || kind === 'other' ? `${folder} is not a folder; choose another path` : undefined
}

async function whyNoAccount(
  key: 'owner' | 'group',
  name: string,
  readFile: ReadFile,
): Promise<string | undefined> {
  if (/^\d+$/.test(name)) {
    return Number(name) > MAX_ACCOUNT_ID ? `the largest number is ${MAX_ACCOUNT_ID}; check it` : undefined
  }
  const text = await readFile(ACCOUNT_FILES[key]).catch(() => undefined)
  if (text === undefined || accountId(text, name) !== undefined) return undefined
  return `${ACCOUNT_FILES[key]} has no ${key} of this name; check it, or give its number`
}
