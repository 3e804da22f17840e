/**
 * The rest: what can be tried before it is taken over (files, users, groups), and the log.
 */
import { resolve } from 'node:path'
import type { Path } from '../issue.ts'
import type { ReadFile } from '../read-file.ts'
import type { CheckContext } from './context.ts'
import { type SocketAccess, trySocketAccess } from './socket-access.ts'
import { type TlsPart, tryTlsFiles } from './tls-files.ts'

/** @param folder Where relative paths start. */
export async function checkProgram(context: CheckContext, folder: string, readFile: ReadFile): Promise<void> {
  const { file, report } = context
  if (file.log.keys === 'hash' && file.log.hashKey === undefined) {
    report.error(
      ['log', 'keys'],
      'hash needs "hashKey", a secret text; add it, so that nobody can guess the addresses',
    )
  }
  for (const [path, tls] of tlsSections(context)) {
    const files = {
      ca: inFolder(folder, tls.ca),
      cert: inFolder(folder, tls.cert),
      key: inFolder(folder, tls.key),
    }
    for (const { part, what, level } of await tryTlsFiles(files, readFile, Date.now())) {
      const at = [...path, part]
      report[level](at, `the file ${context.show(at, tls[part] ?? '')} ${what}`)
    }
  }
  for (const [path, access] of socketSections(context)) {
    for (const { key, what, level } of await trySocketAccess(access, readFile)) {
      const at = [...path, key]
      report[level](at, `${context.show(at, access[key] ?? '')}: ${what}`)
    }
  }
}

type TlsFiles = Readonly<Partial<Record<TlsPart, string | undefined>>>

function inFolder(folder: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : resolve(folder, name)
}

/** Every `tls:` section, and where it stands. */
function tlsSections({ file }: CheckContext): readonly (readonly [Path, TlsFiles])[] {
  const sections: [Path, TlsFiles][] = []
  if (file.admin?.tls !== undefined) sections.push([['admin', 'tls'], file.admin.tls])
  for (const [name, { tls }] of Object.entries(file.upstreams)) {
    if (tls !== undefined) sections.push([['upstreams', name, 'tls'], tls])
  }
  return sections
}

/** Every section that listens on a unix socket. */
function socketSections({ file }: CheckContext): readonly (readonly [Path, SocketAccess])[] {
  const sections: [Path, SocketAccess & { readonly listen: string }][] = file.listeners.map(
    (listener, index) => [['listeners', index], listener],
  )
  if (file.admin !== undefined) sections.push([['admin'], file.admin])
  return sections.filter(([, { listen }]) => listen.startsWith('unix:'))
}
