/**
 * Replies that did not come from the service but from something before it: a proxy without a route, a gateway, or
 * the framework whose router knows no such path. Their "404" says nothing about a key. Pure.
 *
 * A list can only hold what is known. What is sure is a canary, or a mark that the service alone sets
 * (`response.notFoundMark`). Bodies are compared whole, so that a service's own sentence is not caught.
 */
import { parseJson } from './json-document.ts'
import { type HttpResponse, headerText, isHtml, isIdentity } from './response.ts'

/** Longest body that is compared, bytes. Ours: the known ones are shorter. */
const MAX_COMPARED_BYTES = 1024

/** Whole texts, without blanks around them. */
const TEXTS: readonly RegExp[] = [
  /^404 page not found$/i, // Go net/http, gin, chi, Traefik, KrakenD
  /^default backend - 404$/i, // ingress-nginx, GKE
  /^response 404 \(backend NotFound\)/, // Google Cloud load balancer
  /^(?:404[ :]*)?not found\.?$/i, // Starlette, Koa, Tyk, Express' sendStatus
  /^Cannot (?:GET|POST) \//, // Express, Fiber
  /^(?:The )?requested (?:URL|resource) .{0,200}(?:was )?not found/i, // Werkzeug, Apache
  /^File not found\.$/, // PHP-FPM
  /^No input file specified\.$/, // PHP
  /^no (?:such )?route/i,
  /^The page could not be found\s+NOT_FOUND/, // Vercel
  /^Not Found - Request ID: /, // Netlify
  /^error code: 1\d{3}$/, // Cloudflare
  /^RESTEASY\d+: Could not find resource/, // Quarkus
  /^(?:upstream connect error|no healthy upstream)/, // Envoy
]

/** The sentence of an object that holds nothing else that a service could have meant. */
const SENTENCES: readonly RegExp[] = [
  /^no Route matched with those values$/, // Kong
  /^404 Route Not Found$/, // APISIX
  /^Not Found$/, // FastAPI, AWS API Gateway, Echo, Rails, Symfony, grpc-gateway
  /^Route [A-Z]+:.* not found$/, // Fastify
  /^Cannot (?:GET|POST) \//, // NestJS
  /^No static resource /, // Spring 6
  /^No route found for /, // Symfony
  /^The route .* could not be found\.?$/, // Laravel
  /^Page Not Found$/, // Micronaut
  /^Resource not found$/, // Azure API Management
  /^Application not found$/, // Railway
  /^Method does not exist\.?$/, // Google ESP
  /^Missing Authentication Token$/, // AWS API Gateway
  /^The requested resource could not be found\.?$/, // Rocket
]

/** Members that hold a sentence, and those that routers add to it: with any other the reply is the service's own. */
const SENTENCE_MEMBERS: ReadonlySet<string> = new Set(
  'message detail error error_msg reason title description'.split(' '),
)
const OTHER_MEMBERS: ReadonlySet<string> = new Set(
  'status statusCode code timestamp path request_id requestId type instance details trace method url _links _embedded'.split(
    ' ',
  ),
)

/** `Server` fields of programs that set it only on what they answer themselves. */
const SELF_ANSWERING = /^(?:awselb\/|CloudFront$|AmazonS3$|UploadServer$)/i

/** What shows that not the service answered; undefined when nothing does. */
export type OtherAnswer = 'a web page' | 'a compressed body' | 'a known sentence'

export function otherAnswerer(response: HttpResponse): OtherAnswer | undefined {
  if (!isIdentity(response.headers)) return 'a compressed body'
  if (SELF_ANSWERING.test(headerText(response.headers, 'server') ?? '')) return 'a known sentence'
  if (response.body.length === 0) return isEmptyOfProxy(response) ? 'a known sentence' : undefined
  if (isHtml(response)) return 'a web page'
  if (response.body.length > MAX_COMPARED_BYTES) return undefined
  const text = response.body.toString('utf8').trim()
  if (TEXTS.some((pattern) => pattern.test(text))) return 'a known sentence'
  return text.startsWith('{') && isRouterDocument(parseJson(text)?.json) ? 'a known sentence' : undefined
}

/** An empty body of a program that marks what it passes on, without that mark. */
function isEmptyOfProxy({ headers }: HttpResponse): boolean {
  const server = (headerText(headers, 'server') ?? '').toLowerCase()
  if (server === 'envoy' || server === 'istio-envoy') {
    return headers['x-envoy-upstream-service-time'] === undefined
  }
  // Caddy leaves the service's own Server field in place, and adds Via.
  return server === 'caddy' && headers.via === undefined
}

function isRouterDocument(document: unknown): boolean {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return false
  const members = Object.entries(document)
  if (members.some(([name]) => !SENTENCE_MEMBERS.has(name) && !OTHER_MEMBERS.has(name))) return false
  return members.some(([name, member]) => {
    if (!SENTENCE_MEMBERS.has(name)) return false
    if (typeof member !== 'string') return isRouterDocument(member)
    return SENTENCES.some((pattern) => pattern.test(member))
  })
}
