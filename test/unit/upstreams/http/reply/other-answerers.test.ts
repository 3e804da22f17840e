import { describe, expect, test } from 'vitest'
import { compileResponse, mapResponse } from '../../../../../src/upstreams/http/reply/response-mapping.ts'
import type { ResponseSettings } from '../../../../../src/upstreams/http/settings.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'

type Fields = Readonly<Record<string, string>>
const JSON_TYPE: Fields = { 'content-type': 'application/json' }

function answer(body: string, headers: Fields = {}, settings: Partial<ResponseSettings> = {}, status = 404) {
  const response = {
    status,
    headers: { 'content-length': String(body.length), ...headers },
    body: Buffer.from(body),
  }
  const asked = { key: 'a@b.example', conditional: false, nowMs: 0 }
  return mapResponse(response, compileResponse(responseSettings(settings)), asked).result.kind
}

/** Collected from the programs' own sources and documentation. */
const OTHERS: [who: string, body: string, headers?: Fields][] = [
  ['Traefik, Go', '404 page not found\n'],
  ['ingress-nginx', 'default backend - 404'],
  ['Google Cloud', 'response 404 (backend NotFound), service rules for the path non-existent'],
  ['Kong', '{"message":"no Route matched with those values"}', JSON_TYPE],
  ['Kong 3', '{\n  "message":"no Route matched with those values",\n  "request_id":"c3"\n}', JSON_TYPE],
  ['APISIX', '{"error_msg":"404 Route Not Found"}'],
  ['FastAPI', '{"detail":"Not Found"}', JSON_TYPE],
  ['Starlette', 'Not Found'],
  ['Express', '<!DOCTYPE html>\n<html lang="en"><pre>Cannot GET /x</pre>'],
  ['Fiber', 'Cannot GET /x'],
  ['NestJS', '{"message":"Cannot GET /x","error":"Not Found","statusCode":404}', JSON_TYPE],
  ['Fastify', '{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}', JSON_TYPE],
  [
    'Spring Boot',
    '{"timestamp":"2026-01-01T00:00:00","status":404,"error":"Not Found","path":"/x"}',
    JSON_TYPE,
  ],
  [
    'Spring 6',
    '{"type":"about:blank","title":"Not Found","status":404,"detail":"No static resource x.","instance":"/x"}',
    { 'content-type': 'application/problem+json' },
  ],
  ['AWS API Gateway', '{"message":"Not Found"}', JSON_TYPE],
  ['AWS ALB', 'whatever was configured', { server: 'awselb/2.0' }],
  ['S3', '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', { 'content-type': 'application/xml' }],
  ['grpc-gateway', '{"code":5,"message":"Not Found","details":[]}', JSON_TYPE],
  ['Micronaut', '{"_links":{},"_embedded":{"errors":[{"message":"Page Not Found"}]},"message":"Not Found"}'],
  [
    'Rocket',
    '{"error":{"code":404,"reason":"Not Found","description":"The requested resource could not be found."}}',
  ],
  ['Envoy', '', { server: 'envoy' }],
  ['Istio', '', { server: 'istio-envoy' }],
  ['Caddy', '', { server: 'Caddy' }],
  ['Cloudflare', 'error code: 1001', { server: 'cloudflare' }],
  ['PHP-FPM', 'File not found.\n'],
  ['nginx', '<html>\r\n<head><title>404 Not Found</title></head>', { 'content-type': 'text/html' }],
  ['HAProxy', '<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n'],
  ['Vercel', 'The page could not be found\n\nNOT_FOUND\n\ncdg1::x'],
  ['Vercel, by its field', 'whatever', { 'x-vercel-error': 'DEPLOYMENT_NOT_FOUND' }],
  [
    'Cloud Foundry',
    "404 Not Found: Requested route ('x.example') does not exist.",
    { 'x-cf-routererror': 'unknown_route' },
  ],
  ['ngrok', 'Tunnel x.ngrok.io not found', { 'ngrok-error-code': 'ERR_NGROK_3200' }],
  [
    'Fastly',
    'Fastly error: unknown domain: x.example. Please check that this domain has been added to a service.',
  ],
  ['Varnish', 'no', { server: 'Varnish' }],
  ['Akamai', 'no', { server: 'AkamaiGHost' }],
  ['Squid', 'no', { 'x-squid-error': 'ERR_INVALID_URL 0' }],
  ['Linkerd', '', { 'l5d-proxy-error': 'no route found for request' }],
  ['Kong itself', '{"x":1}', { ...JSON_TYPE, 'x-kong-response-latency': '1' }],
  ['Pyramid', '404 Not Found\n\nThe resource could not be found.\n\n\n/x\n\n'],
  [
    'Pyramid, JSON',
    '{"message":"The resource could not be found.\\n\\n\\n/x","code":"404 Not Found","title":"Not Found"}',
    JSON_TYPE,
  ],
  ['a bare number', '404'],
  ['an error with a number', 'Error 404: Not Found'],
  ['aiohttp', '404: Not Found'],
  ['Envoy, fault', 'fault filter abort'],
  [
    'Apigee',
    '{"fault":{"faultstring":"Unable to identify proxy for host: default and url: \\/x","detail":{"errorcode":"messaging.adaptors.http.flow.ApplicationNotFound"}}}',
    JSON_TYPE,
  ],
  [
    'Rails',
    '{"status":404,"error":"Not Found","exception":"#<ActionController::RoutingError: No route matches [GET] \\"/x\\">","traces":{"Application Trace":[],"Framework Trace":[{"id":0,"trace":"actionpack"}]}}',
    JSON_TYPE,
  ],
  [
    'ASP.NET',
    '{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.5","title":"Not Found","status":404,"traceId":"00-a-b-00"}',
    { 'content-type': 'application/problem+json' },
  ],
  [
    'ASP.NET Web API',
    '{"Message":"No HTTP resource was found that matches the request URI \'http://x/y\'."}',
    JSON_TYPE,
  ],
  ['GitHub, Slim', '{"message":"404 Not Found"}', JSON_TYPE],
  ['a code as text', '{"code":"404","message":"Not Found"}', JSON_TYPE],
  [
    'WSO2',
    '{"code":"404","type":"Status report","message":"Not Found","description":"The requested resource is not available."}',
    JSON_TYPE,
  ],
  ['a list of errors', '{"errors":[{"message":"Not Found"}]}', JSON_TYPE],
  ['a list of texts', '["Not Found"]', JSON_TYPE],
  ['Phoenix', '{"errors":{"detail":"Not Found"}}', JSON_TYPE],
  ['Django REST framework', '{"detail":"Not found."}', JSON_TYPE],
  [
    'Flask',
    '{"message":"The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."}',
    JSON_TYPE,
  ],
  ['Flask, text', '404 Not Found: The requested URL was not found on the server.'],
  ['Laravel', '{"message":"The route x could not be found."}', JSON_TYPE],
  [
    'Laravel, debugging',
    '{"message":"","exception":"Symfony\\\\Component\\\\HttpKernel\\\\Exception\\\\NotFoundHttpException","file":"/app/x.php","line":1,"trace":[{"file":"/app/y.php","line":44,"function":"handle"}]}',
    JSON_TYPE,
  ],
  [
    'Slim',
    '{"message":"404 Not Found","exception":[{"type":"Slim\\\\Exception\\\\HttpNotFoundException","code":404,"message":"Not found."}]}',
    JSON_TYPE,
  ],
  ['Hapi', '{"statusCode":404,"error":"Not Found","message":"Not Found"}', JSON_TYPE],
  ['a code and nothing else', '{"code":404}', JSON_TYPE],
  ['a status and nothing else', '{"success":false,"status":404,"data":null}', JSON_TYPE],
  ['an unknown route', 'Unknown route'],
  ['no app', 'There is no app here'],
  ['a service that is not there', 'The service is not available'],
  ['Restify', '{"code":"ResourceNotFound","message":"/x does not exist"}', JSON_TYPE],
  [
    'Strapi',
    '{"data":null,"error":{"status":404,"name":"NotFoundError","message":"Not Found","details":{}}}',
    JSON_TYPE,
  ],
  [
    'LoopBack',
    '{"error":{"statusCode":404,"name":"NotFoundError","message":"Endpoint \\"GET /x\\" not found."}}',
    JSON_TYPE,
  ],
  [
    'Directus',
    '{"errors":[{"message":"Route /x doesn\'t exist.","extensions":{"code":"ROUTE_NOT_FOUND","path":"/x"}}]}',
    JSON_TYPE,
  ],
  ['PocketBase', '{"code":404,"message":"The requested resource wasn\'t found.","data":{}}', JSON_TYPE],
  [
    'PostgREST',
    '{"code":"PGRST205","details":null,"hint":"Perhaps you meant the table \'public.a\'","message":"Could not find the table \'public.b\' in the schema cache"}',
    JSON_TYPE,
  ],
  ['CouchDB', '{"error":"not_found","reason":"Database does not exist."}', JSON_TYPE],
  [
    'Elasticsearch',
    '{"error":{"type":"index_not_found_exception","reason":"no such index [x]","index":"x"},"status":404}',
    JSON_TYPE,
  ],
  ['Vault', '{"errors":["no handler for route \'x/y\'"]}', JSON_TYPE],
  ['Kubernetes', 'the server could not find the requested resource'],
  ['Dropwizard', '{"code":404,"message":"HTTP 404 Not Found"}', JSON_TYPE],
  ['Quarkus', 'RESTEASY003210: Could not find resource for full path: http://x/y'],
  ['Akka', 'The requested resource could not be found.'],
  [
    'Yii',
    '{"name":"Not Found","message":"Page not found.","code":0,"status":404,"type":"yii.web.NotFoundHttpException"}',
    JSON_TYPE,
  ],
  ['CakePHP', '{"message":"Not Found","url":"/x","code":404}', JSON_TYPE],
  ['Heroku', '<!DOCTYPE html><html><head><title>No such app</title></head>', { 'content-type': 'text/html' }],
  ['Azure', '404 - Web app not found'],
  ['Azure API Management', '{ "statusCode": 404, "message": "Resource not found" }', JSON_TYPE],
  [
    'an unknown one, nothing but words of routes',
    'Sorry, there is nothing here: no such endpoint on this server.',
  ],
  ['an empty page', '', { 'content-type': 'text/html; charset=UTF-8' }],
  ['nginx, with its type', '', { server: 'nginx/1.22.1', 'content-type': 'application/octet-stream' }],
  ['http.sys', '', { server: 'Microsoft-HTTPAPI/2.0' }],
  ['Cloud Foundry, without its field', "404 Not Found: Requested route ('x.example') does not exist."],
  [
    'Google',
    '{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}',
    JSON_TYPE,
  ],
  [
    'Google, with its list',
    '{"error":{"code":404,"message":"Not Found","errors":[{"message":"Not Found","domain":"global","reason":"notFound"}]}}',
    JSON_TYPE,
  ],
  ['Matrix and others', '{"detail":"Method or path unknown"}', JSON_TYPE],
  ['Azure Storage', 'The specified blob does not exist.'],
  ['S3, in JSON', '{"code":"NoSuchKey","message":"The specified key does not exist.","key":"x"}', JSON_TYPE],
  ['MinIO', '{"Code":"NoSuchBucket","BucketName":"x"}', JSON_TYPE],
  ['Vercel, its code', 'NOT_FOUND: fra1::abcde-1'],
  [
    'Azure',
    '{"error":{"message":"The Resource \'Microsoft.Web/sites/x\' under resource group \'y\' was not found."}}',
    JSON_TYPE,
  ],
  ['a service with tenants', '{"error":"Tenant not found"}', JSON_TYPE],
  ['a service with tenants, and the name', '{"error":"Tenant acme not found","tenant":"acme"}', JSON_TYPE],
  ['a code of a tenant', '{"error":"TENANT_NOT_FOUND"}', JSON_TYPE],
  [
    'an API that is gone',
    '{"message":"This API version has been retired","docs":"https://x.example/"}',
    JSON_TYPE,
  ],
  ['an API that is gone, as text', 'API v1 is no longer available'],
  [
    'ASP.NET versions',
    '{"code":"UnsupportedApiVersion","message":"The version is not supported"}',
    JSON_TYPE,
  ],
  ['the API of aliases', '{"message":"The alias API has been removed"}', JSON_TYPE],
  ['GitLab', '{"message":"404 Project Not Found"}', JSON_TYPE],
  [
    'a registry',
    '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}',
    JSON_TYPE,
  ],
  ['a container', '{"error":{"code":"ContainerNotFound"}}', JSON_TYPE],
  ['a host', 'no such host'],
  ['a site', 'There is no site configured at this address'],
  ['a deployment', '{"title":"Deployment does not exist"}', JSON_TYPE],
  ['an application', 'The application has been suspended'],
  ['a virtual host', 'No such virtual host'],
  ['a route that is none', '{"error":"Not a valid route"}', JSON_TYPE],
  ['a wrong path', '{"error":"wrong path"}', JSON_TYPE],
  ['a project that rests', '{"error":"project is paused"}', JSON_TYPE],
  ['a backend that is ill', 'No healthy backend'],
  ['maintenance', '{"error":"maintenance"}', JSON_TYPE],
  ['an API key', '{"message":"Invalid API key"}', JSON_TYPE],
  [
    'an OpenAPI gateway',
    '{"code":404,"message":"The current request is not defined by this API."}',
    JSON_TYPE,
  ],
  ['Quarkus, REST', 'Unable to find matching target resource method'],
  ['SAP', '{"error":{"message":"Requested URI does not represent any resource"}}', JSON_TYPE],
  ['Stripe', '{"error":{"message":"Unrecognized request URL (GET: /x)."}}', JSON_TYPE],
  [
    'Cloudflare, its API',
    '{"success":false,"errors":[{"code":7003,"message":"Could not route to /x, perhaps your object identifier is invalid?"}]}',
    JSON_TYPE,
  ],
  ['OpenFaaS', 'error finding function aliases.openfaas-fn: not found'],
  [
    'OData',
    '{"error":{"code":"BadRequest","message":"Resource not found for the segment \'aliases\'."}}',
    JSON_TYPE,
  ],
  [
    'ORDS',
    '{"code":"NotFound","title":"Not Found","message":"Not Found","type":"tag:oracle.com,2020:error/NotFound","instance":"tag:oracle.com,2020:ecid/x"}',
    JSON_TYPE,
  ],
  ['CouchDB, its file', '{"error":"not_found","reason":"no_db_file"}', JSON_TYPE],
  ['Laravel, nothing said', '{"message":""}', JSON_TYPE],
  ['Google Cloud Storage', 'No such object: bucket/v1/x'],
  ['GitHub Pages', "There isn't a GitHub Pages site here."],
  ['Google, an entity', '{"message":"Requested entity was not found."}', JSON_TYPE],
  ['an error of the system', 'no route to host'],
  ['a method and a path, whatever its prefix', '{"error":"not found: GET /x/y"}', JSON_TYPE],
  ['the status alone', '{"error":"Not Found"}', JSON_TYPE],
  ['the status alone, deeper', '{"error":{"message":"Not Found"}}', JSON_TYPE],
  ['the status alone, as a code', '{"status":"NOT_FOUND"}', JSON_TYPE],
  ['a text that is nothing else', 'not found'],
  ['a text in JSON that is nothing else', '"not found"', JSON_TYPE],
]

