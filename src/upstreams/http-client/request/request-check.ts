/**
 * What is wrong with the requests and responses of a table that a schema cannot say: templates,
 * JSONPaths, bodies and status codes.
 */

import { ALL_ATTRIBUTES, ATTRIBUTE, type AttributeNames } from '../../../core/attributes.ts'
import { KEY_PART_NAMES } from '../../../core/key/key-parts.ts'
import { FORMAT_NAMES } from '../../../core/value/format.ts'
import { parseTemplate, Template } from '../../../core/value/template.ts'
import { whyNoValue } from '../../../core/value/value-text.ts'
import { problem } from '../../../schema/problem.ts'
import type { Scope } from '../../../schema/scope.ts'
import { nearest } from '../../../schema/suggest.ts'
import type { Path } from '../../../schema/tree.ts'
import { jsonPathError } from '../reply/json-path.ts'
import type { BatchSettings, ReplyMarkSettings, ResponseSettings, WrittenRequest } from '../settings.ts'
import { textsIn } from './attribute-use.ts'
import { AUTH_HTTP, AUTH_HTTP_ATTRIBUTES } from './auth-http.ts'
import { BATCH_NAMES, KEYS } from './places.ts'
import { REQUEST_PROBLEMS } from './problems.ts'

/** What requests for one key and for many have in common. */
type AnyRequest = Pick<WrittenRequest, 'method' | 'query' | 'headers' | 'json' | 'form' | 'path'>

/** The whole list of keys, where it can become a list. */
const ALL_KEYS = `{${KEYS}}`

export function checkRequest(request: WrittenRequest, attributes: AttributeNames, scope: Scope): void {
  const known = [...attributes.shown, ...attributes.secret].map((name) => `${ATTRIBUTE}${name}`)
  const lists = known.length === 0 ? [] : [ALL_ATTRIBUTES]
  const names = checkShared(request, scope, [...KEY_PART_NAMES, ...known], lists)
  const namesKey = [...names].some((name) => name !== 'table')
  if (namesKey || request.path === undefined) return
  scope.warning([], problem(REQUEST_PROBLEMS, 'request-without-key'))
}

export function checkBatch(batch: BatchSettings, scope: Scope): void {
  checkShared({ ...batch, ...withoutKeysIn(batch) }, scope, BATCH_NAMES)
  if (!textsIn([batch.query, batch.json, batch.form]).includes(ALL_KEYS)) {
    scope.error([], problem(REQUEST_PROBLEMS, 'batch-without-keys'))
  }
}

/** The parts where `{keys}` may stand alone, with those texts emptied. */
function withoutKeysIn(batch: BatchSettings): Pick<BatchSettings, 'query' | 'json' | 'form'> {
  const strip = (value: unknown): unknown => {
    if (value === ALL_KEYS) return ''
    if (Array.isArray(value)) return value.map(strip)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item)]))
  }
  const stripMap = (map: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
    new Map([...map].map(([key, value]) => [key, value === ALL_KEYS ? '' : value]))
  return { query: stripMap(batch.query), json: strip(batch.json), form: batch.form && stripMap(batch.form) }
}

/**
 * Checks what both kinds of requests have.
 *
 * @param lists Names that may stand alone in a string of `json`.
 * @returns The names that the templates use.
 */
function checkShared(
  request: AnyRequest,
  scope: Scope,
  known: readonly string[],
  lists: readonly string[] = [],
): ReadonlySet<string> {
  const used = new Set<string>(request.form === AUTH_HTTP ? AUTH_HTTP_ATTRIBUTES : [])
  const check = (value: unknown, at: Path): void => {
    const mayBeList = at[0] === 'json' || (at[0] === 'form' && at.length === 1)
    const list = mayBeList ? lists.find((name) => value === `{${name}}`) : undefined
    if (list !== undefined) used.add(list)
    else if (typeof value === 'string') checkTemplate(value, at, scope, known, used)
    else if (value instanceof Map) for (const [key, item] of value) check(item, [...at, key])
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) check(item, [...at, index])
    else if (value !== null && typeof value === 'object')
      for (const [key, item] of Object.entries(value)) check(item, [...at, key])
  }
  for (const key of ['path', 'query', 'headers', 'json', 'form'] as const) check(request[key], [key])
  checkBody(request, scope)
  return used
}

