/**
 * Sentences by which a proxy or a framework's router says that it has no such page, route or file. Pure.
 *
 * | a sentence | is |
 * | --- | --- |
 * | `404 page not found`, `The requested URL /x was not found on this server.` | a router's: every word of it is about routes |
 * | `no Route matched with those values` and others with words of their own | a router's, by the list |
 * | `Tenant not found`, `This API version has been retired` | about a place, whatever words are beside: `place-sentences.ts` |
 * | `no such user`, `alias a@b.example not found` | the service's: it names what was looked for |
 */

/** Words of a sentence that names nothing but a route. Of a mail system's own words (user, alias, domain, key, record) none is here. */
const WORDS: ReadonlySet<string> = new Set(
  `http https error errors err status code codes not found notfound page pages file files route routes routing router resource
  resources url uri path paths endpoint endpoints api request requests requested the this that there was were is are be been could
  can cannot couldn t s does do doesn didn don wasn isn exist exists on in at of for to from with by a an any no such server service
  backend upstream app application site website web default here nothing sorry oops whoops we you your it its looking look locate
  find match matches matched matching unable global handler handlers registered configured unknown invalid get post head method methods
  exception action controller module function proxy gateway fault abort filter deployment deployed location content available
  please check spelling try again if entered manually and or message msg reason detail description title fail failed failure
  occurred report response reply problem has have`.split(/\s+/),
)

/** 404, 410, and the digits of `HTTP/1.1`. Another code is of a mail system: `550 not found`. */
const NUMBERS = /^(?:404|410|\d)$/

/** What makes a sentence of such words a "no". */
const NO =
  /\b(?:404|notfound|not (?:be )?found|not find|no such|not exist|cannot (?:get|find)|unable to (?:find|locate)|no route|no (?:matching )?(?:handler|app|application|site|page|backend|endpoint|service)|not available|unknown (?:route|path|url|uri|endpoint|page|resource|api|method|action|app|application|site)|(?:route|path|url|uri|endpoint|page|resource|api|method|action) unknown|nothing (?:here|found))\b|n t (?:exist|(?:be )?found)\b/

/** Begin sentences of routers that have other words, too. */
const KNOWN: readonly RegExp[] = [
  /^no Route matched with those values$/i, // Kong
  /^Route [A-Z]+:?.* (?:not found|doesn't exist)/, // Fastify, Directus
  /(?:^|_)route_not_found$/i, // Directus, Appwrite
  /^Cannot (?:GET|POST|HEAD) \//, // Express, NestJS, Fiber
  /^Cannot find any path matching /, // Nitro, Nuxt
  /^No static resource /, // Spring 6
  /^No (?:HTTP )?(?:route|handler|mapping|resource|webhook)s? (?:was )?(?:found|matche[sd]) /i, // Symfony, Rails, Spring, ASP.NET Web API
  /^no handler for /i, // Vault, Helidon
  /^no (?:such )?route/i,
  /^The route .* could not be found\.?$/, // Laravel
  /^Endpoint .* not found/, // Javalin, LoopBack
  /^The requested webhook /, // n8n
  /^(?:The )?requested (?:URL|resource|path) .{0,200}(?:(?:was )?not found|is invalid)/i, // Werkzeug, Apache, Sanic, Supabase
  /^requested path is invalid$/, // Supabase
  /^Could not find resource for (?:full path|relative)/, // RESTEasy
  /^RESTEASY\d+: Could not find resource/, // Quarkus
  /^Could not find the (?:table|function|relationship) /, // PostgREST
  /^relation ".*" does not exist$/, // PostgREST
  /^(?:no such index|index_not_found_exception)/, // Elasticsearch, OpenSearch
  /^(?:Database|Realm) does not exist\.?$/, // CouchDB, Keycloak
  /^Unable to identify proxy for host/, // Apigee
  /^No context-path matches/, // Gravitee
  /^Method does not exist\.?$/, // Google ESP
  /^Missing Authentication Token$/, // AWS API Gateway
  /(?:RoutingError|NoHandlerFoundException|NoResourceFoundException|NotFoundHttpException|HttpNotFoundException)\b/, // Rails, Spring, Symfony, Slim
  /^default backend - 404$/i, // ingress-nginx, GKE
  /^response 404 \(backend NotFound\)/, // Google Cloud load balancer
  /^No input file specified\.$/, // PHP
  /^The page could not be found\s+NOT_FOUND/, // Vercel, as is the next
  /(?:^|\s)[a-z]{3}\d::[\w-]+/,
  /^(?:404 Not Found: )?Requested route \(/, // Cloud Foundry
  /^The Resource '.*' under resource group '.*' was not found/, // Azure
  /^NoSuch(?:Bucket|Key|Version|Upload|Container|Blob|Object)$/, // S3 and those who speak as it does
  /^The specified (?:key|bucket|blob|container|resource|version|upload|queue|share|account|parent|table|entity) (?:does not|doesn't) exist/, // S3, Azure
  /^(?:The deployment could not be found|DEPLOYMENT_NOT_FOUND)/, // Vercel
  /^Not Found - Request ID: /, // Netlify
  /^error code: 1\d{3}$/, // Cloudflare
  /^(?:upstream connect error|no healthy upstream|fault filter abort)/, // Envoy
  /^Fastly error: /,
  /^Tunnel .* not found/, // ngrok
  /^Requested entity was not found\.?$/, // Google
  /^The current request is not defined by this API/, // Envoy of Google's endpoints, gateways by OpenAPI documents
  /^Unable to find matching target resource method/, // RESTEasy, Quarkus
  /^Requested URI does not represent any resource/, // SAP, as is the next
  /^Resource not found for the segment /, // OData
  /^Unrecognized request URL/, // Stripe
  /^Could not route to /, // Cloudflare
  /^error finding function .* not found/, // OpenFaaS
  /^tag:oracle\.com,\d{4}:error\/NotFound$/, // Oracle REST Data Services
  /^no_db_file$/, // CouchDB
  /^Nothing matches the given URI/, // Python
  /^There isn't a GitHub Pages site here/,
  /^No such object: [^\s@/]+\//, // Google Cloud Storage
  /^Unmatched route/i,
  /^(?:moved|(?:under )?(?:construction|maintenance)(?: mode)?)[.!]?$/i,
]

/** `says no`: a router's "not found". `neutral`: words that say nothing. `own`: the service's own words. */
type SentenceKind = 'says no' | 'neutral' | 'own'

export function sentenceKind(text: string): SentenceKind {
  const sentence = text.trim()
  if (KNOWN.some((pattern) => pattern.test(sentence))) return 'says no'
  const words = wordsOf(sentence)
  if (words.some((word) => !WORDS.has(word) && !NUMBERS.test(word))) return 'own'
  return NO.test(words.join(' ')) ? 'says no' : 'neutral'
}

/** Returns whether a sentence is in the list, whatever else is beside it. */
export function isKnownSentence(text: string): boolean {
  const sentence = text.trim()
  return KNOWN.some((pattern) => pattern.test(sentence))
}

/** In lower case, `NotFound` as two words, without paths and URLs: they are what was asked for. */
export function wordsOf(sentence: string): readonly string[] {
  return sentence
    .split(/\s+/)
    .filter((token) => !/^["'`[(<]*(?:[A-Z]+:)?(?:\/|[a-z]+:\/\/|about:)/.test(token))
    .join(' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9\u0080-\uffff]+/)
    .filter((word) => word !== '')
}
