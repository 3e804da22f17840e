/**
 * What an HTTP service and the tables that ask one have in the configuration, and what is wrong with
 * it that a schema cannot say.
 */

import { isDeepStrictEqual } from 'node:util'
import { type AttributeNames, Attributes, writtenQuestion } from '../../core/attributes.ts'
import { problem } from '../../schema/problem.ts'
import { type Settings, Type } from '../../schema/schema.ts'
import type { Scope } from '../../schema/scope.ts'
import type {
  ReplyPart,
  TableCheck,
  UpstreamCheck,
  UpstreamSettingsKind,
} from '../../schema/settings-kind.ts'
import { checkOAuth, checkTableHeaders } from '../http-client/oauth/check.ts'
import { OAUTH_PROBLEMS } from '../http-client/oauth/problems.ts'
import { HTTP_CLIENT_PROBLEMS } from '../http-client/problems.ts'
import { whyNoProxy } from '../http-client/proxy-url.ts'
import { isWholeBody } from '../http-client/reply/one-answer.ts'
import { notFoundStatuses } from '../http-client/reply/response-mapping.ts'
import { attributesIn } from '../http-client/request/attribute-use.ts'
import { AUTH_HTTP } from '../http-client/request/auth-http.ts'
import { REQUEST_PROBLEMS } from '../http-client/request/problems.ts'
import { checkQuestion } from '../http-client/request/question-check.ts'
import { checkBatch, checkRequest, checkResponse } from '../http-client/request/request-check.ts'
import { RequestTemplate } from '../http-client/request/request-template.ts'
import type { RequestSettings } from '../http-client/settings.ts'
import { HTTP_TABLE_KEYS } from '../http-client/table-schema.ts'
import { HttpUpstream } from '../http-client/upstream-schema.ts'
import { checkReplica } from '../replica/check.ts'
import { REPLICA_PROBLEMS } from '../replica/problems.ts'
import { Replica } from '../replica/schema.ts'
import { HTTP_PROBLEMS } from './problems.ts'

/** What a table has for upstreams of this kind. */
const HttpTable = Type.Object({ ...HTTP_TABLE_KEYS, replica: Type.Optional(Replica) })

type Upstream = Settings<typeof HttpUpstream>
type Table = Settings<typeof HttpTable>

export const httpConfiguration: UpstreamSettingsKind<typeof HttpUpstream, typeof HttpTable> = {
  name: 'http',
  summary: 'an HTTP service',
  word: 'endpoints',
  wordMeans: 'the URLs of the service',
  problems: {
    ...HTTP_PROBLEMS,
    ...HTTP_CLIENT_PROBLEMS,
    ...REQUEST_PROBLEMS,
    ...OAUTH_PROBLEMS,
    ...REPLICA_PROBLEMS,
  },
  settings: HttpUpstream,
  tableSettings: HttpTable,
  isRemote: true,
  hasCircuits: true,
  check: checkUpstream,
  checkTable,
  knowsAllKeys: ({ replica }) => replica !== undefined && replica.notFoundForMs > 0,
  // Undefined is left out: without `host` and `oauth` stored answers stay.
  decisive: ({ endpoints, host, identity, oauth }) => ({
    ...(identity === undefined ? { endpoints: endpoints.map(({ url }) => url), host } : { identity }),
    // A token for somebody else may open other data.
    oauth: oauth && [oauth.tokenUrl.url, oauth.clientId, oauth.scope, oauth.audience],
  }),
  decisiveOfTable: ({ request, batch, response }) => ({
    request: request && { ...request, headers: decisiveHeaders(request) },
    batch: batch && { ...batch, headers: decisiveHeaders(batch), maxKeys: 0, maxWaitMs: 0 },
    response: { ...response, notFound: notFoundStatuses(response, attributesIn(request).size > 0) },
  }),
  attributesOf: ({ request }) => attributesIn(request),
  replyParts: ({ request, response: { user, action, value, foundMark, refused } }) => {
    const isAuth = request?.form === AUTH_HTTP
    const parts = new Set<ReplyPart>()
    if (isAuth || user !== undefined) parts.add('user')
    if (!isWholeBody({ user: undefined, action, value })) parts.add('place')
    if (isAuth || foundMark !== undefined) parts.add('mark')
    if (isAuth || refused !== undefined) parts.add('refusal')
    return parts
  },
}

/** Header values may be secrets that change; only those with a place for the key decide an answer. */
function decisiveHeaders({ headers }: Pick<RequestSettings, 'headers'>) {
  return Array.from(headers, ([name, value]) => [name, value.includes('{') ? value : ''])
}

function checkUpstream(upstream: Upstream, scope: Scope, { all }: UpstreamCheck<Upstream>): void {
  const { endpoints, hedgeAfterMs } = upstream
  const urls = endpoints.map(({ url }) => url)
  for (const [index, url] of urls.entries()) {
    if (urls.indexOf(url) < index)
      scope.error(['endpoints', index], problem(HTTP_PROBLEMS, 'http-endpoint-twice'))
  }
  if (hedgeAfterMs !== undefined && endpoints.length === 1) {
    scope.warning(['hedgeAfter'], problem(HTTP_PROBLEMS, 'http-hedge-with-one'))
  }
  checkProxy(upstream, urls, scope)
  checkTls(upstream, scope, all)
  if (upstream.oauth !== undefined) checkOAuth(upstream.oauth, upstream, scope.within(['oauth']))
}

