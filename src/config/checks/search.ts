/**
 * Settings of the search that have no effect, or not the one that was meant.
 */
import type { Path } from '../issue.ts'
import { POSTFIX_PARAMETERS } from '../postfix-parameters.ts'
import type { TableFile } from '../schema/table.ts'
import { listed } from '../values.ts'
import { type CheckContext, isWritten } from './context.ts'

/** The search of a table: its own, else that of the first parameter that is known. */
export function searchOf(table: TableFile): string {
  const parameters = listed(table.usedBy).map((use) => POSTFIX_PARAMETERS.get(use))
  return table.search ?? parameters.find((known) => known !== undefined)?.search ?? 'exact'
}

/** With which searches a key has an effect. */
const EFFECTIVE_WITH: Readonly<Record<string, readonly string[]>> = {
  searchParallel: ['address', 'transport', 'access-address', 'access-client'],
  recipientDelimiter: ['address', 'transport', 'access-address'],
  localDomains: ['address'],
  parentDomainMatchesSubdomains: ['transport', 'access-address', 'access-client'],
}

export function checkSearch(context: CheckContext, table: TableFile, path: Path): void {
  const { report } = context
  const search = searchOf(table)
  for (const [key, searches] of Object.entries(EFFECTIVE_WITH)) {
    // What stands in `defaults:` is meant for the tables that it fits.
    if (!isWritten(context, [...path, key]) || searches.includes(search)) continue
    if (isInDefaults(context, key)) continue
    report.warning([...path, key], `has no effect with search: ${search}`, 'key')
  }
  if (table.propagateExtension === true && (table.recipientDelimiter === '' || search !== 'address')) {
    report.warning(
      [...path, 'propagateExtension'],
      'has no effect without search: address and a recipientDelimiter',
      'key',
    )
  }
  for (const [index, domain] of table.localDomains.entries()) {
    if (/^[@.*]|[\s@]/.test(domain)) {
      report.error([...path, 'localDomains', index], 'is no domain; write it as in example.com')
    }
  }
}

function isInDefaults(context: CheckContext, key: string): boolean {
  return isWritten(context, ['defaults', 'table', key])
}