function checkTemplate(
  text: string,
  at: Path,
  scope: Scope,
  known: readonly string[],
  used: Set<string> = new Set(),
): void {
  const template = parseTemplate(text, known)
  if (template instanceof Template) {
    for (const name of template.names) used.add(name)
    return
  }
  const { unknownName, message } = template
  // Something was meant here; no second complaint that the key is not used.
  used.add(unknownName ?? 'key')
  const near = unknownName === undefined ? undefined : nearest(unknownName, known)
  scope.error(
    at,
    near === undefined
      ? { code: 'template-unreadable', message }
      : problem(REQUEST_PROBLEMS, 'placeholder-unknown', unknownName ?? '', near),
  )
}

function checkBody(request: AnyRequest, scope: Scope): void {
  if (request.json !== undefined && request.form !== undefined) {
    scope.keyError([], 'form', problem(REQUEST_PROBLEMS, 'request-two-bodies'))
  }
  for (const key of ['json', 'form'] as const) {
    if (request[key] === AUTH_HTTP) {
      if (request.method !== 'GET')
        scope.error(['method'], problem(REQUEST_PROBLEMS, 'request-auth-http-method', AUTH_HTTP))
    } else if (request[key] !== undefined && request.method === 'GET') {
      scope.keyError([], key, problem(REQUEST_PROBLEMS, 'request-body-of-get', key))
    }
  }
}

/** @param response With the statuses that are meant where none is written. */
export function checkResponse(
  response: ResponseSettings & { readonly notFound: readonly number[] },
  batch: BatchSettings | undefined,
  scope: Scope,
): void {
  checkTemplate(response.format, ['response', 'format'], scope, FORMAT_NAMES)
  // They become a part of values. A tab between them is white space to Postfix.
  for (const key of ['format', 'separator'] as const) {
    const why = whyNoValue(`x${response[key].replaceAll('\t', ' ')}x`)
    if (why !== undefined)
      scope.error(['response', key], problem(REQUEST_PROBLEMS, 'request-not-a-line', why))
  }
  checkJsonPath(response.value, ['response', 'value'], scope)
  checkJsonPath(response.error, ['response', 'error'], scope)
  checkJsonPath(batch?.results, ['batch', 'results'], scope)
  for (const key of ['notFoundMark', 'foundMark', 'refusedMark'] as const)
    checkMark(response[key], ['response', key], scope)
  if (response.notFoundMark !== undefined && batch !== undefined)
    scope.warning(['response', 'notFoundMark'], problem(REQUEST_PROBLEMS, 'request-without-use'))
  for (const list of ['found', 'notFound', 'refused'] as const) {
    for (const [index, status] of (response[list] ?? []).entries()) {
      if (status !== 206 && status !== 304) continue
      const why = status === 206 ? 'a part of a reply' : 'an answer to a condition, and has no body'
      scope.error(['response', list, index], problem(REQUEST_PROBLEMS, 'status-says-nothing', status, why))
    }
  }
  for (const [index, status] of response.notFound.entries()) {
    if (response.found.includes(status)) {
      scope.error(['response', 'notFound', index], problem(REQUEST_PROBLEMS, 'status-twice', status))
    }
  }
}

function checkMark(mark: ReplyMarkSettings | undefined, at: Path, scope: Scope): void {
  if (mark === undefined) return
  checkJsonPath(mark.jsonPath, [...at, 'jsonPath'], scope)
  if (Object.values(mark).every((demand) => demand === undefined)) {
    scope.error(at, problem(REQUEST_PROBLEMS, 'mark-demands-nothing'))
  }
}

function checkJsonPath(path: string | undefined, at: Path, scope: Scope): void {
  const wrong = path === undefined ? undefined : jsonPathError(path)
  if (wrong !== undefined) scope.error(at, problem(REQUEST_PROBLEMS, 'response-not-a-path', wrong))
}
