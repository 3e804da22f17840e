/**
 * Keeps what V8 has compiled of this program, so that the next start need not do it again: 22.8 and later of Node.js
 * (https://nodejs.org/api/module.html#module-compile-cache); older ones have no such thing, and start as ever.
 *
 * Who can write there can have the program run what they like, so it is no folder below /tmp: only the one that the
 * service manager has made for this service alone (`CacheDirectory=`, systemd.exec(5)).
 */
import module from 'node:module'
import { join } from 'node:path'

/** What the types of Node.js 20 do not have. */
interface CompileCache {
  readonly enableCompileCache?: (folder: string) => unknown
  readonly flushCompileCache?: () => void
}

const { enableCompileCache, flushCompileCache }: CompileCache = module as CompileCache

/** To be called before what it shall keep is loaded. One that cannot be used is none: a start does not fail by it. */
export function useCompileCache(env: Readonly<Record<string, string | undefined>>): void {
  const [folder = ''] = (env.CACHE_DIRECTORY ?? '').split(':')
  if (folder !== '') enableCompileCache?.(join(folder, 'compiled'))
}

/** Writes what has been compiled: a process that is killed would leave nothing to its successor. */
export function keepCompiled(): void {
  flushCompileCache?.()
}
