/**
 * Where `${credential:NAME}` is read from, for the service and for the commands of whoever looks after it.
 *
 * | who | folder |
 * | --- | --- |
 * | the service | `$CREDENTIALS_DIRECTORY`, filled by systemd when it starts (systemd.exec(5), LoadCredential=) |
 * | root's commands | what the running service has, and what it will have after a restart: `LoadCredential=secret:/etc/mapgate/secrets` makes the file `NAME` there the credential `secret_NAME` |
 */
import { join } from 'node:path'
import { codeOf } from '../core/system/error-code.ts'
import { whyUnreadable } from './read-file.ts'

/** The folders of root's commands. */
export interface CredentialFolders {
  /** Of the running service. */
  readonly running: string
  /** Of the files that become credentials at the next start. */
  readonly secrets: string
  /** Which one counts where both have it: what is in use, to ask the running gateway, or what a start would take. */
  readonly first: 'running' | 'secrets'
}

/** Source: LoadCredential=secret:/etc/mapgate/secrets in packaging/systemd/mapgate.service. */
export const PREFIX = 'secret_'

/** A credential is a plain file name. */
const NAME = /^(?!\.{1,2}$)[^/\0]+$/

const RESTART =
  'systemd gives credentials to the service when it starts: systemctl restart mapgate, a reload is not enough'

interface CredentialSources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly credentials?: CredentialFolders | undefined
  /** Rejects with an error that has a `code`. */
  readonly readFile: (path: string) => Promise<string>
}

/** Where one is, or why it cannot be read. */
type FoundCredential =
  | {
      readonly path: string
      /** Not the one that the running service has, and why. */
      readonly note?: string
    }
  | { readonly why: string }

export async function findCredential(name: string, sources: CredentialSources): Promise<FoundCredential> {
  if (!NAME.test(name)) return { why: `"${name}" is not the name of a credential` }
  const { env, credentials, readFile } = sources
  const given = env.CREDENTIALS_DIRECTORY
  if (given !== undefined && given !== '') {
    const path = join(given, name)
    const code = await readFile(path).then(() => undefined, codeOf)
    return code === 'ENOENT'
      ? {
          why: `the credential ${name} cannot be read: there is no such file in $CREDENTIALS_DIRECTORY; ${RESTART}`,
        }
      : { path }
  }
  if (credentials === undefined) return { why: notSet(name) }
  return findForRoot(name, credentials, readFile)
}

async function findForRoot(
  name: string,
  { running, secrets, first }: CredentialFolders,
  readFile: CredentialSources['readFile'],
): Promise<FoundCredential> {
  const inUse = await look(join(running, name), readFile)
  const source = name.startsWith(PREFIX) ? join(secrets, name.slice(PREFIX.length)) : undefined
  const next = source === undefined ? undefined : await look(source, readFile)
  const isRunning = await look(running, readFile).then(({ code }) => code === 'EISDIR')
  if (next?.text !== undefined && (first === 'secrets' || inUse.text === undefined)) {
    const note =
      inUse.text === next.text || !isRunning
        ? undefined
        : inUse.text === undefined
          ? `the running service does not have the credential ${name} yet: ${RESTART}`
          : `the running service still has the credential ${name} as ${next.path} was when it started: ${RESTART}`
    return note === undefined ? { path: next.path } : { path: next.path, note }
  }
  if (inUse.text !== undefined) return { path: inUse.path }
  if (next === undefined || (next.code === 'ENOENT' && inUse.code === 'ENOENT')) {
    return { why: notSet(name, next?.path) }
  }
  const [seen] = [next, inUse].filter(({ code }) => code !== 'ENOENT')
  return {
    why: `the credential ${name} cannot be read: ${seen?.path}: ${whyUnreadable(seen?.error)}; run the command as root`,
  }
}

/** @param file Where root's commands look for it, too. */
function notSet(name: string, file?: string): string {
  const why = `the credential ${name} cannot be read: $CREDENTIALS_DIRECTORY is not set`
  const start = `start with LoadCredential=${name}:PATH of systemd`
  return file === undefined ? `${why}; ${start}` : `${why}, and there is no ${file}; write it, or ${start}`
}

interface Looked {
  readonly path: string
  readonly text?: string
  readonly code?: string
  readonly error?: unknown
}

async function look(path: string, readFile: CredentialSources['readFile']): Promise<Looked> {
  try {
    return { path, text: await readFile(path) }
  } catch (error) {
    return { path, code: codeOf(error), error }
  }
}
