/**
 * The rest: what can be tried before it is taken over (files, users, groups), and the log.
 */

import { dirname, resolve } from 'node:path'
import { isLoopback } from '../../core/system/network-list.ts'
import { branchFor } from '../../schema/decode.ts'
import type { SchemaNode } from '../../schema/node.ts'
import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import { listOf } from '../../schema/suggest.ts'
import { isMap, type Path, type Tree, type TreeMap } from '../../schema/tree.ts'
import type { LookAtPath, ReadFile } from '../read-file.ts'
import type { FileSettings } from '../schema/file.ts'
import type { ThisUser } from '../this-user.ts'
import { CHECK_PROBLEMS } from './problems.ts'
import { MADE_AT_START, trySocketAccess, whyNoFolder } from './socket-access.ts'
import { type TlsPart, tryTlsFiles } from './tls-files.ts'

export function checkLog({ keys, hashKey }: FileSettings['log'], scope: Scope): void {
  if (keys === 'hash' && hashKey === undefined) {
    scope.error(['keys'], problem(CHECK_PROBLEMS, 'log-without-hash-key'))
  }
}

/** What contradicts itself about the store that gateways share. */
export function checkShared(shared: FileSettings['shared'], scope: Scope): void {
  if (shared === undefined) return
  const { url, cluster, sentinel, username, password, tls } = shared
  const places = (['url', 'cluster', 'sentinel'] as const).filter((place) => shared[place] !== undefined)
  if (places.length !== 1) {
    const which =
      '"url" for one server, "cluster" for nodes of a cluster, or "sentinel" for sentinels that know the primary'
    if (places.length === 0) scope.error([], problem(CHECK_PROBLEMS, 'shared-without-place', which))
    else
      scope.error(
        [],
        problem(
          CHECK_PROBLEMS,
          'shared-with-places',
          listOf(
            places.map((place) => `"${place}"`),
            'and',
          ),
          which,
        ),
      )
    return
  }
  const addresses = [...(url === undefined ? [] : [url]), ...(cluster ?? []), ...(sentinel?.servers ?? [])]
  const [place = 'url'] = places
  const at = place === 'sentinel' ? [place, 'servers'] : [place]
  const withTls = addresses.filter((address) => address.kind === 'inet' && address.tls)
  if (withTls.length > 0 && withTls.length < addresses.length)
    scope.error(at, problem(CHECK_PROBLEMS, 'shared-mixes-tls'))
  if (tls !== undefined && withTls.length === 0)
    scope.error(['tls'], problem(CHECK_PROBLEMS, 'shared-tls-without-use', place))
  if (username !== undefined && password === undefined)
    scope.error(['username'], problem(CHECK_PROBLEMS, 'shared-without-password'))
  if (sentinel?.username !== undefined && sentinel.password === undefined)
    scope.error(['sentinel', 'username'], problem(CHECK_PROBLEMS, 'shared-without-password'))
  const isPlain = addresses.some((one) => one.kind === 'inet' && !one.tls && !isLoopback(one.host))
  if (isPlain && (password !== undefined || sentinel?.password !== undefined))
    scope.warning(at, problem(CHECK_PROBLEMS, 'shared-in-the-clear'))
}

/** How the files that a section names are read. */
interface NamedFiles {
  /** Where relative paths start. */
  readonly folder: string
  readonly readFile: ReadFile
  /** Why the service cannot read a file that this user can. */
  readonly whyClosed: (path: string) => Promise<string | undefined>
}

/** Tries certificates and keys, in every section that names some. */
export async function checkFiles(
  file: Tree,
  schema: SchemaNode,
  scope: Scope,
  { folder, readFile, whyClosed }: NamedFiles,
): Promise<void> {
  for (const [path, section] of fileSections(file, schema, [])) {
    const named = (part: TlsPart) => {
      const name = section[part]
      return typeof name === 'string' ? resolve(folder, name) : undefined
    }
    const files = { ca: named('ca'), cert: named('cert'), key: named('key') }
    for (const { part, what, level } of await tryTlsFiles(files, readFile, Date.now())) {
      const at = [...path, part]
      const shown = scope.show(at, String(section[part] ?? ''))
      scope[level](at, problem(CHECK_PROBLEMS, 'tls-file-unusable', shown, what))
    }
    for (const [part, name] of Object.entries(files)) {
      const why = name === undefined ? undefined : await whyClosed(name)
      const at = [...path, part]
      const shown = scope.show(at, String(section[part] ?? ''))
      if (why !== undefined) scope.warning(at, problem(CHECK_PROBLEMS, 'file-closed', shown, why))
    }
  }
}

/** Every map that has a file to read by its schema, and where it is. */
function fileSections(value: Tree, schema: SchemaNode, path: Path): readonly (readonly [Path, TreeMap])[] {
  const { items, properties = {}, additionalProperties } = branchFor(value, schema)
  if (Array.isArray(value)) {
    if (items === undefined) return []
    return value.flatMap((item, index) => fileSections(item, items, [...path, index]))
  }
  if (!isMap(value)) return []
  if (Object.values(properties).some(({ file }) => file === 'read')) return [[path, value]]
  return Object.entries(value).flatMap(([key, item]) => {
    const part = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    return typeof part === 'object' ? fileSections(item, part, [...path, key]) : []
  })
}

/**
 * The cache file is beside the mail path: what is wrong with it is no reason not to start. But it is written, and what
 * is no cache file is set aside: neither may happen to another file.
 *
 * @param others Absolute paths that mean something else.
 */
export async function checkCacheFile(
  path: string | undefined,
  scope: Scope,
  { lookAt, user }: { readonly lookAt: LookAtPath; readonly user: ThisUser },
  others: Iterable<string>,
): Promise<void> {
  if (path === undefined) return
  for (const other of others) {
    if (other !== path) continue
    scope.error([], problem(CHECK_PROBLEMS, 'cache-file-taken', scope.show([], scope.textAt([]))))
    return
  }
  const kind = await lookAt(path)
  const why =
    kind === 'folder'
      ? 'is a folder; name a file in it'
      : kind === 'other'
        ? 'is a pipe, a socket or a device; name a file'
        : ((await whyNoFolder(path, lookAt)) ?? (await whyNotWritten(path, user)))
  if (why !== undefined)
    scope.warning([], problem(CHECK_PROBLEMS, 'cache-file-unusable', scope.show([], scope.textAt([])), why))
}

async function whyNotWritten(path: string, { shown, mayWriteIn }: ThisUser): Promise<string | undefined> {
  const folder = dirname(path)
  if (MADE_AT_START.test(folder) || (await mayWriteIn(folder))) return undefined
  return `${shown} may make nothing in ${folder}; give the folder to the user that mapgate runs as (chown), or use /var/lib/mapgate`
}

/** Folder, owner, group and mode of every unix socket. */
export async function checkSocketAccess(
  { listeners, admin }: FileSettings,
  scope: Scope,
  readFile: ReadFile,
  lookAt: LookAtPath,
  user: ThisUser,
): Promise<void> {
  const sections = listeners.map((listener, index) => [['listeners', index], listener] as const)
  for (const [path, access] of admin === undefined ? sections : [...sections, [['admin'], admin] as const]) {
    const { address } = access.listen
    if (address.kind !== 'unix') continue
    const own = scope.within(path)
    for (const { key, what, level } of await trySocketAccess(
      { ...access, path: address.path, isForPostfix: access !== admin },
      readFile,
      lookAt,
      user,
    )) {
      own[level]([key], problem(CHECK_PROBLEMS, 'socket-unusable', own.show([key], own.textAt([key])), what))
    }
  }
}