describe('a 404 of something before the service says nothing about the key', () => {
  test.each(OTHERS)('%s', (_who, body, headers) => {
    expect(answer(body, headers)).toBe('temporary')
    expect(answer(body, headers, { notFoundBody: 'any' })).toBe('notfound')
  })
})

describe("the service's own words are believed", () => {
  test.each([
    ['{"error":"not found"}'],
    ['{"error":{"message":"not found"}}'],
    ['{"success":false,"message":"not found"}'],
    ['{"ok":false,"error":"not found"}'],
    ['{"status":"not_found"}'],
    ['{"msg":"not found"}'],
    ['{"detail":"not found"}'],
    ['{"errors":["not found"]}'],
    ['{"found":false,"message":"not found"}'],
    ['{"found":false,"message":"Not Found"}'],
    ['{"error":"no route for a@b.example"}'],
    ['no route to b.example'],
    ['{"error":"host b.example not found"}'],
    ['{"error":"entity not found"}'],
    ['{"error":"client not found"}'],
    ['{"error":"no such address"}'],
    ['{"error":"Not Found","key":"a@b.example"}'],
    ['{"message":"alias a@b.example not found"}'],
    ['{"error":"not_found"}'],
    ['{"error":"not found","code":404}'],
    ['{"error":{"code":"not_found"}}'],
    ['{"code":"ALIAS_NOT_FOUND","message":"Not Found"}'],
    ['{"error":"Not Found","message":"no such mailbox"}'],
    ['{"message":"Unknown recipient"}'],
    ['{"detail":"No Alias matches the given query."}'],
    ['{"message":"No query results for model [Alias] a@b.example"}'],
    ['{"error":"not_found","reason":"missing"}'],
    ['{"_index":"aliases","_id":"a@b.example","found":false}'],
    ['{"errors":[]}'],
    ['{"id":7,"error":"Not Found"}'],
    ['no such user'],
    ['address not found'],
    ['Domain not found'],
    ['a@b.example: not found'],
    ['550 not found'],
    ['gone'],
    ['Gone'],
    ['{"error":{"code":"no_such"}}'],
    ['{"error":"gone"}'],
    ['{"error":"Tenant of a@b.example not found"}'],
    ['{"error":"Tenant not found","key":"a@b.example"}'],
    ['{"error":"not found in database"}'],
    ['ann not found on server'],
    ['database entry not found'],
    ['No entry in table'],
    ['No match in the directory'],
    ['mailbox does not exist on this host'],
    ['unknown domain'],
    ['{"error":"Resource alias not found"}'],
    ['{"error":{"code":404,"message":"alias not found","status":"NOT_FOUND"}}'],
    ['{}'],
    ['null'],
    [''],
  ])('%j', (body) => {
    expect(answer(body, JSON_TYPE)).toBe('notfound')
  })

  test('also behind Envoy and Caddy, which mark what they pass on', () => {
    expect(answer('', { server: 'envoy', 'x-envoy-upstream-service-time': '3' })).toBe('notfound')
    expect(answer('', { server: 'Caddy', via: '1.1 Caddy' })).toBe('notfound')
    expect(answer('', { server: 'nginx' })).toBe('notfound')
    expect(answer('', { server: 'nginx', 'content-type': 'text/plain' }, {}, 204)).toBe('notfound')
  })
})

