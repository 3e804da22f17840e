import { describe, expect, test } from 'vitest'
import {
  compileResponse,
  mapResponse,
  type RequestInfo,
} from '../../../../../src/upstreams/http-client/reply/response-mapping.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'

const mapping = compileResponse(responseSettings())

function reply(status: number, body = '', headers = {}, asked: Partial<RequestInfo> = {}) {
  const response = {
    status,
    headers: { 'content-length': String(body.length), ...headers },
    body: Buffer.from(body),
  }
  return mapResponse(response, mapping, { key: 'a', conditional: false, nowMs: 0, ...asked })
}

/** What a status means that has nothing beside it. */
function meaningOf(status: number): string {
  if (status === 200 || status === 204 || status === 404 || status === 410) return 'notfound any none'
  if (status === 304) return 'temporary unreadable any'
  if (status === 495 || status === 496) return 'temporary connect any'
  if (status < 300 || status >= 500) return 'temporary status any'
  if ([407, 408, 420, 421, 423, 425, 429, 440, 444, 449, 450, 460, 499].includes(status))
    return 'temporary status any'
  if (status === 401 || status === 403) return 'permanent refused other-endpoint'
  return 'permanent refused none'
}

test('every status has its meaning, and only four of them can be "not found"', () => {
  for (let status = 100; status <= 999; status++) {
    const { result, retry } = reply(status)
    const cause = 'cause' in result ? result.cause : 'any'
    expect(`${status} ${result.kind} ${cause} ${retry}`).toBe(`${status} ${meaningOf(status)}`)
  }
})

describe('407', () => {
  test('is of our proxy where there is one', () => {
    expect(reply(407, '', {}, { viaProxy: true })).toMatchObject({
      result: {
        kind: 'temporary',
        reason: 'the proxy refuses our credentials (407); look at the user and password in proxy',
      },
      retry: 'any',
    })
  })

  test('is of something unknown where there is none, and may pass', () => {
    expect(reply(407)).toMatchObject({
      result: {
        kind: 'temporary',
        reason:
          'something before the service asks for credentials of a proxy (407), and no proxy is configured here',
      },
      retry: 'any',
    })
  })
})

describe('a 400 of a port for TLS', () => {
  test.each([
    ['nginx', '<center>The plain HTTP request was sent to HTTPS port</center>'],
    ['Apache', "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"],
    ['Go, Caddy, Traefik', 'Client sent an HTTP request to an HTTPS server.\n'],
    ['Tomcat', 'Bad Request\nThis combination of host and port requires TLS.\n'],
  ])('of %s says what to write', (_server, body) => {
    expect(reply(400, body)).toMatchObject({
      result: {
        kind: 'temporary',
        reason: 'the service speaks TLS; write https:// in the endpoint, or the port for http',
      },
      evidence: 'endpoint',
      retry: 'any',
    })
  })

  test('also where 400 means "not found"', () => {
    const own = compileResponse(responseSettings({ notFound: [400] }))
    const answer = (body: string) =>
      mapResponse({ status: 400, headers: {}, body: Buffer.from(body) }, own, {
        key: 'a',
        conditional: false,
        nowMs: 0,
      }).result.kind
    expect(answer('Client sent an HTTP request to an HTTPS server.\n')).toBe('temporary')
    expect(answer('no such address')).toBe('notfound')
  })

  test('and any other is refused', () => {
    expect(reply(400, 'missing parameter').result.kind).toBe('permanent')
  })
})

describe('a client certificate that is refused', () => {
  const refused = {
    result: {
      kind: 'temporary',
      reason:
        'the service, or a proxy before it, asks for a client certificate that it accepts; look at tls.cert',
    },
    evidence: 'endpoint',
    retry: 'any',
  }
  test.each([
    [400, '<center>The SSL certificate error</center>'],
    [400, '<center>No required SSL certificate was sent</center>'],
    [495, ''],
    [496, ''],
  ])('%i %j is told as that', (status, body) => expect(reply(status, body)).toMatchObject(refused))

  test('and the words of another reply are not', () => {
    expect(reply(400, 'invalid certificate in the request').result.kind).toBe('permanent')
    expect(reply(404, 'alias "The SSL certificate error" not found').result.kind).toBe('notfound')
  })
})

describe('a reply to another question', () => {
  test.each([
    ['a part of a body', 404, { 'content-range': 'bytes 0-1/2' }],
    ['a part of a body', 200, { 'content-range': 'bytes 0-1/2' }],
    ['204 in chunks', 204, { 'transfer-encoding': 'chunked' }],
  ])('%s with %i is none', (_what, status, headers) => {
    expect(reply(status, '', headers).result).toMatchObject({ kind: 'temporary', cause: 'unreadable' })
  })

  test('304 in chunks and an unsatisfied range say what they say', () => {
    expect(reply(304, '', { 'transfer-encoding': 'chunked' }, { conditional: true }).result.kind).toBe(
      'notmodified',
    )
    expect(reply(416, '', { 'content-range': 'bytes */2' }).result.kind).toBe('permanent')
  })
})
