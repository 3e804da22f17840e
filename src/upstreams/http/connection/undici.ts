/**
 * The parts of undici that requests are made with. The package's own entry loads fetch, WebSocket, caches and mocks
 * as well: twice the time of a start, and 9 MB of an idle process (`bench/RESULTS.md`). Its folders are no promise of
 * undici, so where a file is not found the whole package is loaded; what comes is the same.
 */
import { createRequire } from 'node:module'
import type * as Undici from 'undici'

const load = createRequire(import.meta.url)

/** What says that a file of a package is not there, or not for others. */
const MOVED = new Set(['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'])

/** Loads one file of undici; `name` is what the package's entry calls it. */
export function undiciPart<Name extends keyof typeof Undici>(
  name: Name,
  file: string,
): (typeof Undici)[Name] {
  return loadOr(`undici/lib/${file}`, () => load('undici')[name])
}

function loadOr<T>(file: string, otherwise: () => T): T {
  try {
    return load(file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && MOVED.has(String(error.code)))) throw error
    return otherwise()
  }
}

export const Client = undiciPart('Client', 'dispatcher/client.js')
export const Pool = undiciPart('Pool', 'dispatcher/pool.js')
export const ProxyAgent = undiciPart('ProxyAgent', 'dispatcher/proxy-agent.js')
export const buildConnector = undiciPart('buildConnector', 'core/connect.js')
export const errors = undiciPart('errors', 'core/errors.js')

// As the entry does: lists are read by `request`, and tunnels are made by `connect`.
const methods = loadOr<object>('undici/lib/api/index.js', () => {
  load('undici') // adds them itself
  return {}
})
Object.assign(undiciPart('Dispatcher', 'dispatcher/dispatcher.js').prototype, methods)
