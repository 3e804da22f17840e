/**
 * Settings of the search that have no effect, or not the one that was meant.
 */
import type { Scope } from '../../schema/scope.ts'
import { searchOf } from '../build.ts'
import type { TableSettings } from '../schema/table.ts'

/** With which searches a key has an effect. */
const EFFECTIVE_WITH: Readonly<Record<string, readonly string[]>> = {
  searchParallel: ['address', 'transport', 'access-address', 'access-client'],
  recipientDelimiter: ['address', 'transport', 'access-address'],
  localDomains: ['address'],
  parentDomainMatchesSubdomains: ['transport', 'access-address', 'access-client'],
}

/** @param root Of the whole file. */
export function checkSearch(table: TableSettings, scope: Scope, root: Scope): void {
  const search = searchOf(table)
  for (const [key, searches] of Object.entries(EFFECTIVE_WITH)) {
    if (!scope.isWritten([key]) || searches.includes(search)) continue
    // What stands in `defaults:` is meant for the tables that it fits.
    if (root.isWritten(['defaults', 'table', key])) continue
    scope.warning([key], `has no effect with search: ${search}`, 'key')
  }
  if (table.propagateExtension === true && (table.recipientDelimiter === '' || search !== 'address')) {
    scope.warning(
      ['propagateExtension'],
      'has no effect without search: address and a recipientDelimiter',
      'key',
    )
  }
}
