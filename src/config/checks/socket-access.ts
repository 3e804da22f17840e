/**
 * Where the file of a unix socket goes, and who may use it: its folder, owner and group must be there.
 */
import { basename, dirname } from 'node:path'
import { accountId } from '../../core/system/account-file.ts'
import type { LookAtPath, ReadFile } from '../read-file.ts'
import type { ThisUser } from '../this-user.ts'

/** What a section with a unix socket says. */
interface SocketAccess {
  /** Path of the socket. */
  readonly path: string
  readonly owner?: string | undefined
  readonly group?: string | undefined
  readonly mode: number
  /** Postfix connects to it. */
  readonly isForPostfix: boolean
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

/** The same of the group or of others. */
const OTHERS_WRITE_BITS = 0o022

/** The same of the group alone. */
const GROUP_WRITE_BIT = 0o020

/** The user that Postfix asks as, by default, and the one group that its daemons keep (Postfix, set_ugid.c). */
const POSTFIX = 'postfix'

/** The folder of Postfix's own sockets in `queue_directory`. */
const PRIVATE = 'private'

/** Folders that systemd makes when it starts a service (systemd.exec(5), RuntimeDirectory= and StateDirectory=). */
export const MADE_AT_START = /^(?:\/run|\/var\/run|\/var\/lib\/mapgate)(?:\/|$)/

/** Tries folder and names. A file of names that cannot be read says nothing about them. */
export async function trySocketAccess(
  access: SocketAccess,
  readFile: ReadFile,
  lookAt: LookAtPath,
  user: ThisUser,
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
  const hasFolder = noFolder === undefined && !MADE_AT_START.test(dirname(access.path))
  if (hasFolder && !(await user.mayWriteIn(dirname(access.path))))
    findings.push({
      key: 'listen',
      what: `${user.shown} may make nothing in ${dirname(access.path)}; give the folder to the user that mapgate runs as (chown), and check as that user`,
      level: 'warning',
    })
  if (access.isForPostfix) findings.push(...(await postfixFindings(access, readFile, user)))
  return findings
}

/** What keeps Postfix out, or mapgate from letting it in. */
async function postfixFindings(
  { path, owner, group, mode }: SocketAccess,
  readFile: ReadFile,
  user: ThisUser,
): Promise<AccessFinding[]> {
  const findings: AccessFinding[] = []
  if (basename(dirname(path)) === PRIVATE)
    findings.push({
      key: 'listen',
      what: `is in the folder of Postfix's own sockets, which only Postfix may open; use a folder beside it, such as ${dirname(dirname(path))}/mapgate`,
      level: 'warning',
    })
  const onlyOwner = (mode & WRITE_BITS) !== 0 && (mode & OTHERS_WRITE_BITS) === 0
  if (onlyOwner && owner === undefined && !(await isPostfix(user, readFile)))
    findings.push({
      key: 'mode',
      what: 'lets only the user of mapgate connect, and Postfix asks as the user postfix; write mode: "0660" and group: postfix',
      level: 'warning',
    })
  const groupId = group === undefined ? undefined : await idOf('group', group, readFile)
  const onlyGroup = (mode & OTHERS_WRITE_BITS) === GROUP_WRITE_BIT
  if (onlyGroup && owner === undefined && (await isAnotherGroup(groupId ?? user.group, user, readFile)))
    findings.push({
      key: group === undefined ? 'mode' : 'group',
      what: `lets the group ${group ?? 'of mapgate'} connect, and the daemons of Postfix have no group but postfix; write group: postfix`,
      level: 'warning',
    })
  if (groupId !== undefined && !user.mayGiveTo(groupId))
    findings.push({
      key: 'group',
      what: `${user.shown} is no member of this group, so it cannot give the socket to it; run: usermod -aG ${group} mapgate, restart mapgate, and check as its user`,
      level: 'warning',
    })
  return findings
}

/** Returns whether a group is not that of Postfix; false where Postfix is not here, or nobody knows. */
async function isAnotherGroup(
  group: number | undefined,
  user: ThisUser,
  readFile: ReadFile,
): Promise<boolean> {
  const postfix = await idOf('group', POSTFIX, readFile)
  return (
    group !== undefined && postfix !== undefined && group !== postfix && !(await isPostfix(user, readFile))
  )
}

async function isPostfix({ id }: ThisUser, readFile: ReadFile): Promise<boolean> {
  return id !== undefined && id === (await idOf('owner', POSTFIX, readFile))
}

async function idOf(key: 'owner' | 'group', name: string, readFile: ReadFile): Promise<number | undefined> {
  if (/^\d+$/.test(name)) return Number(name)
  const text = await readFile(ACCOUNT_FILES[key]).catch(() => '')
  return accountId(text, name)
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
