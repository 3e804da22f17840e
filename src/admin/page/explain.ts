/**
 * One step of a lookup in words. Pure: the texts hold keys that strangers typed, and are only ever
 * put into text nodes.
 */
import type { ExplainStep } from '../../core/explain.ts'
import type { LookupResult } from '../../core/result.ts'
import { duration, quoted } from './format.ts'

export type StepState = 'ok' | 'warn' | 'bad' | 'plain'

export interface StepText {
  readonly name: string
  /** One or more sentences. */
  readonly text: string
  readonly state: StepState
}

const RESULT_STATES: Record<LookupResult['kind'], StepState> = {
  found: 'ok',
  notfound: 'plain',
  temporary: 'warn',
  permanent: 'bad',
}

/** The words of every result kind, as on the whole page. */
const RESULT_WORDS: Record<LookupResult['kind'], string> = {
  found: 'Found',
  notfound: 'Not found',
  temporary: 'Try later',
  permanent: 'Refused',
}

export function resultState(kind: string): StepState {
  return Object.hasOwn(RESULT_STATES, kind) ? RESULT_STATES[kind as LookupResult['kind']] : 'plain'
}

export function resultWord(kind: string): string {
  return Object.hasOwn(RESULT_WORDS, kind) ? RESULT_WORDS[kind as LookupResult['kind']] : kind
}

export function resultText(result: LookupResult): string {
  switch (result.kind) {
    case 'found':
      return `found: ${result.value}`
    case 'notfound':
      return 'not found'
    case 'temporary':
      return `try later (${result.cause}): ${result.reason}`
    case 'permanent':
      return `refused (${result.cause}): ${result.reason}`
  }
}

/** A step of a newer gateway, unknown here, shows as its JSON. */
export function stepText(step: ExplainStep): StepText {
  switch (step.step) {
    case 'key':
      return step.key === undefined
        ? { name: 'Key', text: `Such a key cannot exist${because(step.why)}.`, state: 'plain' }
        : { name: 'Key', text: `Searched as ${quoted(step.key)}${because(step.why)}.`, state: 'plain' }
    case 'domains': {
      const what = step.domain === undefined ? 'A key without a domain' : step.domain
      const verb = step.passed ? 'is one' : 'is not one'
      return { name: 'Domains', text: `${what} ${verb} of the table’s domains.`, state: 'plain' }
    }
    case 'cache':
      return { name: 'Stored answers', text: cacheText(step), state: 'plain' }
    case 'coalesced':
      return {
        name: 'Shared',
        text: `${at(step)}: waited for the request already under way.`,
        state: 'plain',
      }
    case 'static':
      return result('Static entries', at(step), step.result)
    case 'suppressed':
      return { name: 'Not asked', text: `${at(step)}${because(step.why)}.`, state: 'plain' }
    case 'request':
      return requestText(step)
    case 'held':
      return result('Held back', `${at(step)}, not asked`, step.result)
    case 'stale':
      return { name: 'Older answer', text: `${at(step)}: used again${because(step.why)}.`, state: 'warn' }
    case 'propagated':
      return {
        name: 'Extension',
        text: `${quoted(step.extension)} put back: ${step.before} became ${step.after}`,
        state: 'plain',
      }
    case 'answer':
      return {
        name: 'Answer',
        text: `From ${step.source}, ${resultText(step.result)}`,
        state: resultState(step.result.kind),
      }
    default:
      return { name: 'Step', text: JSON.stringify(step), state: 'plain' }
  }
}

function result(name: string, before: string, of: LookupResult): StepText {
  return { name, text: `${before}: ${resultText(of)}`, state: resultState(of.kind) }
}

function cacheText(step: Extract<ExplainStep, { step: 'cache' }>): string {
  const age = step.ageMs === undefined ? '' : `, ${duration(step.ageMs)} old`
  const life =
    step.freshnessLifetimeMs === undefined ? '' : `, fresh for ${duration(step.freshnessLifetimeMs)}`
  const what = step.result === undefined ? '' : `; ${resultText(step.result)}`
  return `${at(step)}: ${step.outcome.replace('_', ' ')}${age}${life}${what}`
}

function requestText(step: Extract<ExplainStep, { step: 'request' }>): StepText {
  const attempt = step.attempt === 'first' ? '' : `, ${step.attempt}`
  const status = step.status === undefined ? 'no reply' : `HTTP ${step.status}`
  const selected =
    step.selected === undefined || step.selected.length === 0
      ? ''
      : ` Selected ${step.selected.map(quoted).join(', ')}.`
  const trace = step.traceparent === undefined ? '' : ` traceparent ${step.traceparent}.`
  const kind = step.result.kind
  const said =
    step.result.kind === 'notmodified' ? 'the stored answer is still current' : resultText(step.result)
  return {
    name: 'Request',
    text: `${step.upstream}, endpoint ${step.endpoint}${attempt}, ${quoted(step.key)}: ${status} after ${duration(step.durationMs)}; ${said}.${selected}${trace}`,
    state: kind === 'notmodified' ? 'ok' : resultState(kind),
  }
}

function at(step: { readonly upstream: string; readonly key: string }): string {
  return `${step.upstream}, ${quoted(step.key)}`
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`
}
