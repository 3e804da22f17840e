/**
 * Tables: what they ask, whether their times fit, and whether they could bounce mail.
 */
import type { Path } from '../issue.ts'
import type { TableFile } from '../schema/table.ts'
import { didYouMean } from '../suggest.ts'
import { listed, ms } from '../values.ts'
import { type CheckContext, isWritten } from './context.ts'
import { checkDomains } from './domains.ts'
import { checkBatch, checkRequest, checkResponse } from './requests.ts'
import { checkSearch } from './search.ts'
import { checkUsedBy } from './used-by.ts'

export function checkTables(context: CheckContext): void {
  for (const [name, table] of Object.entries(context.file.tables)) {
    const path = ['tables', name]
    checkUpstreamNames(context, table, path)
    if (table.request !== undefined) checkRequest(context, table.request, [...path, 'request'])
    if (table.batch !== undefined) checkBatch(context, table.batch, [...path, 'batch'])
    checkResponse(context, table, path)
    checkTimes(context, table, path)
    checkCache(context, table, path)
    checkSearch(context, table, path)
    checkUsedBy(context, table, path)
  }
  checkDomains(context)
}

/** Names of the HTTP upstreams that a table asks. */
export function httpUpstreams(context: CheckContext, table: TableFile): readonly string[] {
  return listed(table.upstream ?? []).filter((name) => context.file.upstreams[name]?.endpoints !== undefined)
}

function checkUpstreamNames(context: CheckContext, table: TableFile, path: Path): void {
  const { report, file } = context
  const at = [...path, 'upstream']
  if (table.upstream === undefined) {
    report.error(path, '"upstream" is missing; add the name of an upstream, or a list of names')
    return
  }
  const names = Object.keys(file.upstreams)
  const asked = listed(table.upstream)
  for (const [index, name] of asked.entries()) {
    const place = typeof table.upstream === 'string' ? at : [...at, index]
    if (!names.includes(name)) {
      report.error(place, `there is no upstream ${context.show(place, name)}; ${didYouMean(name, names)}`)
    } else if (asked.indexOf(name) < index) {
      report.error(place, `${context.show(place, name)} stands in the list twice; remove one`)
    }
  }
  const [http] = httpUpstreams(context, table)
  if (http !== undefined && table.request?.path === undefined) {
    const place = table.request === undefined ? path : [...path, 'request']
    report.error(
      place,
      `"request.path" is missing, and upstream "${http}" is an HTTP service; add it, such as /${path[1]}/{key}`,
    )
  }
}

function checkTimes(context: CheckContext, table: TableFile, path: Path): void {
  for (const name of httpUpstreams(context, table)) {
    const timeout = context.file.upstreams[name]?.timeout
    if (timeout === undefined || ms(timeout) <= ms(table.deadline)) continue
    const at = isWritten(context, [...path, 'deadline']) ? [...path, 'deadline'] : path
    context.report.warning(
      at,
      `the deadline, ${table.deadline}, is shorter than the timeout of upstream "${name}", ${timeout}, so one slow attempt takes all the time; lower that timeout`,
    )
  }
}

function checkCache(context: CheckContext, table: TableFile, path: Path): void {
  const { report } = context
  const { cache, canary } = table
  if (cache !== 'off' && ms(cache.minTtl) > ms(cache.maxTtl)) {
    report.error(
      isWritten(context, [...path, 'cache', 'minTtl'])
        ? [...path, 'cache', 'minTtl']
        : [...path, 'cache', 'maxTtl'],
      `minTtl, ${cache.minTtl}, is above maxTtl, ${cache.maxTtl}; lower it or raise maxTtl`,
    )
  }
  if (cache !== 'off' && !cache.honorCacheControl) {
    for (const key of ['minTtl', 'maxTtl']) {
      if (!isWritten(context, [...path, 'cache', key])) continue
      report.warning([...path, 'cache', key], 'has no effect without honorCacheControl: true', 'key')
    }
  }
  if (table.sideEffects && cache !== 'off' && isWritten(context, [...path, 'cache'])) {
    report.warning(
      [...path, 'cache'],
      'has no effect with sideEffects: true, where nothing is stored; write cache: off',
    )
  }
  if (table.sideEffects && table.batch !== undefined) {
    report.error(
      [...path, 'batch'],
      'cannot be used with sideEffects: true, where each lookup is one request; remove one',
    )
  }
  // Where an upstream is missing or unknown, that is the mistake, and nobody knows what it would be.
  const upstreams = listed(table.upstream ?? [])
  const allKnown =
    upstreams.length > 0 && upstreams.every((name) => Object.hasOwn(context.file.upstreams, name))
  if (canary !== undefined && allKnown && httpUpstreams(context, table).length === 0) {
    report.warning([...path, 'canary'], 'has no effect: no upstream of this table is an HTTP service')
  }
}