test('an empty 200 of Caddy without a route is no "not found"', () => {
  expect(answer('', { server: 'Caddy' }, {}, 200)).toBe('temporary')
  expect(answer('', {}, {}, 200)).toBe('notfound')
})

test('a path of a mailbox is a value, whatever its words', () => {
  expect(answer('no.such/', {}, {}, 200)).toBe('found')
  expect(answer('no such route', {}, {}, 200)).toBe('temporary')
})

test('a text of the transport error is a value where it is selected for transports', () => {
  const say = (parameter: string, value: string | undefined, body: string) =>
    mapResponse(
      { status: 200, headers: { 'content-length': String(body.length) }, body: Buffer.from(body) },
      compileResponse(responseSettings({ value }), false, [parameter]),
      { key: 'a@b.example', conditional: false, nowMs: 0 },
    ).result.kind
  expect(say('transport_maps', '$.t', '{"t":"error: mailbox is disabled"}')).toBe('found')
  expect(say('transport_maps', '$.t', '{"t":"retry: later"}')).toBe('found')
  expect(say('virtual_alias_maps', '$.t', '{"t":"error: mailbox is disabled"}')).toBe('temporary')
  expect(say('transport_maps', undefined, 'error: no database')).toBe('temporary')
  expect(say('transport_maps', '$.t', '{"t":"error"}')).toBe('temporary')
})

