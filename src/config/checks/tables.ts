/**
 * Tables: what they ask, whether their times fit, and whether they could bounce mail.
 */

import { problem } from '../../schema/problem.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { SettingsKinds } from '../../schema/settings-kind.ts'
import { asksNetwork } from '../asks-network.ts'
import { attributesOf, knownAttributes } from '../attributes.ts'
import { searchOf } from '../build.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'
import { checkAttributes } from './attributes.ts'
import { checkCanary } from './canary.ts'
import { checkDomains } from './domains.ts'
import { isWritten } from './listeners.ts'
import { checkOutage } from './outage.ts'
import type { OwnFolders } from './own-folders.ts'
import { CHECK_PROBLEMS } from './problems.ts'
import { checkShadow } from './shadow.ts'
import { checkUsedBy } from './used-by.ts'

export function checkTables(
  file: FileSettings,
  kinds: SettingsKinds,
  root: Scope,
  folders: OwnFolders,
): void {
  const attributes = knownAttributes(kinds)
  for (const [name, table] of file.tables) {
    const hasAttributes = attributesOf(table, kinds).size > 0
    const sideEffects = table.sideEffects ?? hasAttributes
    const scope = root.within(['tables', name])
    checkUpstreamNames(table, [...file.upstreams.keys()], scope)
    for (const kind of kinds.upstreams) {
      const upstreams = upstreamsOf(file, table, kind.name, root)
      const { cacheFile } = file
      kind.checkTable?.(table, {
        scope,
        table: { ...table, sideEffects, name },
        attributes,
        upstreams,
        shadow: upstreamsOf(file, { upstream: table.shadow && [table.shadow.upstream] }, kind.name, root),
        cacheFile,
        ...folders.of(scope),
      })
    }
    checkCache(table, scope)
    checkCanary(file, table, kinds, scope)
    checkSearch(table, scope, root)
    checkAttributes(table, file, kinds, scope)
    checkShadow({ ...table, sideEffects, hasAttributes }, file.upstreams, kinds, scope)
    if (hasAttributes) continue
    const asked = {
      asksNetwork: asksNetwork(table.upstream ?? [], file.upstreams, kinds),
      isWritten: isWritten(file, table, kinds),
    }
    checkUsedBy(table, asked, scope)
    checkOutage(table, file.tables, scope)
  }
  checkDomains(file, kinds.upstreams, root.within(['tables']))
}

/** The upstreams of one kind that a table asks. */
function upstreamsOf(
  file: FileSettings,
  { upstream = [] }: Pick<TableSettings, 'upstream'>,
  kind: string,
  root: Scope,
) {
  const found = upstream.flatMap((name) => {
    const settings = file.upstreams.get(name)
    const scope = root.within(['upstreams', name])
    return settings?.kind === kind ? [[name, { settings, scope }] as const] : []
  })
  return new Map(found)
}

function checkUpstreamNames({ upstream }: TableSettings, known: readonly string[], scope: Scope): void {
  if (upstream === undefined) {
    scope.error([], problem(CHECK_PROBLEMS, 'upstream-missing'))
    return
  }
  for (const [index, name] of upstream.entries()) {
    const at = scope.isWritten(['upstream', index]) ? ['upstream', index] : ['upstream']
    if (upstream.indexOf(name) === index) checkName(scope, at, 'upstream', name, known)
    else if (known.includes(name))
      scope.error(at, problem(CHECK_PROBLEMS, 'upstream-twice', scope.show(at, name)))
  }
}

function checkCache({ cache, cacheBy, sideEffects }: TableSettings, scope: Scope): void {
  if (cache === undefined) return
  if (cache.minTtlMs > cache.maxTtlMs) {
    const key = scope.isWritten(['cache', 'minTtl']) ? 'minTtl' : 'maxTtl'
    scope.error(
      ['cache', key],
      problem(
        CHECK_PROBLEMS,
        'ttl-bounds-crossed',
        scope.textAt(['cache', 'minTtl']),
        scope.textAt(['cache', 'maxTtl']),
      ),
    )
  }
  if (!cache.honorCacheControl) {
    for (const key of ['minTtl', 'maxTtl']) {
      if (!scope.isWritten(['cache', key])) continue
      scope.warning(['cache', key], problem(CHECK_PROBLEMS, 'ttl-bounds-without-use'), 'key')
    }
  }
  if (sideEffects && cacheBy === undefined && scope.isWritten(['cache'])) {
    scope.warning(['cache'], problem(CHECK_PROBLEMS, 'cache-with-side-effects'))
  }
}

/** With which searches a key has an effect. */
const EFFECTIVE_WITH: Readonly<Record<string, readonly string[]>> = {
  searchParallel: ['address', 'transport', 'access-address', 'access-client'],
  recipientDelimiter: ['address', 'transport', 'access-address'],
  localDomains: ['address'],
  parentDomainMatchesSubdomains: ['transport', 'access-address', 'access-client'],
}

/**
 * Settings of the search that have no effect, or not the one that was meant.
 *
 * @param root Of the whole file.
 */
function checkSearch(table: TableSettings, scope: Scope, root: Scope): void {
  const search = searchOf(table)
  for (const [key, searches] of Object.entries(EFFECTIVE_WITH)) {
    if (!scope.isWritten([key]) || searches.includes(search)) continue
    // What is in `defaults:` is meant for the tables that it fits.
    if (root.isWritten(['defaults', 'table', key])) continue
    scope.warning([key], problem(CHECK_PROBLEMS, 'search-setting-without-use', search), 'key')
  }
  if (table.propagateExtension === true && (table.recipientDelimiter === '' || search !== 'address')) {
    scope.warning(['propagateExtension'], problem(CHECK_PROBLEMS, 'extension-without-search'), 'key')
  }
}
