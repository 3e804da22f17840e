import { describe, expect, test } from 'vitest'
import { type Fields, JSON_TYPE, replyKind } from '../../../../support/http/reply-kind.ts'

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
    expect(replyKind(body, headers)).toBe('temporary')
    expect(replyKind(body, headers, { notFoundBody: 'any' })).toBe('notfound')
  })
})

test('an empty 200 of Caddy without a route is no "not found"', () => {
  expect(replyKind('', { server: 'Caddy' }, {}, 200)).toBe('temporary')
  expect(replyKind('', {}, {}, 200)).toBe('notfound')
})

test('a problem is no answer, whatever its status says', () => {
  const problem = { 'content-type': 'application/problem+json' }
  expect(replyKind('null', problem, {}, 200)).toBe('temporary')
  expect(replyKind('["a@b.example"]', problem, {}, 200)).toBe('temporary')
  expect(replyKind('{"goto":"a@b.example"}', problem, { value: '$.goto' }, 200)).toBe('temporary')
  expect(replyKind('null', { 'content-type': 'application/vnd.api+json' }, {}, 200)).toBe('notfound')
  expect(replyKind('{"detail":"no such alias"}', problem)).toBe('notfound')
})

describe('410, which services say of what was deleted', () => {
  test.each([
    [''],
    ['{}'],
    ['gone'],
    ['{"error":"gone"}'],
    ['{"error":"user was deleted"}'],
    ['This mailbox has been removed'],
  ])('%j is believed', (body) => expect(replyKind(body, JSON_TYPE, {}, 410)).toBe('notfound'))

  test.each([
    ['Gone'],
    ['Gone\n'],
    ['410 Gone'],
    ['{"error":"Gone","statusCode":410}'],
    ['{"message":"Gone"}'],
    ['{"code":410}'],
    ['This version of the API is no longer supported'],
    ['{"error":"Endpoint has been removed"}'],
  ])('%j is of a status or a route', (body) => expect(replyKind(body, JSON_TYPE, {}, 410)).toBe('temporary'))
})

test('the domain of the key names it, but not as a part of the name of a host', () => {
  expect(replyKind('host b.example not found')).toBe('notfound')
  expect(replyKind('host directory.b.example not found')).toBe('temporary')
  expect(replyKind('host c.example not found')).toBe('temporary')
})