test('a problem is no answer, whatever its status says', () => {
  const problem = { 'content-type': 'application/problem+json' }
  expect(answer('null', problem, {}, 200)).toBe('temporary')
  expect(answer('["a@b.example"]', problem, {}, 200)).toBe('temporary')
  expect(answer('{"goto":"a@b.example"}', problem, { value: '$.goto' }, 200)).toBe('temporary')
  expect(answer('null', { 'content-type': 'application/vnd.api+json' }, {}, 200)).toBe('notfound')
  expect(answer('{"detail":"no such alias"}', problem)).toBe('notfound')
})

test('a number is a value where values are, and a refusal by a code of mail is one, too', () => {
  expect(answer('404', {}, {}, 200)).toBe('found')
  expect(answer('550 not found', {}, {}, 200)).toBe('found')
  expect(answer('404 page not found', {}, {}, 200)).toBe('temporary')
})

describe('410, which services say of what was deleted', () => {
  test.each([
    [''],
    ['{}'],
    ['gone'],
    ['{"error":"gone"}'],
    ['{"error":"user was deleted"}'],
    ['This mailbox has been removed'],
  ])('%j is believed', (body) => expect(answer(body, JSON_TYPE, {}, 410)).toBe('notfound'))

  test.each([
    ['Gone'],
    ['Gone\n'],
    ['410 Gone'],
    ['{"error":"Gone","statusCode":410}'],
    ['{"message":"Gone"}'],
    ['{"code":410}'],
    ['This version of the API is no longer supported'],
    ['{"error":"Endpoint has been removed"}'],
  ])('%j is of a status or a route', (body) => expect(answer(body, JSON_TYPE, {}, 410)).toBe('temporary'))
})

