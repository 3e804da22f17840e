/**
 * Requests and responses of tables: templates, JSONPaths, bodies and status codes.
 */
import { FORMAT_NAMES } from '../../core/format.ts'
import { KEY_PART_NAMES } from '../../core/key-parts.ts'
import { parseTemplate, Template } from '../../core/template.ts'
import { headerError } from '../headers.ts'
import type { Path } from '../issue.ts'
import type { TableFile } from '../schema/table.ts'
import { nearest } from '../suggest.ts'
import type { CheckContext } from './context.ts'

/** A request or batch request of a file. */
type RequestFile = NonNullable<TableFile['request' | 'batch']>

/** The whole list of keys; only where it can become a list. */
const KEYS = '{keys}'

/** What a batch request may name besides: it has no single key. */
const BATCH_NAMES = ['table']

export function checkRequest(context: CheckContext, request: RequestFile, path: Path): void {
  const names = checkShared(context, request, path, KEY_PART_NAMES)
  const namesKey = [...names].some((name) => name !== 'table')
  if (namesKey || request.path === undefined) return
  context.report.warning(
    path,
    'uses no part of the key, so every key gets the same answer; write {key} where it belongs',
  )
}

export function checkBatch(context: CheckContext, batch: RequestFile, path: Path): void {
  const withoutKeys = { ...batch, ...withoutKeysIn(batch) }
  checkShared(context, withoutKeys, path, BATCH_NAMES)
  if (!textsOf([batch.query, batch.json, batch.form]).includes(KEYS)) {
    context.report.error(path, 'sends no keys; write "{keys}" as a value of "json", "query" or "form"')
  }
}

/** The parts where `{keys}` may stand alone, with those texts emptied. */
function withoutKeysIn(batch: RequestFile): Partial<RequestFile> {
  const strip = (value: unknown): unknown => {
    if (value === KEYS) return ''
    if (Array.isArray(value)) return value.map(strip)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item)]))
  }
  const stripMap = (map: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [key, value === KEYS ? '' : value]))
  return {
    query: stripMap(batch.query),
    json: strip(batch.json),
    ...(batch.form === undefined ? {} : { form: stripMap(batch.form) }),
  }
}

/** Checks what both kinds of requests have. @returns The names that the templates use. */
function checkShared(
  context: CheckContext,
  request: RequestFile,
  path: Path,
  known: readonly string[],
): ReadonlySet<string> {
  const used = new Set<string>()
  const check = (text: unknown, at: Path): void => {
    if (typeof text === 'string') checkTemplate(context, text, at, known, used)
    else if (text !== null && typeof text === 'object') {
      for (const [key, item] of Object.entries(text))
        check(item, [...at, Array.isArray(text) ? Number(key) : key])
    }
  }
  for (const key of ['path', 'query', 'headers', 'json', 'form'] as const) check(request[key], [...path, key])
  for (const [name, value] of Object.entries(request.headers)) {
    const wrong = headerError(name, value)
    if (wrong !== undefined) context.report.error([...path, 'headers', name], wrong, 'key')
  }
  checkBody(context, request, path)
  return used
}

function checkTemplate(
  context: CheckContext,
  text: string,
  at: Path,
  known: readonly string[],
  used: Set<string>,
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
  context.report.error(
    at,
    near === undefined ? message : `unknown placeholder {${unknownName}}; did you mean {${near}}`,
  )
}

function checkBody(context: CheckContext, request: RequestFile, path: Path): void {
  const { report } = context
  if (request.json !== undefined && request.form !== undefined) {
    report.keyError(path, 'form', '"json" and "form" are both given, and a request has one body; remove one')
  }
  for (const key of ['json', 'form'] as const) {
    if (request[key] !== undefined && request.method === 'GET') {
      report.keyError(path, key, `"${key}" needs method: POST; a GET has no body`)
    }
  }
}

export function checkResponse(context: CheckContext, table: TableFile, path: Path): void {
  const { report } = context
  const { response, batch } = table
  const at = [...path, 'response']
  checkTemplate(context, response.format, [...at, 'format'], FORMAT_NAMES, new Set())
  const paths: readonly (readonly [string | undefined, Path])[] = [
    [response.value, [...at, 'value']],
    [response.error, [...at, 'error']],
    [response.notFoundMark?.jsonPath, [...at, 'notFoundMark', 'jsonPath']],
    [batch?.results, [...path, 'batch', 'results']],
  ]
  for (const [jsonPath, place] of paths) {
    const wrong = jsonPath === undefined ? undefined : context.checkJsonPath(jsonPath)
    if (wrong !== undefined) report.error(place, `is no JSONPath (RFC 9535): ${wrong}`)
  }
  if (response.notFoundMark !== undefined && Object.keys(response.notFoundMark).length === 0) {
    report.error([...at, 'notFoundMark'], 'demands nothing; name a contentType, a header or a jsonPath')
  }
  if (response.notFoundMark !== undefined && batch !== undefined) {
    report.warning(
      [...at, 'notFoundMark'],
      'has no effect: every lookup of this table goes through its batch route',
    )
  }
  for (const list of ['found', 'notFound'] as const) {
    for (const [index, status] of response[list].entries()) {
      if (status !== 206 && status !== 304) continue
      const why = status === 206 ? 'a part of a reply' : 'an answer to a condition, and has no body'
      report.error([...at, list, index], `${status} is ${why}: it says nothing about a key; remove it`)
    }
  }
  for (const [index, status] of response.notFound.entries()) {
    if (response.found.includes(status)) {
      report.error(
        [...at, 'notFound', index],
        `${status} is in "found" too; a status can mean one thing only`,
      )
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(textsOf)
}
