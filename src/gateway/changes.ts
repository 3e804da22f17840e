/**
 * What a reload changed, one sentence each: for the log, the admin API and `mapgate reload`.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'

export function changesBetween(before: Config, after: Config): readonly string[] {
  return [
    ...compare('listener', byName(before.listeners), byName(after.listeners)),
    ...compare('upstream', before.upstreams, after.upstreams),
    ...compare('table', before.tables, after.tables),
    ...(isDeepStrictEqual(before.admin, after.admin) ? [] : ['admin changed']),
    ...(isDeepStrictEqual(before.log, after.log) ? [] : ['log changed']),
    ...(isDeepStrictEqual(before.stop, after.stop) ? [] : ['stop changed']),
    ...(isDeepStrictEqual(before.shared, after.shared) ? [] : ['shared changed']),
    ...(before.reload === after.reload ? [] : ['reload changed']),
    ...needRestart(before, after),
  ]
}

/** Settings that are read once. */
function needRestart(before: Config, after: Config): string[] {
  const keys = ['cacheFile', 'tracing'] as const
  return keys
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => `${key} changed: it takes effect at the next start`)
}

function byName<T extends { readonly name: string }>(things: readonly T[]): ReadonlyMap<string, T> {
  return new Map(things.map((thing) => [thing.name, thing]))
}

function compare(
  what: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): string[] {
  const changes: string[] = []
  for (const [name, thing] of after) {
    if (!before.has(name)) changes.push(`${what} ${name} added`)
    else if (!isDeepStrictEqual(before.get(name), thing)) changes.push(`${what} ${name} changed`)
  }
  for (const name of before.keys()) if (!after.has(name)) changes.push(`${what} ${name} removed`)
  return changes
}
