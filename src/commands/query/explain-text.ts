/**
 * A lookup's explanation as text: one numbered line for each step, in order.
 *
 *   1. key         Sales@lighthouse.example is searched as sales@lighthouse.example
 *   2. cache       directory, sales@lighthouse.example: miss
 *   3. request     directory 0:127.0.0.1:8467, sales@lighthouse.example: 200 in 4.1 ms, found: bob@...
 *   4. answer      found, from upstream: bob@lighthouse.example, ...
 */
import type { ExplainStep } from '../../core/explain.ts'
import type { LookupResult } from '../../core/result.ts'
import { oneLine, property } from '../admin-client.ts'
import { cut, duration } from '../format.ts'

const NAME_WIDTH = 11

/** One line for each step. A step of a newer gateway, unknown here, is printed as its JSON. */
export function explainLines(steps: readonly unknown[]): string[] {
  return steps.map((step, index) => {
    const name = stepName(step)
    const text = (isKnown(step) ? describe(step) : undefined) ?? JSON.stringify(step)
    return `${String(index + 1).padStart(3)}. ${name.padEnd(NAME_WIDTH)} ${oneLine(text)}`
  })
}

/** A result in a few words: `found: VALUE`, `not found`, `temporary (timeout): REASON`. */
export function resultText(result: LookupResult): string {
  switch (result.kind) {
    case 'found':
      return `found: ${result.value}`
    case 'notfound':
      return 'not found'
    case 'temporary':
    case 'permanent':
      return `${result.kind} (${result.cause}): ${result.reason}`
  }
}

/** Longest reply shown, in characters. Ours: a few lines of a terminal. */
const MAX_REPLY_SHOWN = 200

/** What the client of each protocol would read, when the gateway says so. */
export function wireLines(wire: unknown): string[] {
  return ['socketmap', 'tcp_table'].flatMap((protocol) => {
    const reply = property(property(wire, protocol), 'reply')
    const bytes = property(property(wire, protocol), 'bytes')
    if (typeof reply !== 'string') return []
    return [
      `     ${protocol.padEnd(NAME_WIDTH)} ${cut(JSON.stringify(reply), MAX_REPLY_SHOWN)} (${String(bytes)} bytes)`,
    ]
  })
}

function describe(step: ExplainStep): string | undefined {
  switch (step.step) {
    case 'key':
      return step.key === undefined
        ? `such a key cannot exist${because(step.why)}`
        : `searched as ${quote(step.key)}${because(step.why)}`
    case 'domains':
      return `${step.domain ?? 'a key without a domain'} is ${step.passed ? 'in' : 'not in'} the list of domains`
    case 'cache':
      return cacheText(step)
    case 'coalesced':
      return `${at(step)}: waited for the request that was already under way${said(step.result)}`
    case 'static':
      return `${at(step)}: ${resultText(step.result)}`
    case 'suppressed':
      return `${at(step)}: not asked${because(step.why)}`
    case 'request':
      return requestText(step)
    case 'held':
      return `${at(step)}: not asked, ${resultText(step.result)}`
    case 'stale':
      return `${at(step)}: an older answer is used${because(step.why)}`
    case 'propagated':
      return `${step.extension} put back: ${step.before} became ${step.after}`
    case 'answer':
      return `from ${step.source}, ${resultText(step.result)}`
    default:
      return undefined
  }
}

function cacheText(step: Extract<ExplainStep, { step: 'cache' }>): string {
  const age = step.ageMs === undefined ? '' : `, ${duration(step.ageMs)} old`
  const lifetime =
    step.freshnessLifetimeMs === undefined ? '' : `, fresh for ${duration(step.freshnessLifetimeMs)}`
  const result = step.result === undefined ? '' : `, ${resultText(step.result)}`
  return `${at(step)}: ${step.outcome.replace('_', ' ')}${age}${lifetime}${result}`
}

function requestText(step: Extract<ExplainStep, { step: 'request' }>): string {
  const attempt = step.attempt === 'first' ? '' : ` (${step.attempt})`
  const status = step.status === undefined ? 'no HTTP status' : `HTTP ${step.status}`
  const batch =
    step.batchKeys === undefined
      ? ''
      : ` (a batch of ${step.batchKeys} ${step.batchKeys === 1 ? 'key' : 'keys'})`
  const selected =
    step.selected === undefined || step.selected.length === 0
      ? ''
      : `, selected ${step.selected.map(quote).join(' ')}`
  const said =
    step.result.kind === 'notmodified' ? 'the stored answer is still current' : resultText(step.result)
  return `${step.upstream} ${step.endpoint}${attempt}${batch}, ${quote(step.key)}: ${status} in ${duration(step.durationMs)}${selected}, ${said}`
}

function at(step: { readonly upstream: string; readonly key: string }): string {
  return `${step.upstream}, ${quote(step.key)}`
}

/** A key may hold spaces, or nothing at all: then the reader needs to see where it ends. */
function quote(text: string): string {
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text)
}

function said(result: LookupResult | undefined): string {
  return result === undefined ? '' : `, ${resultText(result)}`
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`
}

function stepName(step: unknown): string {
  return isKnown(step) ? step.step : '?'
}

/** Enough to look at: the fields of each kind are the contract of the admin API. */
function isKnown(step: unknown): step is ExplainStep {
  return typeof step === 'object' && step !== null && 'step' in step && typeof step.step === 'string'
}
