/**
 * One step of a lookup in words, for the page and for `mapgate query --explain`. Pure: the texts hold
 * keys that strangers typed; the page puts them into text nodes only, the terminal takes control
 * characters out.
 */
import type { ExplainStep, HttpExchange } from '../core/observed/explain.ts'
import type { LookupResult } from '../core/result.ts'
import { count, counted, duration, quoted } from './format.ts'

type StepState = 'ok' | 'warn' | 'bad' | 'plain'

interface StepText {
  /** A few words for the page; the terminal shows the word of the API. */
  readonly title: string
  readonly text: string
  readonly state: StepState
  /** What went over the wire, for operators. */
  readonly exchange?: string
}

const RESULT_STATES: Record<LookupResult['kind'], StepState> = {
  found: 'ok',
  notfound: 'plain',
  temporary: 'warn',
  permanent: 'bad',
}

/** What a result means for the mail, in a word. */
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

/** @returns `undefined` for a step of a newer gateway: it is shown as its JSON. */
export function stepText(step: ExplainStep): StepText | undefined {
  switch (step.step) {
    case 'key':
      return step.key === undefined
        ? plain('Key', `such a key cannot exist${because(step.why)}`)
        : plain('Key', `searched as ${quoted(step.key)}${because(step.why)}`)
    case 'attributes': {
      const attributes = Object.entries(step.attributes).map(([name, value]) => `${name}=${quoted(value)}`)
      return plain('Attributes', attributes.join(' '))
    }
    case 'domains': {
      const key = step.domain ?? 'a key without a domain'
      return plain('Domains', `${key} is ${step.passed ? 'in' : 'not in'} the list of domains`)
    }
    case 'cache':
      return plain('Stored answers', cacheText(step))
    case 'coalesced':
      return plain(
        'Shared request',
        `${at(step)}: waited for the request that was already under way${and(step.result)}`,
      )
    case 'shared': {
      const age = step.ageMs === undefined ? '' : `, ${duration(step.ageMs)} old`
      return plain('Shared store', `${at(step)}: ${step.outcome.replace('_', ' ')}${age}${and(step.result)}`)
    }
    case 'replica':
      return result(
        'Replica',
        `${at(step)}: the copy of ${count(step.entries)} ${step.entries === 1 ? 'entry' : 'entries'}, ${duration(step.ageMs)} old${step.listAgeMs === undefined ? '' : `, by changes of a list that is ${duration(step.listAgeMs)} old`}, ${ofCopy(step)}`,
        step.result,
      )
    case 'upstream':
      return result('Upstream', `${at(step)}, ${step.kind}${because(step.why)}: `, step.result)
    case 'suppressed':
      return plain('Not asked', `${at(step)}: not asked${because(step.why)}`)
    case 'request':
      return requestText(step)
    case 'canary':
      return {
        title: 'Canary',
        text: `${step.upstream} ${step.endpoint}: the canary ${quoted(step.key)} is ${step.found ? 'found, so the key is asked again' : 'not found, so a "not found" from there is not believed'}`,
        state: step.found ? 'ok' : 'warn',
      }
    case 'held':
      return result('Held back', `${at(step)}: not asked${because(step.why)}, `, step.result)
    case 'stale':
      return {
        title: 'Stale answer',
        text: `${at(step)}: a stale answer is used${because(step.why)}`,
        state: 'warn',
      }
    case 'outage':
      return {
        title: 'Outage',
        text: `${OUTAGE_RULES[step.rule]}: ${step.used ? '' : 'not used, '}${step.key === undefined ? '' : `${step.key} `}${step.why}`,
        state: step.used ? 'warn' : 'plain',
      }
    case 'propagated':
      return plain('Extension', `${step.extension} put back: ${step.before} became ${step.after}`)
    case 'answer':
      return result('Answer', `from ${step.source}, `, step.result)
    default:
      return undefined
  }
}

const OUTAGE_RULES = {
  existence: 'found although an earlier key is unknown',
  combined: 'stale found',
  'stale-not-found': 'stale not found',
  'when-unknown': 'not found by whenUnknown',
} as const

function plain(title: string, text: string): StepText {
  return { title, text, state: 'plain' }
}

function result(title: string, before: string, of: LookupResult): StepText {
  return { title, text: `${before}${resultText(of)}`, state: resultState(of.kind) }
}

function cacheText(step: Extract<ExplainStep, { step: 'cache' }>): string {
  const age = step.ageMs === undefined ? '' : `, ${duration(step.ageMs)} old`
  const lifetime =
    step.freshnessLifetimeMs === undefined ? '' : `, fresh for ${duration(step.freshnessLifetimeMs)}`
  return `${at(step)}: ${step.outcome.replace('_', ' ')}${age}${lifetime}${and(step.result)}`
}

function requestText(step: Extract<ExplainStep, { step: 'request' }>): StepText {
  const attempt = step.attempt === 'first' ? '' : ` (${step.attempt})`
  const status = step.status === undefined ? 'no HTTP status' : `HTTP ${step.status}`
  const batch = step.batchKeys === undefined ? '' : ` (a batch of ${counted(step.batchKeys, 'key')})`
  const selected =
    step.selected === undefined || step.selected.length === 0
      ? ''
      : `, selected ${step.selected.map(quoted).join(' ')}`
  const trace = step.traceparent === undefined ? '' : `, traceparent ${step.traceparent}`
  const said =
    step.result.kind === 'notmodified' ? 'the stored answer is still current' : resultText(step.result)
  return {
    title: 'Request',
    text: `${step.upstream} ${step.endpoint}${attempt}${batch}, ${quoted(step.key)}: ${status} in ${duration(step.durationMs)}${selected}${trace}, ${said}`,
    state: step.result.kind === 'notmodified' ? 'ok' : resultState(step.result.kind),
    ...(step.exchange !== undefined && { exchange: exchangeText(step.exchange, step.status) }),
  }
}

/** `GET http://…/aliases/x -> 200, 61 bytes: {"goto":…` */
function exchangeText(exchange: HttpExchange, status: number | undefined): string {
  const { method, url, body, bodyBytes = 0, repeated } = exchange
  const twice = repeated === true ? ' (sent twice, since the kept-alive connection was closed)' : ''
  const content = body === undefined ? '' : `, ${counted(bodyBytes, 'byte')}: ${body}`
  return `${method} ${url}${twice} -> ${status ?? 'no status'}${content}`
}

function ofCopy({ foundSince, unused }: Extract<ExplainStep, { step: 'replica' }>): string {
  if (unused !== undefined) return `lacks it, but ${unused}: `
  return foundSince === true ? 'lacks it, but it was found since: ' : ''
}

function at(step: { readonly upstream: string; readonly key: string }): string {
  return `${step.upstream}, ${quoted(step.key)}`
}

function and(result: LookupResult | undefined): string {
  return result === undefined ? '' : `, ${resultText(result)}`
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`
}
