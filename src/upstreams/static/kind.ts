/**
 * The kind `static`: entries from the configuration, as each table sees them.
 */
import { isDeepStrictEqual } from 'node:util'
import type { UpstreamKind, UpstreamSettings, UpstreamTable } from '../kind.ts'
import { passive, UnsharedUpstream } from '../unshared.ts'
import { staticConfiguration } from './configuration.ts'
import { StaticUpstream } from './static-upstream.ts'

export interface StaticSettings extends UpstreamSettings {
  /** Key to values; a key without values is not there. */
  readonly entries: ReadonlyMap<string, readonly string[]>
}

interface StaticTable extends UpstreamTable {
  readonly response: { readonly separator: string; readonly idn: 'asIs' | 'ascii' }
}

export const entries: UpstreamKind<StaticSettings, StaticTable> = {
  name: staticConfiguration.name,
  configuration: staticConfiguration,
  cached: false,
  metrics: [],
  needs: () => ({ descriptors: 0, heapBytes: 0 }),
  plan: async (settings) => new StaticEntries(entries, settings),
}

class StaticEntries extends UnsharedUpstream<StaticSettings, StaticTable> {
  isSameFor(other: unknown): boolean {
    return other instanceof StaticEntries && isDeepStrictEqual(other.settings, this.settings)
  }

  forTable({ response, foldCase }: StaticTable) {
    const { name, entries } = this.settings
    const { separator, idn } = response
    return passive(new StaticUpstream({ name, entries, separator, idn, foldCase }))
  }
}
