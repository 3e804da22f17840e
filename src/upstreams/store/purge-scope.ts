/**
 * Which entries of a table a purge means. Keys are kept in the case in which they were written; domains have none.
 */
import type { StorePurge } from '../../core/store/store.ts'

export function isMeantBy(what: Exclude<StorePurge, { kind: 'key' }>): (key: string) => boolean {
  if (what.kind === 'all') return () => true
  const domain = what.domain.toLowerCase()
  return (key) => key.toLowerCase().slice(key.lastIndexOf('@') + 1) === domain
}
