/** What is to be forgotten, and the question before it. Pure. */
import type { TableStatus } from '../../core/status.ts'
import { count, quoted } from '../../presentation/format.ts'

export type Purge = { readonly kind: 'all' } | { readonly kind: 'key' | 'domain'; readonly value: string }

/** @returns undefined when a key or a domain is wanted and none is given: nothing is ever stored for an empty key. */
export function purgeOf(kind: string, value: string): Purge | undefined {
  if (kind === 'key') return value === '' ? undefined : { kind, value }
  if (kind === 'domain') {
    const domain = value.trim().replace(/^@/, '')
    return domain === '' ? undefined : { kind, value: domain }
  }
  return { kind: 'all' }
}

export function purgeQuestion(
  { name, cache }: Pick<TableStatus, 'name' | 'cache'>,
  purge: Purge,
): { question: string; effect: string } {
  const effect =
    'The next lookup asks the service. While the service does not answer, a forgotten answer cannot stand in for it.'
  switch (purge.kind) {
    case 'key':
      return { question: `Forget the stored answer of ${quoted(purge.value)} in table ${name}.`, effect }
    case 'domain':
      return {
        question: `Forget the stored answer of every key in ${quoted(purge.value)}, in table ${name}.`,
        effect,
      }
    case 'all': {
      const { foundEntries = 0, negativeEntries = 0 } = cache ?? {}
      const what = `${count(foundEntries)} found and ${count(negativeEntries)} not found`
      return { question: `Forget every stored answer of table ${name}: ${what}.`, effect }
    }
  }
}
