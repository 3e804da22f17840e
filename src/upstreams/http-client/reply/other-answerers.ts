/**
 * Replies that did not come from the service but from something before it: a proxy without a route, a gateway, or
 * the framework whose router knows no such path. Their "404" says nothing about a key. Pure.
 *
 * | a body | is |
 * | --- | --- |
 * | with a sentence of a known program, or of nothing but words about routes | of another |
 * | that repeats the path that was asked, and says nothing else of a mail system or the key | of another |
 * | whose words are about a place (a route, an API, a tenant), and no key | of another |
 * | with words of its own, or empty | the service's |
 *
 * Of the words that both say, the spelling decides. `not found` and `not_found` in a member of an object are written by the
 * author of a service; `Not Found`, `NOT_FOUND`, `Gone`, and a text that is nothing else, are made of the status alone.
 *
 * A list can only hold what is known. What is sure is a canary, or a mark that the service alone sets
 * (`response.notFoundMark`). A reply is read whole, so that a service's own sentence is not caught.
 */
import { parseJson } from './json-document.ts'
import { isAboutPlace, isOfMail, namesKey } from './place-sentences.ts'
import { withoutRequest } from './request-echo.ts'
import { type HttpResponse, headerText, isHtml, isIdentity, mediaType } from './response.ts'
import { isKnownSentence, sentenceKind } from './router-sentences.ts'

/** Longest body that is looked at, bytes. Ours: a router's with the stack of its error has some 10,000. */
const MAX_COMPARED_BYTES = 65_536

/** Deepest member that is looked at. Ours: known ones are three deep. */
const MAX_DEPTH = 8

/** Members that routers add: whatever is in them, it is not what the service means. */
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
type OtherAnswer = 'a web page' | 'a compressed body' | 'a known sentence' | 'another subject'

/** What was asked for, and where. */
interface AskedFor {
  readonly key: string
  /** As it was sent, with its query; undefined where one request has several keys. */
  readonly path?: string | undefined
}

/** @param asked Undefined where a reply is no "not found", whose words may be those of a value. */
export function otherAnswerer(response: HttpResponse, asked?: AskedFor): OtherAnswer | undefined {
  const { headers, body } = response
  if (!isIdentity(headers)) return 'a compressed body'
  if (SELF_ANSWERING.test(headerText(headers, 'server') ?? '')) return 'a known sentence'
  if (MARKS_OF_OTHERS.some((name) => headers[name] !== undefined)) return 'a known sentence'
  if (body.length === 0) return isEmptyOfOthers(response) ? 'a known sentence' : undefined
  if (isHtml(response)) return 'a web page'
  if (body.length > MAX_COMPARED_BYTES) return undefined
  const text = body.toString('utf8').trim()
  // A number or a path of a mailbox is a value where values are.
  if (response.status < 400 && /^(?:\d+|\S+\/)$/.test(text)) return undefined
  // What net/http, Express and others make of the status alone; in lower case it is a word of somebody's own.
  const isGone = (word: string) => response.status === 410 && /^(?:410 )?Gone\.?$/.test(word)
  const document = /^[{["]/.test(text) ? parseJson(text) : undefined
  if (document === undefined) {
    if (asked !== undefined && isOfRoutedKey(text, asked.key)) return undefined
    if (sentenceKind(text) === 'says no' || isGone(text)) return 'a known sentence'
    return asked !== undefined && isOfAnotherSubject([text], [text], asked) ? 'another subject' : undefined
  }
  if (isRouterDocument(document.json, isGone, asked?.key)) return 'a known sentence'
  return asked !== undefined && isPlaceDocument(document.json, asked) ? 'another subject' : undefined
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
  readonly key: string | undefined
  readonly isGone: (text: string) => boolean
  /** Sentences of routers. */
  others: number
  /** A 404 in a number, and nothing by which a service speaks. */
  hasCode: boolean
  hasOwnWord: boolean
  own: boolean
  known: boolean
}

function isRouterDocument(document: unknown, isGone: Seen['isGone'], key: string | undefined): boolean {
  const seen: Seen = { key, isGone, others: 0, hasCode: false, hasOwnWord: false, own: false, known: false }
  look(document, '', seen, 0)
  return seen.known || (!seen.own && (seen.others > 0 || (seen.hasCode && !seen.hasOwnWord)))
}

function look(value: unknown, name: string, seen: Seen, depth: number): void {
  if (value === false && /^(?:found|exists)$/i.test(name)) seen.own = true
  if (value === null || value === undefined || typeof value === 'boolean') return
  if (typeof value === 'string') lookAtText(value, name, seen)
  else if (value === 404 || value === 410) seen.hasCode = true
  else if (typeof value === 'number') seen.own ||= !TECHNICAL.test(name) && !CODES.test(name)
  else if (depth >= MAX_DEPTH) seen.own = true
  else if (Array.isArray(value)) for (const element of value) look(element, name, seen, depth + 1)
  else for (const [key, member] of Object.entries(value)) look(member, key, seen, depth + 1)
}

function lookAtText(text: string, name: string, seen: Seen): void {
  if (seen.key !== undefined && isOfRoutedKey(text, seen.key)) seen.own = true
  else if (isKnownSentence(text)) seen.known = true
  else if (text === '' && name === 'message')
    seen.others++ // Laravel, of a route
  else {
    const kind = seen.isGone(text) ? 'says no' : sentenceKind(text)
    if (kind === 'says no' && isOwnWord(name, text)) seen.hasOwnWord = true
    else if (kind === 'says no') seen.others++
    else if (kind === 'own' && !TECHNICAL.test(name)) seen.own = true
  }
}

/** What the author of a service writes for "no such key", in whatever member. Beside a router's sentence it says nothing. */
function isOwnWord(name: string, text: string): boolean {
  return name !== '' && /^(?:not[ _]found|no[ _-]such|gone)$/.test(text)
}

/** A transport is a route, too: `no route to b.example`. */
function isOfRoutedKey(text: string, key: string): boolean {
  return /^no (?:such )?route (?:to|for) /i.test(text.trim()) && namesKey(text, key)
}

/** A text that speaks of a place or repeats the request, and none that names what was asked for. */
function isPlaceDocument(document: unknown, asked: AskedFor): boolean {
  const texts: string[] = []
  collectTexts(document, '', texts, 0, (name) => !TECHNICAL.test(name) || name === 'exception')
  const all: string[] = []
  collectTexts(document, '', all, 0, () => true)
  return isOfAnotherSubject(texts, all, asked)
}

/** @param all Also what is in members in which services and routers alike have technical things. */
function isOfAnotherSubject(
  texts: readonly string[],
  all: readonly string[],
  { key, path }: AskedFor,
): boolean {
  if (path === undefined) return texts.some(isAboutPlace) && !texts.some((text) => namesKey(text, key))
  const said = texts.map((text) => withoutRequest(text, path, key))
  if (said.some((text) => namesKey(text, key))) return false
  if (texts.some(isAboutPlace)) return true
  return all.some((text) => withoutRequest(text, path, key) !== text) && !said.some(isOfMail)
}

function collectTexts(
  value: unknown,
  name: string,
  texts: string[],
  depth: number,
  isWanted: (name: string) => boolean,
): void {
  if (typeof value === 'string') {
    if (isWanted(name)) texts.push(value)
  } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    for (const [key, member] of Object.entries(value))
      collectTexts(member, Array.isArray(value) ? name : key, texts, depth + 1, isWanted)
  }
}