test('what was asked for is found in the words, not in the path', () => {
  const say = (body: string, key: string) =>
    mapResponse({ status: 404, headers: {}, body: Buffer.from(body) }, compileResponse(responseSettings()), {
      key,
      conditional: false,
      nowMs: 0,
    }).result.kind
  expect(say('{"error":"Tenant B.example not found"}', 'b.example')).toBe('notfound')
  expect(say('{"error":"Tenant c.example not found"}', 'b.example')).toBe('temporary')
  expect(say('{"error":"Endpoint /aliases/b.example is gone"}', 'b.example')).toBe('temporary')
})

describe('a body that repeats the path that was asked is of a router', () => {
  const say = (body: string, path: string, key: string) =>
    mapResponse({ status: 404, headers: {}, body: Buffer.from(body) }, compileResponse(responseSettings()), {
      key,
      path,
      conditional: false,
      nowMs: 0,
    }).result.kind

  test.each([
    [
      '{"url":"/v1/aliases/a%40b.example","status":"404","message":"Not Found","servlet":"org.eclipse.jetty.ee10.servlet.DefaultServlet-1"}',
    ],
    ['{"error":"not found","path":"/v1/aliases/a%40b.example"}'],
    ['{"error":"not found","path":"/v1/aliases/a@b.example"}'],
    ['{"error":"not found","path":"/aliases/a@b.example"}'],
    ['{"error":"not found","method":"GET","url":"/v1/aliases/a%40b.example?x=1"}'],
    ["Can't find /v1/aliases/a@b.example on this server!"],
    ['{"status":"fail","message":"Can\'t find /v1/aliases/a%40b.example on this server!"}'],
    ['{"error":"/v1/aliases/a%40b.example"}'],
    ['{"message":"\u{1f50d} - Not Found - /v1/aliases/a%40b.example"}'],
    ['{"error":"http://x.example:8080/v1/aliases/a%40b.example?x=1"}'],
    ['nothing known at v1/aliases/a@b.example.'],
    ['GET /v1/aliases/a%40b.example'],
    ['{"error":"not found","request":"GET /inner/a%40b.example"}'],
  ])('%j', (body) => {
    expect(say(body, '/v1/aliases/a%40b.example?x=1', 'a@b.example')).toBe('temporary')
  })

  test('also where the path is nothing but the key', () => {
    expect(say('/info@example.com not found', '/info%40example.com', 'info@example.com')).toBe('temporary')
    expect(say('"/info@example.com" is nothing', '/info%40example.com', 'info@example.com')).toBe('temporary')
    expect(say('info@example.com not found', '/info%40example.com', 'info@example.com')).toBe('notfound')
    expect(say('{"error":"/c-d.example"}', '/c-d.example', 'c-d.example')).toBe('temporary')
  })

  test.each([
    ['{"error":"not found","key":"a@b.example"}'],
    ['a@b.example'],
    ['a%40b.example'],
    ['{"error":"Not Found","message":"no such alias","path":"/v1/aliases/a@b.example"}'],
    ['{"title":"Not Found","detail":"a@b.example is not known","instance":"/v1/aliases/a%40b.example"}'],
    ['{"error":"not found","path":"/home/vmail"}'],
    ['{"error":"nothing in /v1/aliases/a@b.example.org"}'],
  ])('%j is not', (body) => {
    expect(say(body, '/v1/aliases/a%40b.example?x=1', 'a@b.example')).toBe('notfound')
  })

  test('a long body costs no more than it is long', () => {
    const started = performance.now()
    for (const text of ['a', '://a', '%41', '/v', 'GET /', 'a.', '/a@b.example'])
      say(text.repeat(Math.floor(65_000 / text.length)), '/v1/a%40b.example', 'a@b.example')
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

test('the domain of the key names it, but not as a part of the name of a host', () => {
  expect(answer('host b.example not found')).toBe('notfound')
  expect(answer('host directory.b.example not found')).toBe('temporary')
  expect(answer('host c.example not found')).toBe('temporary')
})

test('about a place, the reason says how a "not found" is marked', () => {
  const asked = { key: 'a@b.example', conditional: false, nowMs: 0 }
  const reply = { status: 404, headers: {}, body: Buffer.from('{"error":"Tenant not found"}') }
  expect(mapResponse(reply, compileResponse(responseSettings()), asked).result).toMatchObject({
    reason:
      'the service answered 404 about a route, an API, a tenant or the like, not about a key; see response.notFoundMark',
  })
})

test('in a value, words about a place are those of the value', () => {
  expect(answer('550 5.1.2 unknown host', {}, {}, 200)).toBe('found')
  expect(answer('REJECT this service has been retired', {}, {}, 200)).toBe('found')
})

describe('a mark that is demanded of every "not found"', () => {
  const mark = (
    changes: Partial<NonNullable<ResponseSettings['notFoundMark']>>,
  ): Partial<ResponseSettings> => ({
    notFoundMark: { contentType: undefined, header: undefined, jsonPath: undefined, ...changes },
  })

  test.each<[string, ReturnType<typeof mark>, string, Fields, string]>([
    [
      'a content type',
      mark({ contentType: 'application/json' }),
      '{}',
      { 'content-type': 'application/JSON; a=b' },
      'notfound',
    ],
    [
      'another content type',
      mark({ contentType: 'application/json' }),
      '{}',
      { 'content-type': 'text/plain' },
      'temporary',
    ],
    ['no content type', mark({ contentType: 'application/json' }), '{}', {}, 'temporary'],
    ['a header field', mark({ header: 'X-Directory' }), '', { 'x-directory': '' }, 'notfound'],
    ['no header field', mark({ header: 'x-directory' }), '', {}, 'temporary'],
    ['the value of a field', mark({ header: 'x-directory: No' }), '', { 'x-directory': 'no' }, 'notfound'],
    ['another value', mark({ header: 'x-directory: no' }), '', { 'x-directory': 'not' }, 'temporary'],
    ['a member', mark({ jsonPath: "$[?@ == 'gone']" }), '{"code":"gone"}', {}, 'notfound'],
    ['another member', mark({ jsonPath: '$.code' }), '{"error":"gone"}', {}, 'temporary'],
    ['no JSON', mark({ jsonPath: '$.code' }), 'gone', {}, 'temporary'],
    [
      'a member of a member',
      mark({ jsonPath: "$[?@.code=='no_such']" }),
      '{"error":{"code":"no_such"}}',
      JSON_TYPE,
      'notfound',
    ],
    [
      'the words of a router beside it',
      mark({ jsonPath: '$.code' }),
      '{"code":"x1","message":"No static resource x."}',
      JSON_TYPE,
      'temporary',
    ],
    [
      "words of a router that are said to be the service's",
      { ...mark({ jsonPath: '$.code' }), notFoundBody: 'any' },
      '{"code":"x1","message":"No static resource x."}',
      JSON_TYPE,
      'notfound',
    ],
    ['one of two', mark({ header: 'x-directory', jsonPath: '$.code' }), '{"code":1}', {}, 'temporary'],
  ])('%s', (_what, settings, body, headers, expected) => {
    expect(answer(body, headers, settings)).toBe(expected)
  })

  test('also where a value is empty, and nowhere else', () => {
    const settings = mark({ header: 'x-directory' })
    expect(answer('null', JSON_TYPE, settings, 200)).toBe('temporary')
    expect(answer('null', { ...JSON_TYPE, 'x-directory': '1' }, settings, 200)).toBe('notfound')
    expect(answer('"a"', JSON_TYPE, settings, 200)).toBe('found')
  })
})
