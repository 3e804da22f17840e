/**
 * The rest: files that must be readable, and the log.
 */
import { resolve } from 'node:path'
import type { Path } from '../issue.ts'
import { whyUnreadable } from '../read-file.ts'
import type { CheckContext } from './context.ts'

/** @param folder Where relative paths start. */
export async function checkProgram(
  context: CheckContext,
  folder: string,
  readFile: (path: string) => Promise<string>,
): Promise<void> {
  const { file, report } = context
  if (file.log.keys === 'hash' && file.log.hashKey === undefined) {
    report.error(
      ['log', 'keys'],
      'hash needs "hashKey", a secret text; add it, so that nobody can guess the addresses',
    )
  }
  for (const [path, name] of tlsFiles(context)) {
    try {
      await readFile(resolve(folder, name))
    } catch (error) {
      report.error(path, `the file ${context.show(path, name)} cannot be read: ${whyUnreadable(error)}`)
    }
  }
}

/** Certificates and keys: without them there is no connection, so a wrong path is told at once. */
function tlsFiles({ file }: CheckContext): readonly (readonly [Path, string])[] {
  const files: [Path, string][] = []
  const add = (path: Path, tls: Readonly<Record<string, string | undefined>> | undefined): void => {
    for (const key of ['ca', 'cert', 'key']) {
      const name = tls?.[key]
      if (name !== undefined) files.push([[...path, 'tls', key], name])
    }
  }
  add(['admin'], file.admin?.tls)
  for (const [name, upstream] of Object.entries(file.upstreams)) add(['upstreams', name], upstream.tls)
  return files
}
