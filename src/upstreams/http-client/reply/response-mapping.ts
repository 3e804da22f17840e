/**
 * What a service's reply means: the one table from statuses and bodies to results. Pure.
 *
 * | the service | becomes |
 * | --- | --- |
 * | a `found` status with a usable value | found |
 * | a `found` status with a selected `null`, `""` or `[]`, or an empty plain text | not found |
 * | a `notFound` status | not found |
 * | a `notFound` status with a web page, the words of a known proxy, or words about a route and no key (`notFoundBody: notHtml`) | temporary |
 * | any "not found" without the mark that `notFoundMark` demands | temporary |
 * | a `refused` status with the mark that `refusedMark` demands | not found: who logs in is refused |
 * | a `refused` status without it | temporary; 401 and 403 are about the credentials of mapgate, as below |
 * | an answer without the mark that `foundMark` demands | temporary |
 * | `error` selects something; `value` selects nothing; not decodable; a wrong shape | temporary |
 * | 408, 421, 425, 429 and the like, 5xx and above, any other 2xx | temporary |
 * | a part of a body (Content-Range), a 204 in chunks | temporary |
 * | 400 of a port for TLS; 400 of nginx for a client certificate, 495, 496 | temporary, with what to write |
 * | 304 | the stored answer is current; temporary where no validators were sent, such as from a cache between |
 * | 407 | temporary: our proxy refuses, or something unknown where we have none |
 * | 401, 403; any other 4xx or 3xx | permanent; 401 and 403 once another endpoint was asked |
 *
 * "Not found" lets a mail server reject a recipient or a password, so it comes from four rows only.
 */

import { asciiResult } from '../../../core/key/idn.ts'
import { permanentFor, type ReasonEntry, temporaryFor } from '../../../core/reason.ts'
import { type LookupResult, NOT_FOUND, ofService, type Temporary, temporary } from '../../../core/result.ts'
import type { Reply } from '../../../core/upstream.ts'
import { isMeant } from '../../../core/value/bare-value.ts'
import { compileFormat, formatResult, type ResultFormat, tooManyValues } from '../../../core/value/format.ts'
import { usesOf, type ValueUse } from '../../../core/value/value-use.ts'
import { HTTP_REASONS } from '../reasons.ts'
import type { ResponseSettings } from '../settings.ts'
import { type BodySelectors, type BodyValues, readBody } from './body-values.ts'
import { JsonPath } from './json-path.ts'
import { compileOneAnswer, type OneAnswer, readOneAnswer } from './one-answer.ts'
import { otherAnswerer } from './other-answerers.ts'
import { compileRefusal, orOfCredentials, type Refusal, ReplyMark, refusalIn } from './reply-mark.ts'
import { cachingOf, type HttpResponse, retryAfterMs, validatorsOf } from './response.ts'
import { isOfClientCertificate, isOfTlsPort, whyNoReply } from './wrong-replies.ts'

/** The settings of `response`, compiled. */
export interface ResponseMapping {
  readonly selectors: BodySelectors
  readonly format: ResultFormat
  /** What Postfix uses the values for. */
  readonly uses: readonly ValueUse[]
  /** Neither `value` nor `format` says what is a value: the whole body or result is. */
  readonly isBare: boolean
  readonly missing: 'temporary' | 'notFound'
  readonly found: ReadonlySet<number>
  readonly notFound: ReadonlySet<number>
  readonly notFoundBody: 'notHtml' | 'any'
  readonly notFoundMark: ReplyMark | undefined
  readonly idn: 'asIs' | 'ascii'
  /** What every found answer to a question with attributes must carry. */
  readonly foundMark: ReplyMark | undefined
  /** Undefined where nobody logs in. */
  readonly refusal: Refusal | undefined
  /** How a question with attributes is answered; undefined where keys are asked for. */
  readonly one: OneAnswer | undefined
}

/** What was asked, as far as it decides the meaning of the reply. */
export interface RequestInfo {
  /** The search key, for `response.format`. */
  readonly key: string
  /** The path that was asked, with its query: a reply that repeats it is of a router. Undefined in a batch. */
  readonly path?: string
  /** Validators were sent, so that 304 has a meaning. */
  readonly conditional: boolean
  /** The wall clock, ms: for a Retry-After that is a date. */
  readonly nowMs: number
  /** A proxy of our configuration passes the request on, so that 407 is of that. */
  readonly viaProxy?: boolean
}

/**
 * Statuses under 500 that may be another one next time or elsewhere. Sources: RFC 9110 (408, 421), RFC 4918 (423), RFC 8470 (425),
 * RFC 6585 (429); nginx (444, 499), AWS ELB (460), Twitter (420) and Microsoft (440, 449, 450) have the others.
 */
