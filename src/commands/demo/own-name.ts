/**
 * How the person at the terminal starts this program, so that printed lines work when pasted.
 */
import { realpathSync } from 'node:fs'
import { delimiter, isAbsolute, join, relative } from 'node:path'

interface Started {
  /** `process.argv[1]`: the script as Node.js was given it. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

/**
 * Tells the words that start this program from where the person stands: `mapgate` when that is
 * what PATH has, `npx mapgate` when npx started it, else `node dist/cli.js`.
 */
export function ownName({ script, env, cwd }: Started): string {
  // npm puts folders in front of PATH that the person's own shell does not have.
  if (env.npm_command === 'exec') return 'npx mapgate'
  const startedByNpm = env.npm_lifecycle_event !== undefined
  if (!startedByNpm && isOnPath(script, env.PATH ?? '')) return 'mapgate'

  // npm runs scripts in the package's folder, and keeps the folder where it was typed in INIT_CWD.
  const stands = startedByNpm ? (env.INIT_CWD ?? cwd) : cwd
  const near = relative(stands, script)
  return `node ${shellQuote(near.startsWith('..') || isAbsolute(near) ? script : near)}`
}

function isOnPath(script: string, path: string): boolean {
  const self = realpathOf(script)
  return path
    .split(delimiter)
    .some(
      (folder) => isAbsolute(folder) && self !== undefined && realpathOf(join(folder, 'mapgate')) === self,
    )
}

function realpathOf(file: string): string | undefined {
  try {
    return realpathSync(file)
  } catch {
    // Not there, or not to be seen: then it is not what the person's shell starts.
    return undefined
  }
}

/** Quotes a word for a POSIX shell where it needs that. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