function checkProxy({ proxy }: Upstream, urls: readonly string[], scope: Scope): void {
  if (proxy === undefined) return
  const why = whyNoProxy(proxy)
  if (why !== undefined) scope.error(['proxy'], why)
  if (urls.some((url) => url.startsWith('unix:'))) {
    scope.error(['proxy'], problem(HTTP_PROBLEMS, 'http-unix-behind-proxy'))
  }
}

function checkTls({ tls }: Upstream, scope: Scope, all: readonly Upstream[]): void {
  if (tls === undefined) return
  if (tls.cert !== undefined && tls.key === undefined) {
    scope.error(['tls'], problem(HTTP_PROBLEMS, 'http-cert-without-key'))
  }
  if (tls.key !== undefined && tls.cert === undefined) {
    scope.error(['tls'], problem(HTTP_PROBLEMS, 'http-key-without-cert'))
  }
  const isUsed = all.some(
    (other) =>
      isDeepStrictEqual(other.tls, tls) &&
      [...other.endpoints, ...(other.oauth === undefined ? [] : [other.oauth.tokenUrl])].some(({ url }) =>
        url.startsWith('https:'),
      ),
  )
  // The same settings as those of an https upstream come out of `defaults`, or could.
  if (!isUsed && !scope.isBroken(['endpoints'])) {
    scope.warning(['tls'], problem(HTTP_PROBLEMS, 'http-tls-without-https'))
  }
}

/** A canary that fits into no request is never asked, so that it guards nothing. */
function checkCanary(
  { request, batch }: Table,
  { name, canary }: TableCheck<Upstream>['table'],
  attributes: AttributeNames,
  scope: Scope,
): void {
  if (canary === undefined || batch !== undefined || request?.path === undefined) return
  const asked = { ...request, path: request.path }
  if (attributesIn(request).size > 0) {
    if (canary.attributes === undefined) return
    const { shown, secret } = writtenQuestion(canary.attributes, attributes.secret)
    const built = requestOf(asked, '', name, new Attributes(shown, secret))
    if (built !== undefined && 'suppressed' in built)
      scope.error(
        ['canary', 'attributes'],
        problem(HTTP_PROBLEMS, 'http-canary-attributes-unfit', built.suppressed),
      )
    return
  }
  if (canary.key === '') return
  const built = requestOf(asked, canary.key, name)
  if (built === undefined || !('suppressed' in built)) return
  scope.error(
    ['canary', 'key'],
    problem(HTTP_PROBLEMS, 'http-canary-unfit', scope.show(['canary', 'key'], canary.key), built.suppressed),
  )
}

/** Undefined for templates that are none, of which `checkRequest` speaks. */
function requestOf(
  settings: RequestSettings,
  key: string,
  table: string,
  attributes?: Attributes,
): ReturnType<RequestTemplate['build']> | undefined {
  try {
    return new RequestTemplate(settings).build(key, table, '', attributes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function checkTable(
  settings: Table,
  { scope, table, attributes, upstreams, shadow, cacheFile, keepsFilesIn }: TableCheck<Upstream>,
): void {
  const { request, batch, response, replica } = settings
  const [service] = [...upstreams.keys()]
  const asksByKey = replica?.authoritative !== true
  if (service !== undefined && asksByKey && request?.path === undefined && batch === undefined) {
    scope.error(
      request === undefined ? [] : ['request'],
      problem(HTTP_PROBLEMS, 'http-without-path', service, table.name),
    )
  }
  if (request !== undefined) checkRequest(request, attributes, scope.within(['request']))
  const asksWithTokens = ([
    ,
    {
      settings: { oauth },
    },
  ]: [unknown, { settings: Upstream }]) => oauth !== undefined
  checkQuestion(settings, attributes, [...upstreams].find(asksWithTokens)?.[0], scope)
  checkCanary(settings, table, attributes, scope)
  if (batch !== undefined) checkBatch(batch, scope.within(['batch']))
  const notFound = notFoundStatuses(response, attributesIn(request).size > 0)
  checkResponse({ ...response, notFound }, batch, scope)
  if (replica !== undefined) {
    const { sideEffects } = table
    const services = upstreams.size
    const hasAttributes = attributesIn(request).size > 0
    checkReplica(replica, {
      scope: scope.within(['replica']),
      table: table.name,
      cacheFile,
      keepsFilesIn,
      services,
      sideEffects,
      hasAttributes,
      hasCanary: table.canary !== undefined,
    })
  }
  for (const [name, { settings, scope: ofUpstream }] of upstreams) {
    if (settings.oauth !== undefined) checkTableHeaders(name, { request, batch }, scope)
    if (settings.timeoutMs <= table.deadlineMs) continue
    scope.warning(
      scope.isWritten(['deadline']) ? ['deadline'] : [],
      problem(
        HTTP_PROBLEMS,
        'http-timeout-above-deadline',
        scope.textAt(['deadline']),
        name,
        ofUpstream.textAt(['timeout']),
      ),
    )
  }
  for (const [name, { settings }] of shadow) {
    if (settings.oauth !== undefined) checkTableHeaders(name, { request, batch }, scope)
    if (!asksByKey) scope.error(['shadow'], problem(HTTP_PROBLEMS, 'http-shadow-of-authoritative'))
  }
  if (table.sideEffects && batch !== undefined) {
    scope.error(['batch'], problem(HTTP_PROBLEMS, 'http-batch-with-side-effects'))
  }
}
