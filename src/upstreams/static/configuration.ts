/**
 * Static entries in the configuration.
 */

import { comparableAddress } from '../../core/key/idn.ts'
import { whyNoValue } from '../../core/value/value-text.ts'
import { type ProblemCatalogue, problem } from '../../schema/problem.ts'
import { type Schema, Type } from '../../schema/schema.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { oneOrMore } from '../../schema/values.ts'

const Entries: Schema<unknown, ReadonlyMap<string, readonly string[]>> = Type.Unsafe({
  type: 'object',
  additionalProperties: oneOrMore(),
  description:
    'A static upstream instead of an HTTP service: values by key. For break-glass entries and tests. No other key of this section applies then.',
})

const StaticUpstream = Type.Object({ entries: Entries })

const STATIC_PROBLEMS = {
  'entry-not-a-line': '…; write one line of plain text',
} as const satisfies ProblemCatalogue

export const staticConfiguration: UpstreamSettingsKind<typeof StaticUpstream> = {
  name: 'static',
  summary: 'static entries',
  word: 'entries',
  wordMeans: 'values by key',
  problems: STATIC_PROBLEMS,
  settings: StaticUpstream,
  isRemote: false,
  check({ entries }, scope) {
    for (const [key, values] of entries) {
      for (const value of values) {
        const why = whyNoValue(value)
        if (why !== undefined)
          scope.error(['entries', key], problem(STATIC_PROBLEMS, 'entry-not-a-line', why))
      }
    }
  },
  finds: ({ entries }, key) =>
    Array.from(entries.entries()).some(
      ([name, values]) =>
        comparableAddress(name.toLowerCase()) === comparableAddress(key) &&
        values.some((value) => value !== ''),
    ),
  decisive: ({ entries }) => ({ entries }),
}