const TRANSIENT: ReadonlySet<number> = new Set([408, 420, 421, 423, 425, 429, 440, 444, 449, 450, 460, 499])

/** Statuses that say the service is not there, or not now. Source: RFC 9110 sections 15.6.3 to 15.6.5. */
const UNAVAILABLE: ReadonlySet<number> = new Set([502, 503, 504])

/** @throws TypeError for settings that were not checked. */
export function compileResponse(
  settings: ResponseSettings,
  hasAttributes = false,
  usedBy: readonly string[] = [],
): ResponseMapping {
  const path = (text: string | undefined): JsonPath | undefined =>
    text === undefined ? undefined : new JsonPath(text)
  const error = path(settings.error)
  const value = path(settings.value)
  const uses = usesOf(usedBy)
  const hasErrorTransport = uses.includes('transport')
  return {
    selectors: { value, error, maxValues: settings.maxValues, hasErrorTransport },
    one: hasAttributes ? compileOneAnswer(settings) : undefined,
    format: compileFormat(settings),
    uses,
    isBare: settings.value === undefined && settings.format === '{value}',
    missing: settings.missing,
    found: new Set(settings.found),
    notFound: new Set(notFoundStatuses(settings, hasAttributes)),
    notFoundBody: settings.notFoundBody,
    idn: settings.idn,
    foundMark: settings.foundMark && new ReplyMark(settings.foundMark),
    refusal: compileRefusal(settings),
    notFoundMark: settings.notFoundMark && new ReplyMark(settings.notFoundMark),
  }
}

/**
 * A wrong path answers 404, too: where an answer may let somebody in, it is "not found" only by the word of the table.
 * Who logs in is refused by `refused` alone.
 */
export function notFoundStatuses(
  { notFound, user }: Pick<ResponseSettings, 'notFound' | 'user'>,
  hasAttributes: boolean,
): readonly number[] {
  if (notFound !== undefined) return notFound
  if (user !== undefined) return []
  return hasAttributes ? [204] : [204, 404, 410]
}

/** Returns whether the body can matter; if not, the status alone decides. */
export function needsBody(status: number, mapping: ResponseMapping): boolean {
  return (
    mapping.found.has(status) ||
    mapping.notFound.has(status) ||
    mapping.refusal?.statuses.has(status) === true
  )
}

/** Never throws, whatever the service sent. */
export function mapResponse(response: HttpResponse, mapping: ResponseMapping, asked: RequestInfo): Reply {
  const reply =
    mapStatus(response, mapping, asked) ??
    (mapping.one === undefined
      ? mapValues(readBody(response, mapping.selectors), response, mapping, asked.key)
      : mapOne(readOneAnswer(response, mapping.one), response, mapping))
  const { notFoundMark } = mapping
  if (reply.result.kind !== 'notfound' || notFoundMark === undefined || notFoundMark.isOn(response))
    return reply
  return failed(response, temporaryFor(HTTP_REASONS.notFoundUnmarked, response.status))
}

/**
 * Returns what a reply means whose body does not matter.
 *
 * @returns `undefined` for a `found` status: its body decides.
 */
export function mapStatus(
  response: HttpResponse,
  mapping: ResponseMapping,
  asked: RequestInfo,
): Reply | undefined {
  const { status, headers } = response
  if (status === 400 && isOfTlsPort(response)) return elsewhere(status, HTTP_REASONS.speaksTls)
  if (isOfClientCertificate(response)) return elsewhere(status, HTTP_REASONS.certificateRejected)
  if (needsBody(status, mapping)) {
    const broken = whyNoReply(response)
    if (broken !== undefined) return failed(response, temporaryFor(broken))
  }
  const refusal = refusalIn(response, mapping.refusal)
  if (refusal === 'marked') return answered(response, NOT_FOUND, [])
  if (refusal === 'perhaps') return orOfCredentials(mapNotFound(response, mapping, asked))
  if (mapping.found.has(status)) return undefined
  if (refusal === 'unmarked')
    return orOfCredentials(failed(response, temporaryFor(HTTP_REASONS.refusalUnmarked, status)))
  if (mapping.notFound.has(status)) return mapNotFound(response, mapping, asked)
  if (status === 304) {
    return asked.conditional
      ? answered(response, { kind: 'notmodified' }, undefined)
      : failed(response, temporaryFor(HTTP_REASONS.unconditional304))
  }
  if (status === 407) {
    // Without a proxy of ours it is something between that we know nothing of.
    const entry = asked.viaProxy === true ? HTTP_REASONS.tunnelCredentials : HTTP_REASONS.unknownProxy
    return { status, result: temporaryFor(entry), evidence: 'none', retry: 'any' }
  }
  if (status === 401 || status === 403) {
    const refused = permanentFor(HTTP_REASONS.credentials, status)
    const result = status === 401 ? ofService(refused) : refused
    return { status, result, evidence: 'none', retry: 'other-endpoint' }
  }
  if (status >= 500 || TRANSIENT.has(status)) {
    const pause = retryAfterMs(headers, asked.nowMs)
    const failure = temporaryFor(HTTP_REASONS.failed, status)
    const isUnavailable = UNAVAILABLE.has(status)
    return {
      status,
      result: isUnavailable ? ofService(failure) : failure,
      evidence: isUnavailable ? 'endpoint' : status >= 500 ? 'key' : 'none',
      retry: 'any',
      ...(pause === undefined ? {} : { retryAfterMs: pause }),
    }
  }
  if (status < 300) {
    const result = temporaryFor(HTTP_REASONS.unexpectedStatus, status)
    return { status, result, evidence: 'none', retry: 'any' }
  }
  const result = permanentFor(status < 400 ? HTTP_REASONS.redirect : HTTP_REASONS.wrongRequest, status)
  return { status, result, evidence: 'none', retry: 'none' }
}

