/**
 * What `mapgate main-cf` says in comments, as warnings: what Postfix could not ask as the configuration stands.
 */
import type { Config } from '../../config/config.ts'
import type { Advice } from '../../config/load.ts'
import type { Kinds } from '../kinds.ts'
import { exclusiveParameters } from './parameters.ts'
import { isUnserved, unservedText, usesOf } from './uses.ts'

export function mainCfAdvice(config: Config, kinds: Kinds): readonly Advice[] {
  if (config.listeners.some(({ protocol }) => !kinds.protocols.has(protocol))) return []
  const uses = usesOf(config, kinds)
  const asked = new Set(
    Array.from(config.tables.values(), ({ domains }) => (domains?.kind === 'table' ? domains.table : '')),
  )
  return [
    ...exclusiveParameters(uses).map((text) => ({ path: ['listeners'], text })),
    // A table of domains is asked by other tables.
    ...uses
      .filter((use) => isUnserved(use) && !asked.has(use.table))
      .map((use) => ({ path: ['tables', use.table], text: unservedText(use) })),
  ]
}
