/**
 * Replies that did not come from the service but from something before it: a proxy without a route, a gateway, or
 * the framework whose router knows no such path. Their "404" says nothing about a key. Pure.
 *
 * | a body | is |
 * | --- | --- |
 * | with a sentence of a known program, or of nothing but words about routes | of another |
 * | whose words are about a place (a route, an API, a tenant), and no key | of another |
 * | with words of its own, or empty | the service's |
 *
 * A list can only hold what is known. What is sure is a canary, or a mark that the service alone sets
 * (`response.notFoundMark`). A reply is read whole, so that a service's own sentence is not caught.
 */
import { parseJson } from './json-document.ts'
import { isAboutPlace, namesKey } from './place-sentences.ts'
import { type HttpResponse, headerText, isHtml, isIdentity, mediaType } from './response.ts'
import { isKnownSentence, sentenceKind } from './router-sentences.ts'

/** Longest body that is looked at, bytes. Ours: a router's with the stack of its error has some 10,000. */
const MAX_COMPARED_BYTES = 65_536

/** Deepest member that is looked at. Ours: known ones are three deep. */
const MAX_DEPTH = 8

/** Members that routers add: whatever stands in them, it is not what the service means. */
const TECHNICAL =
  /^(?:status|status_?code|http_?(?:status|code)|timestamp|time|date|path|url|uri|instance|traces?|stack|stack_?trace|file|line|method|_?links|_embedded|help|exception|documentation_?url|[a-z_-]*(?:trace|request|correlation|span|event|ref)[_-]?id)$/i

/** Members with a number that every reply of its kind has: 404, or 5 of gRPC. */
const CODES = /^(?:code|error_?code)$/i

/** `Server` fields of programs that set it only on what they answer themselves. */
const SELF_ANSWERING = /^(?:awselb\/|CloudFront$|AmazonS3$|UploadServer$|AkamaiGHost$|Varnish$)/i

/** Header fields by which others mark what they answer in the place of a service. */
const MARKS_OF_OTHERS = [
  'x-cf-routererror', // Cloud Foundry
  'ngrok-error-code',
  'x-vercel-error',
  'x-railway-fallback',
  'x-render-routing',
  'x-squid-error',
  'l5d-proxy-error', // Linkerd
  'x-azure-externalerror', // Front Door
  'x-amzn-errortype', // AWS API Gateway
  'x-kong-response-latency', // Kong, where no upstream was asked
] as const

/** What shows that not the service answered; undefined when nothing does. */
export type OtherAnswer = 'a web page' | 'a compressed body' | 'a known sentence' | 'another subject'

/** @param key What was asked for; undefined where a reply is no "not found", whose words may be those of a value. */
export function otherAnswerer(response: HttpResponse, key?: string): OtherAnswer | undefined {
  const { headers, body } = response
  if (!isIdentity(headers)) return 'a compressed body'
  if (SELF_ANSWERING.test(headerText(headers, 'server') ?? '')) return 'a known sentence'
  if (MARKS_OF_OTHERS.some((name) => headers[name] !== undefined)) return 'a known sentence'
  if (body.length === 0) return isEmptyOfOthers(response) ? 'a known sentence' : undefined
  if (isHtml(response)) return 'a web page'
  if (body.length > MAX_COMPARED_BYTES) return undefined
  const text = body.toString('utf8').trim()
  // A number is a value where values are.
  if (response.status < 400 && /^\d+$/.test(text)) return undefined
  // What net/http, Express and others make of the status alone; in lower case it is a word of somebody's own.
  const isGone = (word: string) => response.status === 410 && /^(?:410 )?Gone\.?$/.test(word)
  const document = /^[{["]/.test(text) ? parseJson(text) : undefined
  if (document === undefined) {
    if (sentenceKind(text) === 'says no' || isGone(text)) return 'a known sentence'
    return key !== undefined && isAboutPlace(text) && !namesKey(text, key) ? 'another subject' : undefined
  }
  if (isRouterDocument(document.json, isGone)) return 'a known sentence'
  return key !== undefined && isPlaceDocument(document.json, key) ? 'another subject' : undefined
}

/** An empty body of a program that marks what it passes on, without that mark; or with the type of the page that is missing. */
function isEmptyOfOthers({ headers, status }: HttpResponse): boolean {
  const server = (headerText(headers, 'server') ?? '').toLowerCase()
  if (server === 'envoy' || server === 'istio-envoy') {
    return headers['x-envoy-upstream-service-time'] === undefined
  }
  // Caddy leaves the service's own Server field in place, and adds Via.
  if (server === 'caddy') return headers.via === undefined
  if (status !== 404) return false
  if (server.startsWith('microsoft-httpapi/')) return true
  const type = mediaType(headers)
  // nginx gives what it answers itself a type, `default_type`; a service that sends nothing gives it none.
  return type === 'text/html' || (/^(?:nginx|openresty|tengine)\b/.test(server) && type !== '')
}

/** What was seen in a document so far. */
interface Seen {
  readonly isGone: (text: string) => boolean
  /** Sentences of routers. */
  others: number
  /** A 404 in a number, and nothing by which a service speaks. */
  hasCode: boolean
  hasOwnWord: boolean
  own: boolean
  known: boolean
}

function isRouterDocument(document: unknown, isGone: Seen['isGone']): boolean {
  const seen: Seen = { isGone, others: 0, hasCode: false, hasOwnWord: false, own: false, known: false }
  look(document, '', seen, 0)
  return seen.known || (!seen.own && (seen.others > 0 || (seen.hasCode && !seen.hasOwnWord)))
}

function look(value: unknown, name: string, seen: Seen, depth: number): void {
  if (value === null || value === undefined || typeof value === 'boolean') return
  if (typeof value === 'string') lookAtText(value, name, seen)
  else if (value === 404 || value === 410) seen.hasCode = true
  else if (typeof value === 'number') seen.own ||= !TECHNICAL.test(name) && !CODES.test(name)
  else if (depth >= MAX_DEPTH) seen.own = true
  else if (Array.isArray(value)) for (const element of value) look(element, name, seen, depth + 1)
  else for (const [key, member] of Object.entries(value)) look(member, key, seen, depth + 1)
}

function lookAtText(text: string, name: string, seen: Seen): void {
  if (isKnownSentence(text)) seen.known = true
  else {
    const kind = seen.isGone(text) ? 'says no' : sentenceKind(text)
    if (kind === 'says no' && isOwnWord(name, text)) seen.hasOwnWord = true
    else if (kind === 'says no') seen.others++
    else if (kind === 'own' && !TECHNICAL.test(name)) seen.own = true
  }
}

/** What services write for "no such key", where frameworks begin with a capital. Beside a router's sentence it says nothing. */
function isOwnWord(name: string, text: string): boolean {
  return (name === 'error' || name === 'code') && /^(?:not[ _]found|no[ _-]such|gone)$/.test(text)
}

/** A text that speaks of a place, and none that names what was asked for. */
function isPlaceDocument(document: unknown, key: string): boolean {
  const texts: string[] = []
  collectTexts(document, '', texts, 0)
  return texts.some(isAboutPlace) && !texts.some((text) => namesKey(text, key))
}

function collectTexts(value: unknown, name: string, texts: string[], depth: number): void {
  if (typeof value === 'string') {
    if (!TECHNICAL.test(name) || name === 'exception') texts.push(value)
  } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    for (const [key, member] of Object.entries(value))
      collectTexts(member, Array.isArray(value) ? name : key, texts, depth + 1)
  }
}
