/**
 * What becomes of the values that a service gave: each is put into `response.format`, and all
 * are joined with `response.separator`.
 *
 * The meaning is that of `result_format` and `expansion_limit` in pgsql_table(5): a value that
 * is empty, or lacks a part that the format needs, is skipped; when nothing is left the key is
 * not found; too many values are a temporary error, and never a shorter list.
 */
import { domainOf, userOf } from '../key/key-parts.ts'
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { found, type LookupResult, notFound } from '../result.ts'
import { parseTemplate, Template } from './template.ts'

/** Every name that `response.format` may use. */
export const FORMAT_NAMES = ['value', 'valueUser', 'valueDomain', 'key', 'user', 'domain'] as const

/** How values become a result. */
export interface ResultFormat {
  readonly template: Template
  readonly separator: string
  /** Most values of one answer. */
  readonly maxValues: number
}

/**
 * Reads the settings of a response.
 *
 * @throws TypeError for a text that is no template: the configuration was not checked.
 */
export function compileFormat(settings: {
  readonly format: string
  readonly separator: string
  readonly maxValues: number
}): ResultFormat {
  const template = parseTemplate(settings.format, FORMAT_NAMES)
  if (!(template instanceof Template)) throw new TypeError(`response.format: ${template.message}`)
  return { template, separator: settings.separator, maxValues: settings.maxValues }
}

/**
 * Makes one result out of the values of an answer.
 *
 * @param values In the service's order; empty ones are skipped and do not count.
 * @param key The search key that was asked.
 */
export function formatResult(values: readonly string[], key: string, format: ResultFormat): LookupResult {
  const formatted: string[] = []
  for (const value of values) {
    const text = value === '' ? '' : format.template.render((name) => partOf(name, value, key), asIs)
    if (text === undefined || text === '') continue
    if (formatted.length === format.maxValues) return tooManyValues(format.maxValues)
    formatted.push(text)
  }
  return formatted.length === 0 ? notFound() : found(formatted.join(format.separator))
}

/** The service gave more values than `response.maxValues`. */
export function tooManyValues(maxValues: number): LookupResult {
  return temporaryFor(CORE_REASONS.tooManyValues, maxValues)
}

function partOf(name: string, value: string, key: string): string | undefined {
  switch (name) {
    case 'value':
      return value
    case 'valueUser':
      return userOf(value)
    case 'valueDomain':
      return domainOf(value)
    case 'user':
      return userOf(key)
    case 'domain':
      return domainOf(key)
    default:
      return key === '' ? undefined : key
  }
}

function asIs(text: string): string {
  return text
}