/** Returns what the values of a body mean. Also used for each part of a batch reply. */
export function mapValues(
  body: BodyValues,
  response: HttpResponse,
  mapping: ResponseMapping,
  key: string,
): Reply {
  switch (body.kind) {
    case 'values': {
      const formatted = formatResult(body.values, key, mapping.format)
      // Behind the format, which may add domains of its own or of the key.
      const result = mapping.idn === 'ascii' ? asciiResult(formatted) : formatted
      if (result.kind === 'found' && !isMeant(result.value, mapping.uses, mapping.isBare))
        return failed(response, temporaryFor(HTTP_REASONS.notMeant))
      return result.kind === 'temporary'
        ? { status: response.status, result, evidence: 'none', retry: 'none', selected: body.values }
        : answered(response, result, body.values)
    }
    case 'missing':
      return mapping.missing === 'notFound'
        ? answered(response, NOT_FOUND, [])
        : failed(response, temporaryFor(HTTP_REASONS.selectsNothing))
    case 'left-out':
      return mapping.missing === 'notFound'
        ? answered(response, NOT_FOUND, [])
        : failed(response, temporaryFor(HTTP_REASONS.leftOut))
    case 'service-error':
      return failed(response, temporaryFor(HTTP_REASONS.errorField))
    case 'too-many': {
      const result = tooManyValues(mapping.format.maxValues)
      return { status: response.status, result, evidence: 'none', retry: 'none' }
    }
    case 'unreadable':
      return failed(response, temporary('unreadable', body.reason))
  }
}

function mapOne(result: LookupResult, response: HttpResponse, { foundMark }: ResponseMapping): Reply {
  if (result.kind === 'temporary') return failed(response, result)
  if (foundMark?.isOn(response) === false) return failed(response, temporaryFor(HTTP_REASONS.foundUnmarked))
  return answered(response, result, result.kind === 'found' ? [result.value] : [])
}

function mapNotFound(response: HttpResponse, mapping: ResponseMapping, asked: RequestInfo): Reply {
  if (mapping.notFoundBody === 'notHtml') {
    // It comes from a proxy or a wrong path, not from a service that knows its keys.
    const other = otherAnswerer(response, asked)
    if (other !== undefined) return failed(response, temporaryFor(OTHER_ANSWERS[other], response.status))
  }
  return answered(response, NOT_FOUND, [])
}

/** The connection is at fault, whatever was asked. */
function elsewhere(status: number, entry: ReasonEntry<'connect' | 'unreadable'>): Reply {
  return { status, result: temporaryFor(entry), evidence: 'endpoint', retry: 'any' }
}

/** What answers instead of the service, where a "not found" was expected. */
const OTHER_ANSWERS = {
  'a web page': HTTP_REASONS.notFoundWebPage,
  'a compressed body': HTTP_REASONS.notFoundCompressed,
  'a known sentence': HTTP_REASONS.notFoundOfOthers,
  'another subject': HTTP_REASONS.notFoundOfPlace,
} as const

export function failed(response: HttpResponse, result: Temporary): Reply {
  return { status: response.status, result, evidence: 'key', retry: 'any' }
}

/** Field by field, since a spread in front of more fields is slow to make (bench/RESULTS.md). */
export function answered(
  response: HttpResponse,
  result: Reply['result'],
  selected: Reply['selected'],
): Reply {
  return {
    status: response.status,
    caching: cachingOf(response.headers),
    validators: validatorsOf(response.headers),
    result,
    evidence: 'good',
    retry: 'none',
    selected,
  }
}
