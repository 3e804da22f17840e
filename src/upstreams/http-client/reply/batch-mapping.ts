/**
 * What a reply to many keys means for each of them. Pure.
 *
 * | one key's result | becomes |
 * | --- | --- |
 * | a text, a number, an array of them | found |
 * | `null`, `""`, `[]` | not found |
 * | an object | read by `response.value` and `response.error`, as a reply to this key alone |
 * | not in the object, in no spelling of its domain | temporary, or not found where `missing` says so |
 * | anything else | temporary |
 *
 * An array must have one element for each key, in the order asked. A status that would be "not
 * found" for one key says nothing about many: it is temporary for all of them.
 */
import { comparableAddress } from '../../../core/key/idn.ts'
import { temporaryFor } from '../../../core/reason.ts'
import { temporary } from '../../../core/result.ts'
import type { BatchReply, Reply } from '../../../core/upstream.ts'
import { HTTP_REASONS } from '../reasons.ts'
import { type BodyValues, collect, readDocument, readJson } from './body-values.ts'
import type { JsonPath } from './json-path.ts'
import type { HttpResponse } from './response.ts'
import { mapStatus, mapValues, type RequestInfo, type ResponseMapping } from './response-mapping.ts'

/** Most nodes of the path to the results that are looked at: there must be one. */
const MAX_RESULTS_NODES = 1

export interface BatchMapping extends ResponseMapping {
  /** Selects the object or array of results; undefined for the whole document. */
  readonly results: JsonPath | undefined
}

/** Returns what a complete reply means for every key. Never throws, whatever the service sent. */
export function mapBatch(
  response: HttpResponse,
  mapping: BatchMapping,
  keys: readonly string[],
  asked: Omit<RequestInfo, 'key' | 'conditional'>,
): BatchReply {
  if (mapping.notFound.has(response.status)) {
    const result = temporaryFor(HTTP_REASONS.batchRefused, response.status)
    return sameForAll(keys, { status: response.status, result, evidence: 'none', retry: 'any' })
  }
  const byStatus = mapStatus(response, mapping, { ...asked, key: '', conditional: false })
  if (byStatus !== undefined) return sameForAll(keys, byStatus)
  const body = readJson(response)
  const results = 'reason' in body ? body.reason : resultsIn(body.json, mapping, keys)
  if (typeof results === 'string') {
    return sameForAll(keys, unreadableReply(response.status, results))
  }
  if (results === SERVICE_ERROR) {
    return sameForAll(keys, mapValues({ kind: 'service-error' }, response, mapping, ''))
  }
  const replies = new Map<string, Reply>()
  for (const [at, key] of keys.entries()) {
    // The validators of a batch are those of its whole reply: of no use for one key.
    const { validators: _, ...reply } = mapValues(valuesOf(results[at], mapping), response, mapping, key)
    replies.set(key, reply)
  }
  return { replies, overall: worst(replies, response.status) }
}

/** Every key gets the reply that the request got. */
export function sameForAll(keys: readonly string[], reply: Reply): BatchReply {
  return { replies: new Map(keys.map((key) => [key, reply])), overall: reply }
}

/** Stands for a key that is not in the object of results. */
const ABSENT = Symbol('absent')

/** The document as a whole is an error of the service. */
const SERVICE_ERROR = Symbol('service error')

/** One result for each key, in the order asked; or what is wrong with the document. */
function resultsIn(
  document: unknown,
  { results, selectors }: BatchMapping,
  keys: readonly string[],
): readonly unknown[] | string | typeof SERVICE_ERROR {
  if (selectors.error !== undefined) {
    const probe = readDocument(document, { ...selectors, value: undefined })
    if (probe.kind === 'service-error') return SERVICE_ERROR
  }
  const selected = results?.select(document, MAX_RESULTS_NODES) ?? { kind: 'nodes', values: [document] }
  const node = selected.kind === 'nodes' ? selected.values[0] : undefined
  if (Array.isArray(node)) {
    return node.length === keys.length ? (node as readonly unknown[]) : HTTP_REASONS.notOnePerKey.text
  }
  if (typeof node !== 'object' || node === null) return HTTP_REASONS.noResults.text
  const object = node as Readonly<Record<string, unknown>>
  if (keys.every((key) => Object.hasOwn(object, key))) return keys.map((key) => object[key])
  const bySpelling = new Map(Object.keys(object).map((key) => [spellingOf(key), key]))
  return keys.map((key) => {
    const own = Object.hasOwn(object, key) ? key : bySpelling.get(spellingOf(key))
    return own === undefined ? ABSENT : object[own]
  })
}

/** A service may give a key back in lower case, or with the A-labels of its domain: left out it would be "not found" for some tables. */
function spellingOf(key: string): string {
  return comparableAddress(key.toLowerCase())
}

function valuesOf(result: unknown, { selectors }: BatchMapping): BodyValues {
  if (result === ABSENT) return { kind: 'left-out' }
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return collect([result])
  return selectors.value === undefined
    ? { kind: 'unreadable', reason: HTTP_REASONS.objectWithoutValue.text }
    : readDocument(result, selectors)
}

/** What the request as a whole came to: the first failure, else any answer. */
function worst(replies: ReadonlyMap<string, Reply>, status: number): Reply {
  const all = Array.from(replies.values())
  const reply = all.find(({ result }) => result.kind === 'temporary') ?? all[0]
  return reply ?? unreadableReply(status, HTTP_REASONS.noKey.text)
}

function unreadableReply(status: number, reason: string): Reply {
  return { status, result: temporary('unreadable', reason), evidence: 'key', retry: 'any' }
}
