/**
 * A lookup's explanation as text: one numbered line for each step, in order.
 *
 *   1. key         Sales@lighthouse.example is searched as sales@lighthouse.example
 *   2. cache       directory, sales@lighthouse.example: miss
 *   3. request     directory 0:127.0.0.1:8467, sales@lighthouse.example: 200 in 4.1 ms, found: bob@...
 *   4. answer      found, from upstream: bob@lighthouse.example, ...
 */
import type { ExplainStep } from '../../core/observed/explain.ts'
import { stepText } from '../../presentation/explain.ts'
import { oneLine, printable, printableJson } from '../../presentation/printable.ts'
import { property } from '../admin-client.ts'
import { cut } from '../columns.ts'

const NAME_WIDTH = 11

/** Under the text of a step. */
const INDENT = ' '.repeat('  1. '.length + NAME_WIDTH + 1)

/** One line for each step. A step of a newer gateway, unknown here, is printed as its JSON. */
export function explainLines(steps: readonly unknown[]): string[] {
  return steps.flatMap((step, index) => {
    const name = stepName(step)
    const known = isKnown(step) ? stepText(step) : undefined
    const line = `${String(index + 1).padStart(3)}. ${printable(name).padEnd(NAME_WIDTH)} ${oneLine(known?.text ?? JSON.stringify(step))}`
    return known?.exchange === undefined ? [line] : [line, `${INDENT}${oneLine(known.exchange)}`]
  })
}

/** Longest reply shown, in characters. Ours: a few lines of a terminal. */
const MAX_REPLY_SHOWN = 200

/** What the client of each protocol would read, when the gateway says so. */
export function wireLines(wire: unknown): string[] {
  const replies = typeof wire === 'object' && wire !== null ? Object.entries(wire) : []
  return replies.flatMap(([protocol, shown]) => {
    const reply = property(shown, 'reply')
    const bytes = property(shown, 'bytes')
    if (typeof reply !== 'string') return []
    return [
      `     ${printable(protocol).padEnd(NAME_WIDTH)} ${cut(printableJson(reply), MAX_REPLY_SHOWN)} (${String(bytes)} bytes)`,
    ]
  })
}

/** A service was asked, and the gateway kept for itself how: only operators see URLs and bodies. */
export function hiddenWireLines(steps: readonly unknown[]): string[] {
  const requests = steps.filter((step) => isKnown(step) && step.step === 'request')
  if (requests.length === 0 || requests.some((step) => property(step, 'exchange') !== undefined)) return []
  return [
    `${INDENT}URL and body are shown to the role operator only: run this as root, or give an operator's token with --token-file`,
  ]
}

function stepName(step: unknown): string {
  return isKnown(step) ? step.step : '?'
}

/** Enough to look at: the fields of each kind are the contract of the admin API. */
function isKnown(step: unknown): step is ExplainStep {
  return typeof step === 'object' && step !== null && 'step' in step && typeof step.step === 'string'
}
