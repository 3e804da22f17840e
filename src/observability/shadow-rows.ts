/**
 * The row about tables whose answers are compared with those of another upstream.
 */
import { SHADOW_RESULTS } from '../core/shadow/shadow-record.ts'
import type { Row } from './metric-rows.ts'

export const SHADOW_ROWS: readonly Row[] = [
  {
    name: 'shadow_comparisons_total',
    kind: 'counter',
    help: 'Misses selected for comparison with the shadow, by table, upstream and outcome.',
    labels: ['table', 'upstream', 'result'],
    samples({ status }, write) {
      for (const { name: table, shadow } of status.tables) {
        if (shadow === undefined) continue
        for (const result of SHADOW_RESULTS)
          write({ table, upstream: shadow.upstream, result }, shadow[result])
      }
    },
  },
]
